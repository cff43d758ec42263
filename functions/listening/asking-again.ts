import { backoffMs } from '../../shared/backoff.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'

/**
 * The server held a GET that was under way for as long as this, in milliseconds: the next one may follow at once. Behind
 * one that ends sooner may be a server that refuses at once, so the listener follows at once only a few times in a row.
 */
export const HELD_MS = 1_000
export const CUTS_IN_A_ROW = 3

/** What went wrong in a row, until now. */
export interface Row {
  readonly failures: number
  /** GETs that were cut before they were held. */
  readonly cuts: number
}

export const NOTHING_WRONG: Row = { failures: 0, cuts: 0 }

/**
 * What comes after a GET that brought nothing.
 *
 *   held for 60 s ── 504 ── GET at once ── held for 60 s ── 504 ── GET at once …       for ever: it is an empty answer
 *   502 ── GET at once ── 502 ── GET at once ── 502 ── GET at once ── 502 ── pause, longer each time
 *
 * @param random from 0 up, below 1
 * @returns the row with this in it, and how long to wait before the next GET, in milliseconds
 */
export function after(
  row: Row,
  thrown: unknown,
  random: () => number,
): { readonly row: Row; readonly pauseMs: number } {
  const fault = thrown instanceof UpstreamFault ? thrown : undefined
  const cutAfterMs = fault?.cutAfterMs
  if (fault?.timedOut || (cutAfterMs !== undefined && cutAfterMs >= HELD_MS)) return { row: NOTHING_WRONG, pauseMs: 0 }
  const cuts = cutAfterMs === undefined ? row.cuts : row.cuts + 1
  if (cutAfterMs !== undefined && cuts <= CUTS_IN_A_ROW) return { row: { ...row, cuts }, pauseMs: 0 }
  // Never less than what the server itself asked for.
  const pauseMs = (fault?.retryAfterMs ?? 0) + backoffMs(row.failures, random)
  return { row: { failures: row.failures + 1, cuts }, pauseMs }
}
