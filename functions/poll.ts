import { measure } from './envelope/metrics.ts'
import { polling } from './session/poll.ts'
import { route } from './envelope/route.ts'
import { configurationStore, sessionStores } from './wiring/stores.ts'
import { groupingHere } from './wiring/grouping.ts'

/** Tells a device what it lacks. The story is in functions/session/poll.ts, where a simulation tells it, too. */
export const handler = route(
  'poll',
  configurationStore(),
  polling({ ...sessionStores(), grouping: groupingHere(), measure }),
)
