import type { Availability, Uri } from '../../../shared/rules/messaging.ts'
import { harmless, type Paint, type Style } from '../../terminal/paint.ts'
import { widthOf } from '../../terminal/width.ts'
import type { Talk } from '../people/talks.ts'

/** What an event is seen against. */
export interface Scene {
  readonly paint: Paint
  /** Epoch milliseconds. */
  readonly now: number
  readonly nameOf: (uri: Uri) => string
  /** The conversation that the event is about, as it is after it. */
  readonly talk: Talk | undefined
  /** How that conversation was before the event, where it was known. */
  readonly was: Pick<Talk, 'uri' | 'state'> | undefined
  /** Whom plain text goes to. */
  readonly current: Uri | undefined
  /** The state of the person before, where the event brings a new one. */
  readonly before: Availability | undefined
  /** Whether the device has a session, but was out of coverage until now. */
  readonly away: boolean
}

/** `10:32 Bob: Hello`, further lines under the first. */
export function said(name: string, text: string, style: Style, { paint, now }: Pick<Scene, 'paint' | 'now'>): string[] {
  const [first = '', ...more] = harmless(text).split('\n')
  const who = harmless(name)
  const head = `${paint('dim', timeOf(now))} ${paint(style, `${who}:`)} ${first}`
  return [head, ...more.map((line) => `${' '.repeat(widthOf(who) + 8)}${line}`)]
}

/** A line of the program's own. */
export function note(text: string, { paint }: Pick<Scene, 'paint'>): string {
  return paint('dim', `- ${text}`)
}

export function warning(text: string, { paint }: Pick<Scene, 'paint'>): string {
  return paint('red', `! ${text}`)
}

/** Hours and minutes, where this program runs. */
function timeOf(at: number): string {
  return new Date(at).toTimeString().slice(0, 5)
}
