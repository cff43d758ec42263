import { randomUUID } from 'node:crypto'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { logged } from './envelope/logged.ts'
import { measure, publish } from './envelope/metrics.ts'
import { lambdaClock } from './listening/pause.ts'
import { upkeep, type UpkeepEvent } from './listening/upkeep.ts'
import { pusher } from './session/push.ts'
import { downstream } from './wiring/downstream.ts'
import { groupingHere } from './wiring/grouping.ts'
import { configurationStore, sessionStores } from './wiring/stores.ts'
import { upkeepStarter } from './wiring/upkeep-starter.ts'
import { upstreamHere } from './wiring/upstream.ts'
import { waker } from './wiring/waker.ts'

const configuration = configurationStore()
const run = upkeep({
  ...sessionStores(),
  configuration,
  grouping: groupingHere(),
  clock: lambdaClock,
  random: Math.random,
  push: pusher({ configuration, connections: downstream() }),
  upstream: upstreamHere(),
  wake: waker(),
  startUpkeep: upkeepStarter(),
  measure,
  publish,
})

/** Keeps sessions alive. functions/listening/upkeep.ts tells the story. */
export const handler = middy<UpkeepEvent>()
  .use(logged('upkeep'))
  .handler(async (event: UpkeepEvent, context: Context) =>
    // Not the request's id: Lambda delivers an event twice with one id, and two listeners of one name both have the lease.
    run(event, { listener: randomUUID(), timeLeft: () => context.getRemainingTimeInMillis() }),
  )
