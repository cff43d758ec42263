import type { Upstream } from '../../shared/upstream/upstream.ts'
import { REFUSALS, type RefusalCode } from '../../shared/rules/refusal.ts'
import type { Open } from '../../shared/rules/seat.ts'
import type { Sessions } from '../../shared/store/sessions.ts'
import { log, why } from '../envelope/log.ts'
import type { Push } from './push.ts'

interface Parts {
  readonly sessions: Sessions
  readonly upstream: Pick<Upstream, 'logOut'>
  readonly push: Push
}

/**
 * What is left to do for a session that lost its seat: sign it out upstream, forget it, tell its device why.
 *
 * Each is tried once and logged: a session that cannot be signed out upstream ends there by its own timeout, and a
 * device that this does not reach hears `session-gone` with its next frame.
 *
 * @param words what this case was, where the code's meaning can be said more exactly
 */
export async function endSession(seat: Open, code: RefusalCode, parts: Parts, words?: string): Promise<void> {
  const { session, device, connection } = seat
  log('session ended', { session, device, code })
  const { meaning, next } = REFUSALS[code]
  const reason = words === undefined ? meaning : `${meaning}: ${words}`
  const done = await Promise.allSettled([
    signOut(session, parts),
    parts.push({ type: 'ended', session, code, reason, next }, seat, 0),
  ])
  for (const each of done) {
    if (each.status === 'rejected') log('end of session failed', { session, connection, why: why(each.reason) })
  }
}

/** Ends a session upstream and forgets it. */
export async function signOut(
  session: string,
  { sessions, upstream }: Pick<Parts, 'sessions' | 'upstream'>,
): Promise<void> {
  const known = await sessions.remove(session)
  if (known !== undefined) await upstream.logOut(known.state)
}
