import { BENCH_SEATS, MOST_SEATS, type Seat } from '../../../shared/rules/seat.ts'
import type { Desk } from '../context.ts'
import { several } from '../map-concurrent.ts'

/** The taken seats of one bench. */
export interface TakenBench {
  readonly bench: number
  readonly taken: readonly Seat[]
}

const QUERIES_AT_ONCE = 16

/**
 * The benches with seats that are taken, lowest first. All that there can be are asked, since sessions outlive a maximum
 * that was lowered: a query of an empty bench costs half a read unit, and one where it is `consistent`.
 */
export async function takenBenches({ seats, out }: Desk, options?: { consistent: boolean }): Promise<TakenBench[]> {
  const benches = Array.from({ length: Math.ceil(MOST_SEATS / BENCH_SEATS) }, (_, bench) => bench)
  let done = 0
  const read = await several(benches, QUERIES_AT_ONCE, async (bench) => {
    const taken = await seats.read(bench, options)
    done += 1
    if (done < benches.length) out.progress('benches looked at', done)
    return { bench, taken }
  })
  return read.filter(({ taken }) => taken.length > 0)
}

export async function takenSeats(desk: Desk, options?: { consistent: boolean }): Promise<Seat[]> {
  return (await takenBenches(desk, options)).flatMap(({ taken }) => taken)
}
