import { CONFIGURATION_CACHE_MS } from '../../shared/store/configuration/configuration.ts'
import { during, heldAll, withSessions, type Priced } from './price-crowd.ts'
import { plus, times, type Count } from './prices.ts'
import { pause } from './talker.ts'

/** The sessions over which single operations are counted. */
const FEW = 20
const EVENTS = 10
/** One status acknowledges so many events of a device that is written to. */
const EVENTS_A_STATUS = 5
/** A device's signs of life, while they are counted, in milliseconds: apart enough that its key is read each time, as in an hour. */
const STATUS_MS = CONFIGURATION_CACHE_MS + 1_000
/** Everything that was set going has been counted by then, in milliseconds. */
const SETTLE_MS = 1_000

/** What single operations take. */
export interface Single {
  readonly login: Count
  readonly up: Count
  readonly down: Count
  readonly status: Count
  /** Messages down for each status. */
  readonly statusDown: number
  readonly reconnect: Count
  /** What loading a function takes. */
  readonly cold: Readonly<Record<'status' | 'authorize' | 'disconnect' | 'poll', Count>>
}

export function singleOperations(): Promise<Single> {
  return withSessions(FEW, { statusIntervalMs: STATUS_MS }, async (few) => {
    const { own, meter: counts, devices } = few
    const { running } = own
    await pause(SETTLE_MS)
    const login = times(plus(counts.of(running, 'authorize'), counts.of(running, 'login')), 1 / FEW)
    await heldAll(few)
    const listening = await during(few, 2 * STATUS_MS + SETTLE_MS, () => counts.of(running, 'upkeep'))
    const statuses = counts.of(running, 'status')
    const status = times(statuses, 1 / statuses.invocation)

    counts.reset(running)
    await eachTalks(few)
    const up = times(counts.of(running, 'send'), 1 / counts.runs(running, 'send'))
    const down = plus(await eventDown(few, listening), times(status, 1 / EVENTS_A_STATUS))

    counts.reset(running)
    // One after the other: each has an environment of its own on AWS, and here they would wait for one processor.
    for (const each of devices) {
      each.close()
      await each.resume()
    }
    await pause(SETTLE_MS)
    const parts = ['authorize', 'disconnect', 'poll'].map((name) => counts.of(running, name))
    const reconnect = times(plus(...parts), 1 / FEW)
    const cold = {
      status: counts.cold(running, 'status'),
      authorize: counts.cold(running, 'authorize'),
      disconnect: counts.cold(running, 'disconnect'),
      poll: counts.cold(running, 'poll'),
    }
    return { login, up, down, status, statusDown: status.message - 1, reconnect, cold }
  })
}

/** What upkeep takes for an event that it passes on to a device. @param listening what it takes in a millisecond anyway */
async function eventDown({ own, meter: counts }: Priced, listening: Count): Promise<Count> {
  const { running, members } = own
  const message = { format: 'text/plain', content: 'Shall we have lunch together at noon?' }
  const startedAt = performance.now()
  counts.reset(running)
  for (let event = 0; event < EVENTS; event += 1) {
    for (const { uri } of members) {
      running.cwa.control.queueEvents(uri, [
        { event: 'messageReceived', confId: 1, sender: 'sip:b@contoso.test', message },
      ])
    }
    await Promise.all(members.map(({ uri }) => running.cwa.control.untilListening(uri)))
    await pause(200)
  }
  await pause(SETTLE_MS)
  const took = performance.now() - startedAt
  const upkeep = plus(counts.of(running, 'upkeep'), times(listening, -took))
  const events = { ...upkeep, message: counts.pushes(), gbSecond: 0, gbSecondAtShare: 0, invocation: 0 }
  return times(events, 1 / (EVENTS * FEW))
}

/** Each second device writes some messages to the next one, in a conversation. */
async function eachTalks({ own: { members }, devices }: Priced): Promise<void> {
  const [ann, bob] = devices
  const other = members[1]?.uri
  if (ann === undefined || bob === undefined || other === undefined) throw new Error('price: there is no one to talk')
  const invited = Promise.withResolvers<string>()
  const connected = Promise.withResolvers<void>()
  const stops = [
    bob.on((event) => event.kind === 'invitation' && invited.resolve(event.conversation)),
    ann.on((event) => event.kind === 'conversation' && event.state === 'connected' && connected.resolve()),
  ]
  const { conversation = '' } = await ann.send({ kind: 'start', to: [other], text: 'Hello' })
  await bob.send({ kind: 'accept', conversation: await invited.promise })
  await connected.promise
  for (let number = 0; number < 50; number += 1) {
    await ann.send({ kind: 'message', conversation, text: 'Shall we have lunch together at noon?' })
  }
  for (const stop of stops) stop()
}
