import { SHARD_SEATS, isFree, isIdle, type Open, type Seat } from './seat.ts'
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
