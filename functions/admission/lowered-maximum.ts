import { shards, capacity, freeSeats } from '../../shared/rules/admission.ts'
import { shardOf, isFree, type Seat } from '../../shared/rules/seat.ts'
import type { SeatHint } from '../../shared/store/seats/seat-hint.ts'
import { evict, takeFree, type Admitted, type AdmissionParts, type Applicant, type NoSeat } from './seat-claim.ts'

/** How often a login tries while others try for the same last seats. */
const TRIES = 3

/** The seat hint, once it covers every seat that a login under this capacity may take. */
export async function seatHintFor(
  most: number,
  first: SeatHint | undefined,
  { seatHints }: AdmissionParts,
): Promise<SeatHint> {
  for (let seatHint = first ?? (await seatHints.read()); ; seatHint = await seatHints.read()) {
    if (seatHint.most >= most && (seatHint.quiet === undefined || seatHint.quiet.from >= most)) return seatHint
    await seatHints.reach(most)
  }
}

/*
 * The maximum was lowered, and there are sessions on seats at or above it. They stay, and they count: a login has its
 * seat below the maximum only while all live sessions together are at most the maximum, itself among them. Seats alone
 * cannot say that. So, only while there is a live seat above, a login takes its seat first and counts then:
 *
 *   maximum 4, three are in, one of them on seat 7
 *   login A   count: 3 ── take 1 ✔ ── count, consistently: 5 > 4 ── give back
 *   login B   count: 3 ────── take 2 ✔ ── count, consistently: 5 > 4 ── give back     both may go, never both stay
 *
 *   login A   count: 3 ── take 1 ✔ ── count: 4 ✔ stays
 *   login B   count: 3 ───────────────── take 2 ✔ ── count: 5 > 4 ── give back
 *
 * Of any sessions that are in at the same time one took its seat last. It counted after that, and so it counted all of
 * them: they were at most the maximum, or it went. An eviction takes a seat over in one write, and adds none.
 *
 * Once no seat above is live, none will be: no login takes a free one there, nor one over that belongs to a login and
 * may be free by its lease. Then the seats below are as many as may be, and it goes on without counting. What cannot be
 * bounded is the time in which a function still trusts the old maximum (CONFIGURATION_CACHE_MS).
 */

/**
 * What a login gets while a lowered maximum is drained; undefined where nothing above the maximum is live. Reads every
 * shard up to the highest in use, consistently: the price of an exact count, paid only then.
 */
export async function lookUnderLoweredMaximum(
  applicant: Applicant,
  most: number,
  parts: AdmissionParts,
): Promise<Admitted | NoSeat | undefined> {
  const { settings, now } = applicant
  const maximum = capacity(settings)
  const above = shards({ persistentConnections: most }).filter((shard) => shard >= shardOf(maximum))
  const isAbove = (seat: Seat) => seat.number >= maximum && !isFree(seat, now)
  if (most <= maximum || !(await readAll(above, parts)).some(isAbove)) return undefined

  const all = async () => readAll(shards({ persistentConnections: most }), parts)
  const live = (seats: readonly Seat[]) => seats.filter((seat) => !isFree(seat, now)).length
  let taken = await all()
  for (let tries = 0; tries < TRIES && live(taken) < maximum; tries += 1) {
    const free = shards(settings).flatMap((shard) => freeSeats(shard, ofShard(taken, shard), settings, now))
    const admitted = await takeFree(free, applicant, parts)
    taken = await all()
    if (admitted === undefined) continue
    if (live(taken) <= maximum) return admitted
    await parts.seats.free(admitted.seat.session)
    taken = await all()
  }
  if (live(taken) < maximum) return { taken, complete: false }
  const evicted = live(taken) === maximum ? await evict(taken, applicant, parts) : undefined
  return evicted ?? { taken, complete: true }
}

async function readAll(numbers: readonly number[], { seats }: AdmissionParts): Promise<Seat[]> {
  const read: Seat[] = []
  for (const shard of numbers) read.push(...(await seats.read(shard, { consistent: true })))
  return read
}

function ofShard(taken: readonly Seat[], shard: number): Seat[] {
  return taken.filter(({ number }) => shardOf(number) === shard)
}
