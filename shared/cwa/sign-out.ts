import type { Upstream } from '../upstream/upstream.ts'
import { commandChannel } from './channels/command-channel.ts'
import { linkTo } from './channels/link.ts'
import type { CwaOptions } from './client.ts'
import { placeOf } from './state.ts'

/** What of `cwaUpstream` ends a session, for a function that does nothing else there: no line of the sign-in, of events or commands comes with it. */
export function cwaSignOut(options: CwaOptions): Pick<Upstream, 'logOut'> {
  const { terminateSession } = commandChannel(linkTo(options))
  return { logOut: async (state) => terminateSession(placeOf(state)) }
}
