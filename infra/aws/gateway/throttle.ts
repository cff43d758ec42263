import type { Clock } from '../../../shared/clock.ts'
import type { GatewayLimits } from '../../../shared/rules/aws/gateway-limits.ts'
import type { Throttling } from '../assembly/description.ts'
import { tokenBucket } from '../token-bucket.ts'

/** Whether one more may come in now. Each call that answers yes counts. */
export interface Throttle {
  /** A new connection: it counts against the account's connections a second, and as a request of the stage. */
  readonly connection: () => boolean
  readonly message: () => boolean
}

/** What the client gets, over HTTP (429) or over its connection. */
export const TOO_MANY = 'Too Many Requests'

/**
 * API Gateway's throttles: token buckets, one of the account's new connections and one of the stage. AWS throttles as well
 * as it can ("targets rather than guaranteed request ceilings"); this one is exact. Whether each route has the stage's
 * bucket for itself its documents leave open: here all share one, which is the harsher.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-protect.html
 *
 * @param stage the stage's settings; undefined: it throttles nothing
 */
export function throttle(stage: Throttling | undefined, limits: GatewayLimits, clock: Clock): Throttle {
  const { connectionsPerSecond } = limits
  const bucket = (perSecond: number, burst: number) => tokenBucket({ perSecond, burst }, () => clock.now())
  const connections = bucket(connectionsPerSecond, connectionsPerSecond)
  const requests = stage === undefined ? () => true : bucket(stage.ratePerSecond, stage.burst)
  return { connection: () => connections() && requests(), message: requests }
}
