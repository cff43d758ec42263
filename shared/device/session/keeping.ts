import type { Keep, KeptSession } from '../kept-session.ts'

/**
 * What of a session is kept for another run of the program. A batch is acknowledged, and a number is used, only once that is
 * kept:
 *
 *   page      takes 7 ── acks 7 ──╮ (closed, 7 not written)     opened again: has 6, polls after 6
 *   service                       ╰─ forgets 7                  has nothing before 8
 */
export interface Keeping {
  /** The last batch that may be acknowledged. */
  readonly last: number
  /** Keeps the session as it is now. Rejects as the program's `keep` does. */
  readonly now: () => Promise<void>
}

/** @param last the last batch that was kept by an earlier run; 0: none */
export function keeping(keep: Keep, as: () => KeptSession, last = 0): Keeping {
  let safe = last
  return {
    get last() {
      return safe
    },
    now: async () => {
      const kept = as()
      await keep(kept)
      safe = Math.max(safe, kept.last)
    },
  }
}
