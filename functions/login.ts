import { wallClock } from '../shared/clock.ts'
import { downstream } from './wiring/downstream.ts'
import { logIn } from './admission/log-in.ts'
import { measure } from './envelope/metrics.ts'
import { outcomes } from './envelope/outcomes.ts'
import { pusher } from './session/push.ts'
import { route } from './envelope/route.ts'
import { configurationStore, sessionStores, wrongPasswords } from './wiring/stores.ts'
import type { Admitted } from './admission/seat-claim.ts'
import { upkeepStarter } from './wiring/upkeep-starter.ts'
import { upstream } from './wiring/upstream.ts'
import { groupingHere } from './wiring/grouping.ts'

const configuration = configurationStore()
const stores = sessionStores()
const startUpkeep = upkeepStarter()
const grouping = groupingHere()

/**
 * The listener is rung, or, where there is none, started now: nobody need wait for the schedule. A login that led the
 * next ones to its shard does not ring, nor one that has the seat of another session: listeners see the hint change, and
 * the end of that session. Nor do they let go of such a group meanwhile: its shards were not empty, so that a look which
 * is half a unit's worth will do.
 */
async function seeThatUpkeepListens({ seat, former, led }: Admitted): Promise<void> {
  const { listenerGroups } = stores
  const group = grouping.ofSession(seat.session)
  const isSeen = led === true || former?.seat.state === 'open'
  const now = Date.now()
  const isListened = isSeen
    ? ((await listenerGroups.look(group)).until ?? 0) > now
    : await listenerGroups.notify(group, now)
  if (!isListened) await startUpkeep({ group })
}

/** Signs a device's user in. The story is told in functions/admission/log-in.ts, where a simulation plays it, too. */
export const handler = route(
  'login',
  configuration,
  logIn({
    ...stores,
    configuration,
    push: pusher({ configuration, connections: downstream() }),
    cwa: upstream(),
    wrong: wrongPasswords(),
    clock: wallClock,
    measure,
    seeThatUpkeepListens,
  }),
).use(outcomes(measure))
