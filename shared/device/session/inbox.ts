import type { ImEvent } from '../../rules/messaging.ts'
import type { Batch } from '../../wire/frames.ts'

/** Batches as they came in one frame from the service. */
export interface Delivery {
  readonly batches: readonly Batch[]
  /** Whether they answer a poll: then there is nothing to be had between them and what the device has. */
  readonly polled: boolean
  /** `false` when the service no longer keeps some that the device never got: the first batch stands for those. */
  readonly recovered: boolean
}

export interface Taken {
  /** The last batch the device has, from now on. */
  readonly last: number
  /** To be shown now, in order. */
  readonly events: readonly ImEvent[]
  /** The highest number seen that was not taken, and that a poll after `last` brings. 0: there is none. */
  readonly missing: number
  /** Events are lost for good. */
  readonly gap: boolean
}

/**
 * Sorts out what is new in a delivery: each event is shown once, and none before one that it follows.
 *
 * A batch may stand for several, and the service knows only what was acknowledged when it made one:
 *
 *   device    has 5 ── takes 6 ── takes 7 ── ack 7 ──────────╮
 *   service   push 6 ─ push 7 ─────── knows 5: push 6..9 ────┴── knows 7
 *
 * In 6..9 are the messages of 6 and 7, and none says which it came with. So of what the device has in part it takes
 * nothing, and polls after 7: the answer begins at 8. What it is asked for, the service begins where it is asked.
 */
export function taken(last: number, { batches, polled, recovered }: Delivery): Taken {
  const inOrder = batches.toSorted((a, b) => beginOf(a) - beginOf(b) || a.seq - b.seq)
  const snapshot = recovered ? undefined : inOrder[0]
  // A cut that is no news cost this device nothing: it was pushed what the service then gave up.
  let gap = !recovered && snapshot === undefined
  let missing = 0
  const events: ImEvent[] = []
  for (const batch of inOrder) {
    if (batch.seq <= last) continue
    const begin = beginOf(batch)
    const isHole = begin > last + 1
    const follows = begin === last + 1
    // A poll's answer has all there is. What is not in it will never come, so waiting for it would be for ever.
    if (isHole ? !polled : !follows && batch !== snapshot) {
      missing = Math.max(missing, batch.seq)
      continue
    }
    gap ||= isHole || batch === snapshot
    last = batch.seq
    events.push(...batch.events)
  }
  return { last, events, missing: missing > last ? missing : 0, gap }
}

function beginOf({ first, seq }: Batch): number {
  return first ?? seq
}
