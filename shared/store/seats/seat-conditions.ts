import { randomOf } from './seat-item.ts'
import type { Open } from '../../rules/seat.ts'
import type { Expression } from '../table.ts'

/*
 * The conditions, each with what it prevents. The letters are those of seat-item.ts.
 *
 *   login A   read: free ──────────── put ✔
 *   login B        read: free ──────────── put ✘ NEVER_TAKEN        two sessions on one seat
 */
export const NEVER_TAKEN = 'attribute_not_exists(pk)'

/*
 *   login A   put (lease) … dies
 *   login B                     read ─ put ✔ LEASE_OVER             a seat lost for ever
 */
export const LEASE_OVER = 'l <= :now'

/*
 *   login A   put ✔ (answer lost) ─ the SDK puts again ✔ MINE       a retry that refuses its own success
 *   status    read session ─ … seat given to B … ─ update ✘ MINE    a session that writes on another's seat
 */
export const MINE = 's = :session'

/*
 *   login C   read: A is silent ───────────────── put ✘ UNHEARD
 *   device A                     status ✔ heard+1                   an eviction of a device that just spoke
 */
export const UNHEARD = 'h = :formerHeard AND c = :formerConnection'

/*
 *   login 5   reads: session 1 ───────────────────── overtake ✘ EARLIER         a session that is ended by a login that is
 *   device                       status 6 of session 1 ✔                        older than what its device said in it
 */
export const EARLIER = 'h < :later'

/*
 *   device    frame 7 ✔ … somebody plays frame 7 again ✘ NEWER      a frame that counts twice
 */
export const NEWER = 'h < :number'

/*
 *   device    send 1 ✔, send 2 ✔, send 1 again ✘ NEXT               a message that is posted twice, or before its elder
 */
export const NEXT = 'n = :previous'

/*
 *   send 1   begins ─ POST ………………………………………… answered
 *   send 2      begins ✘ ANSWERED … begins ✔ ─ POST                 a message that overtakes its elder on the way
 *   send 1   begins ─ dies                                          after the time a function may run it can no longer
 *   send 2      begins ✘ ANSWERED …………………………… begins ✔              come: a device that would wait for ever
 */
export const ANSWERED = '(n = :none OR r = :answered OR begins_with(r, :answeredWith) OR m <= :over)'

/*
 *   send 1   begins ─ POST ……………… is slow ……………………… answered ✘ CURRENT
 *   send 2                         begins ✔ answered ✔               an outcome that is taken for another send's
 */
export const CURRENT = 'n = :number'

/*
 *   listener A   waits too long ─ wake ✔
 *   listener B   waits too long ─── wake ✘ ASLEEP                   a device that is woken twice
 *
 *   listener A   update ✔ (answer lost) ─ the SDK updates again ✔ w = :at     a device that is noted as woken, and never is
 *
 *   listener A   wake ✔ ─ dies before it tells anybody
 *   listener B                              … 15 min … wake ✔ w <= :over      the same
 */
export const ASLEEP = '(attribute_not_exists(w) OR w = :at OR (attribute_not_exists(v) AND w <= :over))'

/*
 *   push      event 1: try 1 ✘ …………………………… try 3 ✘ ── not reached ✘ OF_THIS_EVENT
 *   listener                    the device spoke, and is gone; event 2 ✔                a device that is woken twice
 */
export const OF_THIS_EVENT = 'w <= :at'

/*
 *   perMinute = 120   send 1 ✔ 12:00 … send 120 ✔ ── send 121 ✘ PACED 12:00 ── send 121 ✔ 12:01         a flood
 */
export const PACED = '(attribute_not_exists(g) OR g < :minute)'

/** A session, and no login that is still under way. */
export const OPENED = 'attribute_not_exists(l)'

/** The value of MINE. */
export function mine(session: string) {
  return { ':session': randomOf(session) }
}

/** The condition that a session is as it was read: its device has not spoken since. */
export function unheard({ session, heard, connection }: Open): Expression {
  return {
    text: `${MINE} AND ${UNHEARD}`,
    values: { ...mine(session), ':formerHeard': heard, ':formerConnection': connection },
  }
}
