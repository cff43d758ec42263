/** How long a device waits before it tries again, in milliseconds: the longest first wait, and the longest of all. */
export const BACKOFF = { firstMs: 500, longestMs: 60_000 } as const

/**
 * Exponential back-off with full jitter: any moment up to a limit that doubles with each attempt, so that devices that
 * lost their connections together do not come back together.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param attempt how many attempts have failed so far: 0 before the first
 * @param random a number from 0 up to, but not including, 1
 */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.floor(random() * Math.min(BACKOFF.longestMs, BACKOFF.firstMs * 2 ** attempt))
}
