import type { Grouping } from '../../shared/rules/listener-group.ts'
import type { Clock } from '../../shared/clock.ts'
import { isListened, type ListenerGroups } from '../../shared/store/listener-groups.ts'
import type { Admitted } from './seat-claim.ts'

export interface ListenerParts {
  readonly listenerGroups: ListenerGroups
  readonly grouping: Grouping
  readonly clock: Pick<Clock, 'now'>
  readonly startUpkeep: (event: { readonly group: number }) => Promise<void>
}

/**
 * Notifies the listener of a new session, or, where there is none, starts one now: no session waits for the schedule.
 *
 * A login that led the next ones to its shard does not notify, nor does one that has the seat of another session:
 * listeners see the hint change, and the end of that session. Nor does a listener let go of such a group meanwhile: its
 * shards were not empty, so that an eventually consistent look, half a read unit, will do.
 */
export async function ensureListener({ seat, former, led }: Admitted, parts: ListenerParts): Promise<void> {
  const { listenerGroups, grouping, clock, startUpkeep } = parts
  const group = grouping.ofSession(seat.session)
  const isSeen = led === true || former?.seat.state === 'open'
  const now = clock.now()
  const isHeard = isSeen ? isListened(await listenerGroups.look(group), now) : await listenerGroups.notify(group, now)
  if (!isHeard) await startUpkeep({ group })
}
