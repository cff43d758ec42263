import { SHARD_SEATS, isFree, isIdle, shardOf, type Open, type Seat } from './seat.ts'
import type { Settings } from './settings.ts'

export type AdmissionLimits = Pick<Settings, 'maximumSessions' | 'idleTimeoutMs' | 'persistentConnections'>

/** How many sessions there may be: the maximum, or, where none is set, what the persistent connection holds. */
export function capacity({ maximumSessions, persistentConnections }: AdmissionLimits): number {
  return maximumSessions ?? persistentConnections
}

/** The shards that have seats under these limits, lowest first: they fill in this order. */
export function shards(limits: AdmissionLimits): number[] {
  return Array.from({ length: Math.ceil(capacity(limits) / SHARD_SEATS) }, (_, shard) => shard)
}

/** Numbers of the seats of a shard that a login may take. */
export function freeSeats(shard: number, taken: readonly Seat[], limits: AdmissionLimits, now: number): number[] {
  const first = shard * SHARD_SEATS
  const count = Math.min(SHARD_SEATS, capacity(limits) - first)
  const byNumber = new Map(taken.map((seat) => [seat.number, seat]))
  return Array.from({ length: Math.max(0, count) }, (_, index) => first + index).filter((number) =>
    isFree(byNumber.get(number), now),
  )
}

/** How many free seats of one look a login tries: others who log in at the same moment may be faster. */
const FREE_TRIES = 4

/** A seat that a login may have, and how. Its claim is one conditional write, which fails where things are otherwise by then. */
export type Candidate =
  /** Of the device's own session, or of its login that is under way: a device never needs two. */
  | { readonly kind: 'own'; readonly seat: Seat }
  | { readonly kind: 'free'; readonly number: number }
  /** Of an idle session, which is logged out for it. */
  | { readonly kind: 'idle'; readonly seat: Open }

/** Who looks for a seat, by which settings, and when. */
export interface Looking {
  readonly device: string
  readonly settings: AdmissionLimits
  readonly now: number
}

/**
 * What a login claims that has read a shard, in this order: its device's own seat, then some of the free ones at random,
 * so that of many logins at once each tries another.
 *
 * @param free those of its seats that are free (freeSeats)
 * @param chance from 0 up, below 1; asked once for each free seat that is tried
 */
export function* candidatesIn(
  read: readonly Seat[],
  free: readonly number[],
  looking: Looking,
  chance: () => number,
): Generator<Candidate, void> {
  yield* ownCandidates(read, looking)
  yield* atRandom(free, chance)
}

/**
 * The device's own seat among these. One above the maximum that a login has is left to its lease:
 * functions/admission/lowered-maximum.ts says why.
 */
export function ownCandidates(read: readonly Seat[], { device, settings, now }: Looking): Candidate[] {
  const own = read.find((seat) => seat.device === device && !isFree(seat, now))
  if (own === undefined || (own.state === 'signing-in' && own.number >= capacity(settings))) return []
  return [{ kind: 'own', seat: own }]
}

/** What is left to a login that found no shard with room: an idle session's seat, the longest silent first. */
export function idleCandidates(taken: readonly Seat[], { settings, now }: Looking): Candidate[] {
  return idleFirst(taken, settings, now).map((seat) => ({ kind: 'idle', seat }))
}

/**
 * What a login claims while sessions are on seats above a maximum that was lowered: a free seat while all of them together
 * are below it, which it must count again afterwards; an idle one's, which adds none, where they are as many as may be.
 *
 * @param taken every seat, also above the maximum
 */
export function* candidatesUnderLoweredMaximum(
  taken: readonly Seat[],
  looking: Looking,
  chance: () => number,
): Generator<Candidate, void> {
  const { settings, now } = looking
  const [live, most] = [liveAmong(taken, now), capacity(settings)]
  if (live < most) yield* atRandom(freeAmong(taken, settings, now), chance)
  else if (live === most) yield* idleCandidates(taken, looking)
}

/** How many of these seats a login may not take as free. */
export function liveAmong(taken: readonly Seat[], now: number): number {
  return taken.filter((seat) => !isFree(seat, now)).length
}

function freeAmong(taken: readonly Seat[], limits: AdmissionLimits, now: number): number[] {
  const ofShard = (shard: number) => taken.filter(({ number }) => shardOf(number) === shard)
  return shards(limits).flatMap((shard) => freeSeats(shard, ofShard(shard), limits, now))
}

function* atRandom(free: readonly number[], chance: () => number): Generator<Candidate, void> {
  const left = [...free]
  for (let tries = Math.min(FREE_TRIES, free.length); tries > 0; tries -= 1) {
    const [number] = left.splice(Math.floor(chance() * left.length), 1)
    if (number !== undefined) yield { kind: 'free', number }
  }
}

/** The sessions that may be logged out for a new one, the longest silent first. None unless the maximum and a timeout are set. */
export function idleFirst(taken: readonly Seat[], limits: AdmissionLimits, now: number): Open[] {
  const { maximumSessions, idleTimeoutMs } = limits
  if (maximumSessions === undefined || idleTimeoutMs === undefined) return []
  return taken
    .filter((seat) => isIdle(seat, now, idleTimeoutMs))
    .toSorted((one, other) => one.lastHeardAt - other.lastHeardAt)
}

/** How a login is refused when no seat is left: `failed` where only the persistent connection's total limits. */
export function refusalWhenFull({ maximumSessions }: AdmissionLimits): 'server-busy' | 'failed' {
  return maximumSessions === undefined ? 'failed' : 'server-busy'
}

/** Milliseconds until the next session can count as idle, if none speaks until then; undefined where none ever will. */
export function nextIdleMs(taken: readonly Seat[], limits: AdmissionLimits, now: number): number | undefined {
  const { maximumSessions, idleTimeoutMs } = limits
  if (maximumSessions === undefined || idleTimeoutMs === undefined) return undefined
  const waits = taken.map((seat) => {
    if (seat.state === 'signing-in') return seat.leaseUntil - now
    return seat.coverage === 'out' ? 0 : seat.lastHeardAt + idleTimeoutMs + 1 - now
  })
  return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits))
}
