import type { Watching } from '../../shared/rules/listener-group.ts'
import type { Watches } from '../../shared/store/listener-groups.ts'
import { log, why } from '../envelope/log.ts'

/**
 * Tells a session's listener, if there is one, that the session has another connection, or is gone. Should this fail,
 * the listener sees it with its next look, seconds later.
 */
export async function ring(
  session: string,
  now: number,
  { watches, watching }: { readonly watches: Watches; readonly watching: Watching },
): Promise<void> {
  await watches.ring(watching.ofSession(session), now).catch((thrown: unknown) => {
    log('not rung', { session, why: why(thrown) })
  })
}
