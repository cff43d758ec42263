import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { benches as benchesOf, freeSeats } from '../shared/rules/admission.ts'
import { downstream } from './parts/downstream.ts'
import { listen } from './parts/listening.ts'
import { logged } from './parts/logged.ts'
import { configurationStore, sessionStores } from './parts/stores.ts'
import { upkeepStarter } from './parts/upkeep-starter.ts'
import { upstream } from './parts/upstream.ts'

const configuration = configurationStore()
const stores = sessionStores()
const parts = { ...stores, configuration, connections: downstream(), cwa: upstream() }
const startUpkeep = upkeepStarter()

/** How long before its deadline an environment hands over, in milliseconds: held GETs are let go, cursors kept. */
const HAND_OVER_MS = 20_000

interface UpkeepEvent {
  /** The bench to listen for. The schedule names none: then every bench is looked at. */
  readonly bench?: number
}

/**
 * Keeps sessions alive: ends the inactive, and listens upstream for the others, minutes at a time.
 *
 * The schedule's tick listens for the first bench that nobody listens for, and starts more of this for the rest; with
 * no sessions, or when all are listened for, it ends at once.
 */
export const handler = middy<UpkeepEvent>()
  .use(logged('upkeep'))
  .handler(async (event: UpkeepEvent, context: Context) => {
    const [bench, ...others] = event.bench === undefined ? await unlistened(Date.now()) : [event.bench]
    if (bench === undefined) return
    await Promise.all(others.map(startUpkeep))

    const timeIsUp = () => context.getRemainingTimeInMillis() < HAND_OVER_MS
    const because = await listen(bench, context.awsRequestId, parts, timeIsUp)
    if (because === 'time') await startUpkeep(bench)
  })

/** The benches that have sessions, and nobody who listens. Who looks at them all also leads logins to where there is room. */
async function unlistened(now: number): Promise<number[]> {
  const found: number[] = []
  const settings = await configuration.settings(now)
  let room: number | undefined
  for (const bench of benchesOf(settings)) {
    const taken = await stores.seats.read(bench)
    if (room === undefined && freeSeats(bench, taken, settings, now).length > 0) room = bench
    if (taken.length > 0 && !(await stores.benches.listened(bench, now))) found.push(bench)
  }
  if (room !== undefined) await leadTo(room)
  return found
}

async function leadTo(room: number): Promise<void> {
  const { outlooks } = stores
  const known = await outlooks.read()
  if (known.room !== room) await outlooks.lead(known.room, room)
}
