import { oneWayRoute } from './envelope/route.ts'
import { status } from './session/status.ts'
import { downstream } from './wiring/downstream.ts'
import { configurationStore, sessionStores } from './wiring/stores.ts'
import { anyRead, warmUp } from './wiring/warm-up.ts'

/** Takes note of a device's heartbeat. functions/session/status.ts tells the story. */
export const handler = oneWayRoute('status', configurationStore(), downstream, status(sessionStores()))

await warmUp(anyRead())
