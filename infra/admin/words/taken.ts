import { SHARD_SEATS, MOST_SEATS, type Seat } from '../../../shared/rules/seat.ts'
import type { AdminContext } from '../context.ts'
import { mapConcurrent } from '../map-concurrent.ts'

/** The taken seats of one shard. */
export interface TakenShard {
  readonly shard: number
  readonly taken: readonly Seat[]
}

const QUERIES_AT_ONCE = 16

/**
 * The shards with seats that are taken, lowest first. All that there can be are asked, since sessions outlive a maximum
 * that was lowered: a query of an empty shard costs half a read unit, and one where it is `consistent`.
 */
export async function takenShards(
  { seats, out }: AdminContext,
  options?: { consistent: boolean },
): Promise<TakenShard[]> {
  const shards = Array.from({ length: Math.ceil(MOST_SEATS / SHARD_SEATS) }, (_, shard) => shard)
  let done = 0
  const read = await mapConcurrent(shards, QUERIES_AT_ONCE, async (shard) => {
    const taken = await seats.read(shard, options)
    done += 1
    if (done < shards.length) out.progress('shards looked at', done)
    return { shard, taken }
  })
  return read.filter(({ taken }) => taken.length > 0)
}

export async function takenSeats(context: AdminContext, options?: { consistent: boolean }): Promise<Seat[]> {
  return (await takenShards(context, options)).flatMap(({ taken }) => taken)
}
