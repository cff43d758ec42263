import type { RefusalCode } from '../../rules/refusal.ts'
import { Refused, reasonOf } from '../refused.ts'

/** What a no means for a send, and for its number. */
export interface No {
  /** Words for people. */
  readonly reason: string
  /** The send may have been done all the same. */
  readonly maybeDone: boolean
  /** What the program gets: the no itself, or `unconfirmed`. */
  readonly thrown: unknown
  /** Whether the number may be used, so that the next send takes another. */
  readonly usesNumber: boolean
}

/** Refusals that say for certain that the number was not used: the next send takes it. */
const LEAVES_THE_NUMBER: ReadonlySet<RefusalCode> = new Set([
  'bad-frame',
  'unknown-action',
  'not-for-you',
  'too-large',
  'not-supported',
  'replayed',
  'out-of-order',
  'too-many',
])

/** Refusals that say what became of this number, however often it was asked. */
const OF_THE_NUMBER: ReadonlySet<RefusalCode> = new Set(['upstream-refused', 'upstream-away'])

/** @param unanswered the send was asked before, and no answer came */
export function noOf(thrown: unknown, unanswered: boolean): No {
  const reason = reasonOf(thrown)
  const code = thrown instanceof Refused ? thrown.code : undefined
  const maybeDone = code === 'unconfirmed' || mayHaveBeenDone(thrown, unanswered)
  return {
    reason,
    maybeDone,
    thrown: maybeDone && code !== 'unconfirmed' ? unconfirmed(reason) : thrown,
    usesNumber: maybeDone || code === undefined || !LEAVES_THE_NUMBER.has(code),
  }
}

/**
 * Whether a no leaves open what became of the send:
 *
 *   device    send 4 ─────╮           ╭─ (connection lost) ─ send 4 again ──╮        ╭─ refused: session-gone
 *   service               ╰─ posted ──╯                  the session ends   ╰────────╯
 */
function mayHaveBeenDone(thrown: unknown, unanswered: boolean): boolean {
  if (!(thrown instanceof Refused)) return true
  return (unanswered || thrown.repeated) && !OF_THE_NUMBER.has(thrown.code)
}

function unconfirmed(reason: string): Refused {
  return new Refused({ code: 'unconfirmed', reason: `it may or may not have been done: ${reason}` })
}
