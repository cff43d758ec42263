import type { Stretch } from '../../shared/rules/backlog.ts'
import type { Batch, ServiceFrame } from '../../shared/wire/frames.ts'

/** A stretch of the mailbox as the wire has it: `first` only where it stands for more than one batch. */
export function batchOf({ first, seq, events }: Stretch): Batch {
  return first === seq ? { seq, events } : { first, seq, events }
}

/**
 * The frame that tells a device what is new, whether it asked for it or not.
 *
 * @param more whether there is more after it that did not fit
 */
export function eventsFrame(
  session: string,
  stretches: readonly Stretch[],
  more: boolean,
): Extract<ServiceFrame, { type: 'events' }> {
  const recovered = !stretches.some(({ cut }) => cut)
  return { type: 'events', session, batches: stretches.map(batchOf), more, recovered }
}
