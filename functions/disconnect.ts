import middy from '@middy/core'
import { log } from './parts/log.ts'
import { logged } from './parts/logged.ts'
import type { GatewayEvent } from './parts/sealing.ts'
import { sessionStores } from './parts/stores.ts'

const { seats, sessions } = sessionStores()

/**
 * A connection is gone: its device is out of coverage, and its session stays.
 *
 * API Gateway tells this at best; a device that is gone untold is found silent, or by a post that comes back 410.
 */
export const handler = middy<GatewayEvent>()
  .use(logged('disconnect'))
  .handler(async ({ requestContext: { connectionId, authorizer } }: GatewayEvent) => {
    const has = authorizer?.device && (await sessions.ofDevice(authorizer.device))
    if (has && (await seats.outOfCoverage(has.session, connectionId))) {
      log('out of coverage', { session: has.session, device: authorizer.device })
    }
    return { statusCode: 200 }
  })
