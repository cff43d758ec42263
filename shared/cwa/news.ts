import type { CwaEvent } from './model.ts'

/** Most event numbers that are remembered as skipped: enough for a batch that came in the wrong order. */
const SKIPPED_MOST = 1_000

export interface News {
  /** Events that were not seen before, in their order. */
  readonly events: readonly CwaEvent[]
  /** How many came that were seen before. */
  readonly repeats: number
  /** How many numbers of the server's count were left out before the last of them. */
  readonly skipped: number
}

/**
 * Tells what is new from what is repeated, by `eid`: CWA counts the events of a session up by one (bb969465). A number
 * that was left out may still come, and is then no repeat.
 */
export function newsReader(): (events: readonly CwaEvent[], after: number) => News {
  const skipped = new Set<number>()
  return (events, after) => {
    let last = after
    let jumped = 0
    const fresh = events.filter(({ eid }) => eid > after || skipped.has(eid))
    for (const { eid } of fresh) {
      // The first events of all may have any number: what came before them was never this session's.
      if (last > 0 && eid > last + 1) jumped += eid - last - 1
      if (last > 0) for (let gap = last + 1; gap < Math.min(eid, last + SKIPPED_MOST); gap += 1) skipped.add(gap)
      skipped.delete(eid)
      last = Math.max(last, eid)
    }
    for (const eid of skipped) if (skipped.size > SKIPPED_MOST) skipped.delete(eid)
    return { events: fresh, repeats: events.length - fresh.length, skipped: jumped }
  }
}
