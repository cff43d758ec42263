import type { GatewayLimits } from '../../../shared/rules/aws/gateway-limits.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { ApiDescription, RouteDescription } from '../assembly/description.ts'
import type { AccessLogEntry } from './access-log.ts'
import type { Throttle } from './throttle.ts'

/**
 * Runs a function with an event. Resolves with what its handler returned; rejects when it threw, was throttled or timed out.
 * `timeoutMs` is how long the gateway will listen to the answer.
 */
export type Invoke = (functionName: string, event: unknown, timeoutMs: number) => Promise<unknown>

/** The deployed stage: what every part of the gateway knows of the API and its surroundings. */
export interface Stage {
  readonly api: ApiDescription
  readonly region: string
  readonly accountId: string
  /** Host and port, in the place of AWS's domain name. */
  readonly domainName: string
  readonly clock: Clock
  readonly invoke: Invoke
  readonly limits: GatewayLimits
  readonly throttle: Throttle
  /** Whether an answer without a body goes back over a two-way route as an empty message, or not at all. */
  readonly emptyMessages: boolean
  readonly log: (entry: AccessLogEntry) => void
}

/** The ARN of what lies under the stage, such as `$connect` or `POST/@connections/{id}`. */
export function resourceArn({ api, region, accountId }: Stage, resource: string): string {
  return `arn:aws:execute-api:${region}:${accountId}:${api.id}/${api.stage}/${resource}`
}

/** The route with exactly this key. */
export function routeWithKey(api: ApiDescription, key: string): RouteDescription | undefined {
  return api.routes.find((route) => route.key === key)
}
