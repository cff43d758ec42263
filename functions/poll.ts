import { measure } from './parts/metrics.ts'
import { polling } from './parts/polling.ts'
import { route } from './parts/route.ts'
import { configurationStore, sessionStores } from './parts/stores.ts'
import { watchingHere } from './parts/watching.ts'

/** Tells a device what it lacks. The story is in parts/polling.ts, where a simulation tells it, too. */
export const handler = route(
  'poll',
  configurationStore(),
  polling({ ...sessionStores(), watching: watchingHere(), measure }),
)
