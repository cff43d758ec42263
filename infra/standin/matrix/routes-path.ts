import type { Parts } from './homeserver.ts'
import { textOf, type Body, type Request } from './request.ts'
import type { Device } from './users.ts'

/** Who asks, and the parts of the path, decoded. */
export interface Asked {
  readonly request: Request
  readonly device: Device
  readonly values: readonly string[]
}

export interface Route {
  readonly method: string
  readonly path: RegExp
  /** Needs no token. */
  readonly open?: (request: Request, parts: Parts) => Body
  readonly act?: (asked: Asked, parts: Parts) => Body
  /** The one that waits. */
  readonly sync?: true
}

const V3 = '^/_matrix/client/v3/'

export function at(rest: string): RegExp {
  return new RegExp(`${V3}${rest.replaceAll('*', '([^/]*)')}$`)
}

/** The name of a user in a body, as `invite` and `kick` have it. */
export function userIn(body: Body): string {
  return textOf(body['user_id'])
}
