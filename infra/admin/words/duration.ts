const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY }

export const DURATION_WORDS = 'a duration such as 90s, 10m, 4h, 1d, or a number of milliseconds'

/** `10m` → 600000. A number alone is milliseconds. @returns undefined for what is no duration */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = 'ms'] = /^(\d{1,15})(ms|s|m|h|d)?$/.exec(text) ?? []
  const factor = UNITS[unit]
  return number === undefined || factor === undefined ? undefined : Number(number) * factor
}

/** The inverse of `parseDuration`, in the largest unit that fits exactly. */
export function printDuration(ms: number): string {
  const [unit = 'ms', factor = 1] = Object.entries(UNITS).findLast(([, each]) => ms % each === 0 && ms >= each) ?? []
  return `${ms / factor}${unit}`
}

/** About how long, for people: `12 s`, `3 min`, `5 h`, `2 d`. */
export function roughly(ms: number): string {
  if (ms < 2 * MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))} s`
  if (ms < 2 * HOUR) return `${Math.floor(ms / MINUTE)} min`
  return ms < 2 * DAY ? `${Math.floor(ms / HOUR)} h` : `${Math.floor(ms / DAY)} d`
}
