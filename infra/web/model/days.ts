import type { Entry } from './talk.ts'

export interface Day {
  /** Of its first entry, epoch milliseconds. */
  readonly at: number
  readonly entries: readonly Entry[]
}

/** The entries by the days on which they happened, where this program runs. */
export function days(entries: readonly Entry[]): readonly Day[] {
  const found: { at: number; entries: Entry[] }[] = []
  for (const entry of entries) {
    const last = found.at(-1)
    if (last !== undefined && isSameDay(last.at, entry.at)) last.entries.push(entry)
    else found.push({ at: entry.at, entries: [entry] })
  }
  return found
}

export function isSameDay(one: number, other: number): boolean {
  return new Date(one).toDateString() === new Date(other).toDateString()
}

export function timeOf(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' }).format(at)
}

const midnight = (of: number) => new Date(of).setHours(0, 0, 0, 0)

/** `today` and `yesterday` in words, any other day with its date. */
export function dayOf(at: number, now: number, language: string): string {
  const daysAgo = Math.round((midnight(now) - midnight(at)) / 86_400_000)
  if (daysAgo === 0 || daysAgo === 1) {
    const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-daysAgo, 'day')
    return words.charAt(0).toLocaleUpperCase(language) + words.slice(1)
  }
  return new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long' }).format(at)
}
