/** How many noes an environment may doubt at once, and how many a second in the long run. */
export const DOUBTS = { burst: 10, perSecond: 2 } as const

/*
 *   administrator   rotate: a new code ✔
 *   authorizer      (has read: the old code) ── no? ── reads anew: the new code ✔       a 401 for a genuine device
 *
 * Somebody who is refused over and over must not make a consistent read of each no. So an environment has a budget (a
 * token bucket): a burst, and then two a second; after that it answers from its cache, which is at most
 * CONFIGURATION_CACHE_MS old. An attack costs an environment two read units a second, whatever its rate, and makes others
 * wait those seconds for a yes, as they would have without.
 */

/** @returns whether one more no may be doubted at this moment, in epoch milliseconds; that it may uses it up */
export function doubts(): (now: number) => boolean {
  let left: number = DOUBTS.burst
  let at = -Infinity
  return (now) => {
    left = Math.min(DOUBTS.burst, left + (Math.max(0, now - at) / 1_000) * DOUBTS.perSecond)
    at = now
    if (left < 1) return false
    left -= 1
    return true
  }
}
