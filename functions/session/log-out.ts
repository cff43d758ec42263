import type { Grouping } from '../../shared/rules/listener-group.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import type { Upstream } from '../../shared/upstream/upstream.ts'
import type { DeviceFrameOf, ServiceFrame } from '../../shared/wire/frames.ts'
import type { Request } from '../envelope/envelope.ts'
import { log, why } from '../envelope/log.ts'
import { signOut } from './end-session.ts'
import { notifyListener } from './notify.ts'
import { together } from './together.ts'
import type { SessionStores } from './session-stores.ts'

export interface LogOutParts extends Pick<SessionStores, 'seats' | 'sessions' | 'listenerGroups'> {
  readonly grouping: Grouping
  readonly upstream: Pick<Upstream, 'logOut'>
}

/**
 * The story of a log-out: the session ends because its user asked for it. The seat goes first: the session's listener
 * then knows that its end upstream is no fault. Should the sign-out fail, the session ends upstream by its own timeout.
 */
export function logOut(parts: LogOutParts) {
  const { seats, sessions } = parts
  return async (request: Request<DeviceFrameOf<'logout'>>): Promise<ServiceFrame> => {
    const { frame, number, device, connection, now } = request
    const { session } = frame
    const [heard, has] = await together([
      seats.heard({ session, device, connection, number, acked: 0, at: now }),
      sessions.ofDevice(device),
    ])
    if (!heard.kept) throw new Refusal(heard.because, heard)
    // Where this session was handed something from before, nothing else says that it was.
    if (has?.former !== undefined) await sessions.leaveNothing(device, session)

    await seats.free(session)
    await signOut(session, parts).catch((thrown: unknown) => {
      log('sign-out failed', { session, why: why(thrown) })
    })
    await notifyListener(session, now, parts)
    log('logged out', { session, device })
    return { type: 'bye', session }
  }
}
