import { randomUUID } from 'node:crypto'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { downstream } from './wiring/downstream.ts'
import { listen } from './listening/listen.ts'
import { logged } from './envelope/logged.ts'
import { measure, publish } from './envelope/metrics.ts'
import { unlistened } from './listening/unlistened-groups.ts'
import { lambdaClock as clock } from './listening/pause.ts'
import { pusher } from './session/push.ts'
import { configurationStore, sessionStores } from './wiring/stores.ts'
import { upkeepStarter, type UpkeepEvent } from './wiring/upkeep-starter.ts'
import { upstream } from './wiring/upstream.ts'
import { waker } from './wiring/waker.ts'
import { groupingHere } from './wiring/grouping.ts'

const configuration = configurationStore()
const stores = sessionStores()
const grouping = groupingHere()
const parts = {
  ...stores,
  configuration,
  clock,
  random: Math.random,
  push: pusher({ configuration, connections: downstream() }),
  cwa: upstream(),
  wake: waker(),
  measure,
  publish,
}
const startUpkeep = upkeepStarter()

/**
 * Keeps sessions alive: ends the inactive, and listens upstream for the others, minutes at a time.
 *
 * The schedule's tick listens for the first group that nobody listens for, and starts more of this for the rest; with
 * no sessions, or when all are listened for, it ends at once.
 */
export const handler = middy<UpkeepEvent>()
  .use(logged('upkeep'))
  .handler(async (event: UpkeepEvent, context: Context) => {
    const { from } = event
    const [group, ...others] = event.group === undefined ? await everyWatch(clock.now()) : [event.group]
    // Now, and not after the quarter of an hour for which this may listen.
    publish()
    if (group === undefined) return
    await Promise.all(others.map((other) => startUpkeep({ group: other })))

    // Not the request's id: Lambda delivers an event twice with one id, and two listeners of one name both have the lease.
    const listener = randomUUID()
    const because = await listen(
      {
        group,
        shards: grouping.shards(group),
        listener,
        ...(from !== undefined && { from }),
        timeLeft: () => context.getRemainingTimeInMillis(),
        startHeir: () => startUpkeep({ group, from: listener }),
      },
      parts,
    )
    if (because === 'time') await startUpkeep({ group })
  })

async function everyWatch(now: number): Promise<number[]> {
  return unlistened(await configuration.settings(now), now, { ...stores, grouping, measure })
}
