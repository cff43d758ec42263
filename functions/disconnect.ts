import middy from '@middy/core'
import { log } from './envelope/log.ts'
import { logged } from './envelope/logged.ts'
import type { GatewayEvent } from './envelope/envelope.ts'
import { seats as seatsIn } from '../shared/store/seats.ts'
import { deviceSessions } from '../shared/store/sessions.ts'
import { sessionsTable } from './wiring/tables.ts'

const items = sessionsTable()
const seats = seatsIn(items)
// Nothing secret is read here: this function needs no master key, and has none.
const sessions = deviceSessions(items)

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
