import middy from '@middy/core'
import { seats } from '../shared/store/seats/seats.ts'
import { deviceSessions } from '../shared/store/device-sessions.ts'
import type { GatewayEvent } from './envelope/envelope.ts'
import { logged } from './envelope/logged.ts'
import { disconnect } from './session/disconnect.ts'
import { sessionsTable } from './wiring/tables.ts'

const items = sessionsTable()
// Nothing secret is read here: this function needs no master key, and has none.
const disconnected = disconnect({ seats: seats(items), sessions: deviceSessions(items) })

/** `$disconnect`. functions/session/disconnect.ts tells its story. */
export const handler = middy<GatewayEvent>()
  .use(logged('disconnect'))
  .handler(async ({ requestContext: { connectionId, authorizer } }: GatewayEvent) => {
    await disconnected(authorizer?.device, connectionId)
    return { statusCode: 200 }
  })
