import { variable } from '../../../functions/wiring/environment.ts'
import type { Upstream } from '../../../shared/upstream/upstream.ts'
import { memoryClient } from './client.ts'

/** In a function's bundle in the place of a file of functions/wiring/upstreams. */
export function serverHere(): Upstream {
  return memoryClient(variable('UPSTREAM_URL'))
}

export function signOutHere(): Pick<Upstream, 'logOut'> {
  return serverHere()
}
