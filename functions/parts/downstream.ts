import { connections } from '../../shared/gateway/connections.ts'
import { variable } from './environment.ts'

/** The gateway's way to the devices. */
export function downstream() {
  return connections(variable('CONNECTIONS_URL'))
}
