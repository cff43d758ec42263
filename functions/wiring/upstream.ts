import { serverHere, signOutHere } from '#upstream'
import { wallClock } from '../../shared/clock.ts'
import type { Upstream } from '../../shared/upstream/upstream.ts'
import { measure } from '../envelope/metrics.ts'
import { faultsMeasured, measuredUpstream } from './measured-upstream.ts'

/**
 * The server upstream of this stack. `#upstream` is a file of upstreams/: the bundler puts there the one of the kind that
 * the setting `upstream` names (infra/cdk/bundle.ts), so that a bundle holds no line of another.
 */
export function upstreamHere(): Upstream {
  return measuredUpstream(serverHere(), measure, wallClock)
}

/** The same, for a function that only signs out: its bundle holds no more of the server's protocol than that takes. */
export function signOutOnlyHere(): Pick<Upstream, 'logOut'> {
  const server = signOutHere()
  const counted = faultsMeasured(measure)
  return { logOut: async (state) => counted(server.logOut(state)) }
}
