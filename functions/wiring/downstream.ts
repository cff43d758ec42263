import { connections } from '../../shared/gateway/connections.ts'
import { variable } from './environment.ts'
import { countingThrottledPosts } from './throttles.ts'

/** The gateway's way to the devices. */
export function downstream() {
  return countingThrottledPosts(connections(variable('CONNECTIONS_URL')))
}
