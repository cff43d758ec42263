import { measure } from './envelope/metrics.ts'
import { route } from './envelope/route.ts'
import { poll } from './session/poll.ts'
import { groupingHere } from './wiring/grouping.ts'
import { configurationStore, sessionStores } from './wiring/stores.ts'
import { anyRead, warmUp } from './wiring/warm-up.ts'

/** Tells a device what it lacks. functions/session/poll.ts tells the story. */
export const handler = route(
  'poll',
  configurationStore(),
  poll({ ...sessionStores(), grouping: groupingHere(), measure }),
)

await warmUp(anyRead())
