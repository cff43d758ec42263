import type { Seat, Open, SigningIn } from '../../rules/seat.ts'
import { formerOf, seatNumberOf } from '../../rules/seat.ts'
import { EARLIER, LEASE_OVER, mine, MINE, NEVER_TAKEN, unheard } from './seat-conditions.ts'
import { itemOf, keyOf, randomOf, seatIn, type SeatItem } from './seat-item.ts'
import type { Table } from '../table.ts'

export type Overtaken =
  | { readonly done: true; readonly former?: Seat }
  | { readonly done: false; readonly heard: number }

/** Who has a seat: what logins and ends of sessions write. */
export interface SeatClaims {
  /** Takes a free seat. `false`: somebody else was faster. */
  take(seat: SigningIn, now: number): Promise<boolean>
  /**
   * Takes a seat from the session that has it, as it was read: eviction and admission in one write, which also keeps, until
   * the seat opens, what the session that had it left behind.
   *
   * @returns who had it at that moment, a login that was read perhaps open by then; undefined: it spoke, or is gone
   */
  takeFrom(former: Seat, seat: SigningIn): Promise<Seat | undefined>
  /** Makes a seat that a login took into one that holds its session. `false`: the lease was lost meanwhile. */
  open(seat: Open): Promise<boolean>
  /** Gives the seat back, if it is still the session's. @returns the seat as it was: its device may have moved since it was read */
  free(session: string): Promise<Seat | undefined>
  /**
   * Takes the seat away from an earlier login of the same device, or from its session, whatever that did meanwhile.
   *
   * @param number of the later login's frame
   * @returns `done` where the session has no seat any more, with the seat as it was where this took it away; otherwise the
   * number that the session has heard: its device went on with it
   */
  overtake(session: string, number: number): Promise<Overtaken>
  /** Ends a session as it was read: `false` where its device spoke meanwhile. */
  end(seat: Open): Promise<boolean>
}

export function seatClaims(table: Table): SeatClaims {
  return {
    async take(seat, now) {
      const { done } = await table.put(
        { ...itemOf(seat) },
        {
          text: `${NEVER_TAKEN} OR ${LEASE_OVER} OR ${MINE}`,
          values: { ':now': now, ...mine(seat.session) },
        },
      )
      return done
    },

    async takeFrom(former, seat) {
      const asRead = former.state === 'open' ? unheard(former) : { text: MINE, values: mine(former.session) }
      const left = formerOf(former)
      const written = await table.put<SeatItem>(
        { ...itemOf({ ...seat, ...(left && { former: left }) }) },
        {
          text: `(${asRead.text}) OR s = :next`,
          values: { ...asRead.values, ':next': randomOf(seat.session) },
        },
      )
      if (!written.done) return undefined
      // A retry finds itself there: what was read is then the best that is known of who had the seat.
      const old = written.old && seatIn(written.old)
      return old === undefined || old.session === seat.session ? former : old
    },

    open: async (seat) => (await table.put({ ...itemOf(seat) }, { text: MINE, values: mine(seat.session) })).done,

    async free(session) {
      const key = keyOf(seatNumberOf(session))
      const removed = await table.remove<SeatItem>(key, { text: MINE, values: mine(session) })
      return removed.done && removed.old ? seatIn(removed.old) : undefined
    },

    async overtake(session, number) {
      const key = keyOf(seatNumberOf(session))
      const removed = await table.remove<SeatItem>(key, {
        text: `${MINE} AND ${EARLIER}`,
        values: { ...mine(session), ':later': number },
      })
      if (removed.done) return { done: true, ...(removed.old && { former: seatIn(removed.old) }) }
      const found = removed.found && seatIn(removed.found)
      return found?.session === session ? { done: false, heard: found.heard } : { done: true }
    },

    end: async (seat) => (await table.remove(keyOf(seat.number), unheard(seat))).done,
  }
}
