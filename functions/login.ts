import { wallClock } from '../shared/clock.ts'
import { logIn } from './admission/log-in.ts'
import { measure } from './envelope/metrics.ts'
import { outcomes } from './envelope/outcomes.ts'
import { route } from './envelope/route.ts'
import { pusher } from './session/push.ts'
import { downstream } from './wiring/downstream.ts'
import { groupingHere } from './wiring/grouping.ts'
import { configurationStore, sessionStores, wrongPasswords } from './wiring/stores.ts'
import { upkeepStarter } from './wiring/upkeep-starter.ts'
import { upstreamHere } from './wiring/upstream.ts'
import { warmUp } from './wiring/warm-up.ts'

const configuration = configurationStore()
const upstream = upstreamHere()

/** Signs a device's user in. functions/admission/log-in.ts tells the story. */
export const handler = route(
  'login',
  configuration,
  logIn({
    ...sessionStores(),
    configuration,
    push: pusher({ configuration, connections: downstream() }),
    upstream,
    wrong: wrongPasswords(),
    grouping: groupingHere(),
    startUpkeep: upkeepStarter(),
    clock: wallClock,
    measure,
  }),
).use(outcomes(measure))

await warmUp(configuration.settings(wallClock.now()), upstream.warmUp?.())
