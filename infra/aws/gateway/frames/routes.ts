import type { ApiDescription, RouteDescription } from '../../assembly/description.ts'
import { isRecord } from '../record.ts'
import { routeWithKey } from '../stage.ts'

/**
 * The route of a message: the one its JSON body names, else `$default`, else none.
 * `$connect` and `$disconnect` cannot be asked for by a message.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
 */
export function routeOf(api: ApiDescription, body: string): RouteDescription | undefined {
  const key = routeKey(api.routeSelection, body)
  const named = key === undefined || key.startsWith('$') ? undefined : routeWithKey(api, key)
  return named ?? routeWithKey(api, '$default')
}

function routeKey(path: readonly string[], body: string): string | undefined {
  let value = parsed(body)
  for (const step of path) {
    // Only the sender's own members count: `constructor` and its like are no keys.
    if (!isRecord(value) || !Object.hasOwn(value, step)) return undefined
    value = value[step]
  }
  return typeof value === 'string' ? value : undefined
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
