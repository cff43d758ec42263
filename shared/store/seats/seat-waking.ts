import { seatNumberOf, WAKING_MS, type Open } from '../../rules/seat.ts'
import { ASLEEP, MINE, mine, OF_THIS_EVENT, unheard } from './seat-conditions.ts'
import { keyOf } from './seat-item.ts'
import type { Table } from '../table.ts'

/** That a device is being woken: by one listener, once. */
export interface SeatWaking {
  /**
   * Notes that the device is being woken. `false`: it is already, or it said something by now, or the session is gone.
   * A note of somebody who did not live to wake it holds for WAKING_MS.
   *
   * @param at epoch milliseconds, with a fraction of its own: a writer that finds it there wrote it, and lost the answer
   */
  waking(seat: Open, at: number): Promise<boolean>
  /** Notes that it was: from then on it is not woken again until it says something. */
  woken(session: string, at: number): Promise<void>
  /** Takes that back: the event did not reach the bus, and a listener tries again. */
  notWoken(session: string, at: number): Promise<void>
  /**
   * The event reached the bus, and the device's push service did not take it: unless it does so at a later try, a listener
   * wakes the device once more, WAKING_MS after the first time.
   *
   * @param upTo epoch milliseconds: what was noted later is of another event
   */
  notReached(session: string, upTo: number): Promise<void>
}

export function seatWaking(table: Table): SeatWaking {
  return {
    async waking(seat, at) {
      const { text, values } = unheard(seat)
      const { done } = await table.update(
        keyOf(seat.number),
        { text: 'SET w = :at', values: { ':at': at } },
        { text: `${text} AND ${ASLEEP}`, values: { ...values, ':at': at, ':over': at - WAKING_MS } },
      )
      return done
    },

    async woken(session, at) {
      await table.update(
        keyOf(seatNumberOf(session)),
        { text: 'SET v = :yes', values: { ':yes': true } },
        { text: `${MINE} AND w = :at`, values: { ...mine(session), ':at': at } },
      )
    },

    async notWoken(session, at) {
      await table.update(
        keyOf(seatNumberOf(session)),
        { text: 'REMOVE w' },
        { text: `${MINE} AND w = :at`, values: { ...mine(session), ':at': at } },
      )
    },

    async notReached(session, upTo) {
      await table.update(
        keyOf(seatNumberOf(session)),
        { text: 'REMOVE v' },
        { text: `${MINE} AND ${OF_THIS_EVENT}`, values: { ...mine(session), ':at': upTo } },
      )
    },
  }
}
