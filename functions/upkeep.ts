import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { downstream } from './parts/downstream.ts'
import { listen } from './parts/listening.ts'
import { logged } from './parts/logged.ts'
import { unlistened } from './parts/overview.ts'
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
    const [bench, ...others] = event.bench === undefined ? await everyBench(Date.now()) : [event.bench]
    if (bench === undefined) return
    await Promise.all(others.map(startUpkeep))

    const timeIsUp = () => context.getRemainingTimeInMillis() < HAND_OVER_MS
    const because = await listen(bench, context.awsRequestId, parts, timeIsUp)
    if (because === 'time') await startUpkeep(bench)
  })

async function everyBench(now: number): Promise<number[]> {
  return unlistened(await configuration.settings(now), now, stores)
}
