import type { Seat } from '../../rules/seat.ts'
import { seatClaims, type SeatClaims } from './seat-claims.ts'
import { seatFrames, type SeatFrames } from './seat-frames.ts'
import { keyOf, seatIn, shardKey, type SeatItem } from './seat-item.ts'
import { seatWaking, type SeatWaking } from './seat-waking.ts'
import type { Table } from '../table.ts'

/** The seats, each with its session: seat-conditions.ts says which write may happen when. */
export interface Seats extends SeatClaims, SeatFrames, SeatWaking {
  /** The taken seats of a shard. Eventually consistent unless asked otherwise: the conditions decide anyway. */
  read(shard: number, options?: { consistent?: boolean }): Promise<Seat[]>
  /** Who has one seat. Eventually consistent unless asked otherwise. */
  at(number: number, options?: { consistent?: boolean }): Promise<Seat | undefined>
}

export function seats(table: Table): Seats {
  return {
    ...seatClaims(table),
    ...seatFrames(table),
    ...seatWaking(table),
    read: async (shard, options) => (await table.query<SeatItem>(shardKey(shard), options)).map(seatIn),

    async at(number, options) {
      const item = await table.get<SeatItem>(keyOf(number), options)
      return item && seatIn(item)
    },
  }
}
