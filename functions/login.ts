import { wallClock } from '../shared/rules/clock.ts'
import { benchOf } from '../shared/rules/seat.ts'
import { downstream } from './parts/downstream.ts'
import { loggingIn } from './parts/logging-in.ts'
import { route } from './parts/route.ts'
import { configurationStore, sessionStores } from './parts/stores.ts'
import type { Admitted } from './parts/taking.ts'
import { upkeepStarter } from './parts/upkeep-starter.ts'
import { upstream } from './parts/upstream.ts'

const configuration = configurationStore()
const stores = sessionStores()
const startUpkeep = upkeepStarter()

/** Nobody need wait for the schedule: a bench without a listener gets one now. */
async function seeThatUpkeepListens({ seat }: Admitted): Promise<void> {
  const bench = benchOf(seat.number)
  if (!(await stores.benches.listened(bench, Date.now()))) await startUpkeep(bench)
}

/** Signs a device's user in. The story is told in parts/logging-in.ts, where a simulation plays it, too. */
export const handler = route(
  'login',
  configuration,
  loggingIn({
    ...stores,
    configuration,
    connections: downstream(),
    cwa: upstream(),
    clock: wallClock,
    seeThatUpkeepListens,
  }),
)
