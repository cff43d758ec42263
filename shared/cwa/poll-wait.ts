/**
 * Pauses before a GET, in milliseconds. `unsaid`, of the samples' 1,000 and 3,000, is for a server that does not say; the
 * others bound what a server says: not as fast as the processor can, and well within the session's own time-out.
 */
export const POLL_WAIT_MS = { unsaid: 3_000, least: 20, most: 60_000 } as const

/** How long to wait before the next GET, for what the server said of it. */
export function pollWait(said: number | undefined): number {
  return Math.min(Math.max(said ?? POLL_WAIT_MS.unsaid, POLL_WAIT_MS.least), POLL_WAIT_MS.most)
}
