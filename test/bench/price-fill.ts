import { MONTHLY_HOURS, NAT, NOTHING, plus, times, type Count } from './prices.ts'

/** What an environment takes whatever it holds, and what each session adds. */
export interface Shared {
  readonly environment: Count
  readonly session: Count
}

/** The straight line through what one session takes and what many do. */
export function shared(one: Count, many: Count, sessions: number): Shared {
  const session = times(plus(many, times(one, -1)), 1 / (sessions - 1))
  return { session, environment: plus(one, times(session, -1)) }
}

/** What it takes with so many sessions. */
export function filled({ environment, session }: Shared, sessions: number): Count {
  return plus(environment, times(session, sessions))
}

/** How long Lambda keeps an environment that is not used, in minutes: it does not say. Five to seven are what people see (from memory). */
const KEPT_MINUTES = 5
/** "Cold starts typically occur in under 1% of invocations" (AWS, Operating Lambda: execution environments). */
const LEAST_COLD = 0.01

/** The share of invocations that find no environment: no call came for so long, where they come by chance. */
export function coldShare(perHour: number): number {
  return Math.max(LEAST_COLD, Math.exp((-perHour * KEPT_MINUTES) / 60))
}

/**
 * KMS requests an hour of one function that is invoked so often: the key ring (RING_CACHE_MS), and the keys of two tables,
 * which DynamoDB asks for again after five minutes (its guide, "Encryption at rest: how it works"). At most: with one
 * environment.
 */
export function kmsRequests(perHour: number): Count {
  return { ...NOTHING, kmsRequest: Math.min(perHour, 60 / 5) * 3 }
}

/** What an idle hour is made of. */
export interface Hour {
  /** What one environment that listens takes in an hour, its ticks and hand-overs included. */
  readonly listening: Shared
  /** Ticks and hand-overs an hour of that environment, and what loading it takes; a heir is always a new environment. */
  readonly upkeep: { readonly perHour: number; readonly heirs: number; readonly cold: Count }
  /** What each session takes beside it, with connection minutes, statuses and reconnects. */
  readonly session: Count
  /** The functions that one session invokes: how often an hour, and what loading them takes. */
  readonly routes: readonly { readonly perHour: number; readonly cold: Count }[]
}

/** What all sessions of one environment take in an idle hour. */
export function hourWith({ listening, upkeep, session, routes }: Hour, sessions: number): Count {
  const own = filled(listening, sessions)
  const loads = times(upkeep.cold, upkeep.heirs + (upkeep.perHour - upkeep.heirs) * coldShare(upkeep.perHour))
  const called = routes.flatMap(({ perHour, cold }) => {
    const all = perHour * sessions
    return [times(cold, all * coldShare(all)), kmsRequests(all)]
  })
  // The listener and the tick's environment.
  const keys = times(kmsRequests(60), 2)
  return plus(own, loads, keys, times(session, sessions), ...called)
}

/** Bytes through a NAT gateway, were CWA behind it: a held GET of 20 s with its answer, as estimated. The hour's price comes first. */
const GET_BYTES = 1_500
const GETS_PER_HOUR = 180

/** Dollars of an hour of one NAT gateway, with so many sessions. */
export function natHour(sessions: number): number {
  return NAT.hour + (NAT.gigabyte * sessions * GET_BYTES * GETS_PER_HOUR) / 2 ** 30
}

/** Dollars a month with no user logged in: the schedule ticks all the same. @param fixed CloudWatch's, see perMonth */
export function emptyMonth(tickCost: number, fixed: number): number {
  return tickCost * 60 * MONTHLY_HOURS + fixed
}
