import { candidatesUnderLoweredMaximum, capacity, liveAmong, shards } from '../../shared/rules/admission.ts'
import { shardOf, isFree, type Seat } from '../../shared/rules/seat.ts'
import type { SeatHint } from '../../shared/store/seats/seat-hint.ts'
import { claim, type Admitted, type AdmissionParts, type Applicant, type NoSeat } from './seat-claim.ts'

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

/** Whether a seat at or above the maximum is live: a login then looks at every shard, and counts. */
export async function isLowered({ settings, now }: Applicant, most: number, parts: AdmissionParts): Promise<boolean> {
  const maximum = capacity(settings)
  if (most <= maximum) return false
  const above = shards({ persistentConnections: most }).filter((shard) => shard >= shardOf(maximum))
  return (await readAll(above, parts)).some((seat) => seat.number >= maximum && !isFree(seat, now))
}

/**
 * One look while a lowered maximum is drained: a seat is kept only where the count after it allows that. Reads every
 * shard up to the highest in use, consistently: the price of an exact count, paid only then.
 */
export async function lookAndCount(
  applicant: Applicant,
  most: number,
  parts: AdmissionParts,
): Promise<Admitted | NoSeat> {
  const { settings, now } = applicant
  const all = shards({ persistentConnections: most })
  const taken = await readAll(all, parts)
  const candidates = candidatesUnderLoweredMaximum(taken, applicant, parts.chance ?? Math.random)
  const admitted = await claim(candidates, applicant, parts)
  if (admitted === undefined) return { taken, complete: liveAmong(taken, now) >= capacity(settings) }
  const addsNone = admitted.former !== undefined
  if (addsNone || liveAmong(await readAll(all, parts), now) <= capacity(settings)) return admitted
  await parts.seats.free(admitted.seat.session)
  return { taken, complete: false }
}

async function readAll(numbers: readonly number[], { seats }: AdmissionParts): Promise<Seat[]> {
  const read: Seat[] = []
  for (const shard of numbers) read.push(...(await seats.read(shard, { consistent: true })))
  return read
}
