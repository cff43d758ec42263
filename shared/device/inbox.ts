import type { ImEvent } from '../rules/messaging.ts'
import type { Batch } from '../wire/frames.ts'

/** Batches as they came in one frame from the service. */
export interface Delivery {
  readonly batches: readonly Batch[]
  /** Whether they answer a poll: then there is nothing to be had between them and what the device has. */
  readonly polled: boolean
  /** `false` when the service no longer keeps some that the device never got. */
  readonly recovered: boolean
}

export interface Taken {
  /** The last batch the device has, from now on. */
  readonly last: number
  /** To be shown now, in order. */
  readonly events: readonly ImEvent[]
  /** The highest number seen that was not taken, because one before it is missing: poll after `last`. 0: none is missing. */
  readonly missing: number
  /** Batches are lost for good. */
  readonly gap: boolean
}

/** Sorts out what is new in a delivery: each batch is shown once, and none before the one it follows. */
export function taken(last: number, { batches, polled, recovered }: Delivery): Taken {
  let gap = !recovered
  let missing = 0
  const events: ImEvent[] = []
  for (const batch of batches.toSorted((a, b) => a.seq - b.seq)) {
    if (batch.seq <= last) continue
    const follows = batch.seq === last + 1
    if (!follows && !polled && recovered) {
      missing = batch.seq
      continue
    }
    // A poll's answer has all there is. What is not in it will never come, so waiting for it would be for ever.
    gap ||= !follows
    last = batch.seq
    events.push(...batch.events)
  }
  return { last, events, missing, gap }
}
