/** Waits between tries, in milliseconds: the longest first one, and the longest of all. */
export interface Backoff {
  readonly firstMs: number
  readonly longestMs: number
}

/** For what a server, or the way to it, must recover from: a device that connects anew, a GET that is asked again. */
export const BACKOFF: Backoff = { firstMs: 500, longestMs: 60_000 }

/**
 * Exponential back-off with full jitter: any moment up to a limit that doubles with each attempt, so that those who failed
 * together do not come back together.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param attempt how many attempts have failed before the one that just did: 0 after the first
 * @param random a number from 0 up to, but not including, 1
 */
export function backoffMs(attempt: number, random: () => number, { firstMs, longestMs } = BACKOFF): number {
  return Math.floor(random() * Math.min(longestMs, firstMs * 2 ** attempt))
}
