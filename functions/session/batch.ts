import type { Stretch } from '../../shared/rules/backlog.ts'
import type { Batch } from '../../shared/wire/frames.ts'

/** A stretch of the mailbox as the wire has it: `first` only where it stands for more than one batch. */
export function batchOf({ first, seq, events }: Stretch): Batch {
  return first === seq ? { seq, events } : { first, seq, events }
}
