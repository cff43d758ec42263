import { TTL_ATTRIBUTE } from '../../../shared/store/tables.ts'
import type { Item } from './expressions.ts'
import type { Random } from './random.ts'

/** The name under which a simulated database tells its watchers that it deleted an item by itself. */
export const TTL = 'TTL'

/** How late DynamoDB deletes what has expired: "typically within 48 hours", and even that is no promise. */
const LATE_MS = 48 * 60 * 60_000
/** What counts as at once: between any two steps that follow the expiry. */
const SOON_MS = 5_000

/** When an item goes by itself, in epoch milliseconds: decided anew with each write of it; Infinity: never. */
export type Expiry = (item: Item) => number

/**
 * DynamoDB's TTL as an actor (UpdateTimeToLive: "items that are expired are removed within a few days of their
 * expiration time"): of what has expired a third goes at any of the next steps, a third up to 48 hours late, and a third
 * never. A reader still finds it meanwhile.
 *
 *   const kept = simulatedDatabase(world, { expiry: expiryBy(world.random) })
 */
export function expiryBy({ below, chance }: Pick<Random, 'below' | 'chance'>): Expiry {
  return (item) => {
    const expiresAtS = item[TTL_ATTRIBUTE]
    if (typeof expiresAtS !== 'number') return Infinity
    const at = expiresAtS * 1_000
    if (chance(1 / 3)) return Infinity
    return at + below(chance(0.5) ? SOON_MS : LATE_MS)
  }
}
