import { Refusal } from '../shared/rules/refusal.ts'
import { signOut } from './session/end-session.ts'
import { log, why } from './envelope/log.ts'
import { ring } from './session/notify.ts'
import { route } from './envelope/route.ts'
import { configurationStore, sessionStores } from './wiring/stores.ts'
import { upstream } from './wiring/upstream.ts'
import { groupingHere } from './wiring/grouping.ts'

const stores = sessionStores()
const { seats, sessions } = stores
const listeners = { ...stores, grouping: groupingHere() }
const cwa = upstream()

/**
 * Ends a session because its user asked for it. The seat first: whoever listens for the session then knows that its end
 * upstream is no fault. Should the sign-out fail, the session ends upstream by its own timeout.
 */
export const handler = route('logout', configurationStore(), async ({ frame, number, device, connection, now }) => {
  const { session } = frame
  const heard = await seats.heard({ session, device, connection, number, acked: 0, at: now })
  if (!heard.kept) throw new Refusal(heard.because, heard)

  await seats.free(session)
  await signOut(session, { sessions, cwa }).catch((thrown: unknown) => {
    log('sign-out failed', { session, why: why(thrown) })
  })
  await ring(session, now, listeners)
  log('logged out', { session, device })
  return { type: 'bye', session }
})
