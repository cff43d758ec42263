import type { Clock } from '../../clock.ts'
import type { Arrived } from '../../rules/batches.ts'

/** Pauses before the next GET, in milliseconds: after an answer, and at most after many in a row with presence only. */
export const PACE_MS = { after: 20, first: 500, most: 30_000, quick: 2_000 } as const

/**
 * How long to leave the server alone after an answer. Two devices of one user that each say how the user is can wake each
 * other for ever (Synapse issue 16057):
 *
 *   phone    GET set_presence=unavailable ──╮ own presence ── GET set_presence=unavailable ──╮ …
 *   desktop                                 ╰─ GET set_presence=online ── own presence ──────╯
 *
 * So answers that come at once and tell presence alone are met with ever longer pauses. Anything else begins anew.
 */
export function paceOf(clock: Pick<Clock, 'now'>): (askedAt: number, arrived: readonly Arrived[]) => number {
  let inARow = 0
  return (askedAt, arrived) => {
    const events = arrived.flatMap((each) => each.events)
    const isPresence = events.every(({ kind }) => kind === 'presence' || kind === 'own-presence')
    inARow = isPresence && clock.now() - askedAt < PACE_MS.quick ? inARow + 1 : 0
    // The first may be news as any other.
    return inARow < 2 ? PACE_MS.after : Math.min(PACE_MS.most, PACE_MS.first * 2 ** (inARow - 2))
  }
}
