import type { Grouping } from '../../shared/rules/listener-group.ts'
import type { ListenerGroups } from '../../shared/store/listener-groups.ts'
import { log, why } from '../envelope/log.ts'

/**
 * Tells a session's listener, if there is one, that the session has another connection, or is gone. Should this fail,
 * the listener sees it with its next look, seconds later.
 */
export async function notifyListener(
  session: string,
  now: number,
  { listenerGroups, grouping }: { readonly listenerGroups: ListenerGroups; readonly grouping: Grouping },
): Promise<void> {
  await listenerGroups.notify(grouping.ofSession(session), now).catch((thrown: unknown) => {
    log('listener not notified', { session, why: why(thrown) })
  })
}
