import { HAND_OVER_MS } from '../../functions/parts/listening.ts'
import { STACK } from '../../infra/synthesis.ts'
import { ANSWERED_EVERY } from '../../shared/device/signs.ts'
import { AHEAD_MS } from '../../shared/device/coverage.ts'
import { device, type Device } from '../../shared/device/device.ts'
import { GATEWAY_LIMITS } from '../../shared/rules/gateway-limits.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { CONFIGURATION_CACHE_MS } from '../../shared/store/configuration.ts'
import type { BenchOptions } from './bench.ts'
import { crowd, type Crowd } from './crowd.ts'
import { meter, type Meter } from './meter.ts'
import { perMonth } from './monthly.ts'
import { NOTHING, plus, priceOf, times, type Count } from './prices.ts'
import { pause } from './talker.ts'
import { persistently, turns } from './turns.ts'

const SECONDS = 60
/** The sessions that one environment is to hold, and those over which single operations are counted. */
const SESSIONS = 900
const FEW = 20
const LOGINS_AT_ONCE = 8
const ENVIRONMENTS = 4

const UPKEEP = `${STACK}-upkeep`
const HOUR_MS = 3_600_000
/** How long upkeep listens here before it hands over, in milliseconds. */
const LISTENING_MS = 5_000
/** The stand-in CWA holds a GET for 20 s: by then every session has been answered, and knows the new ticket. */
const HOLD_MS = 25_000
/** A device's signs of life, while they are counted, in milliseconds: apart enough that its key is read each time, as in an hour. */
const STATUS_MS = CONFIGURATION_CACHE_MS + 1_000
/** Everything that was set going has been counted by then, in milliseconds. */
const SETTLE_MS = 1_000

/** How often in an hour, for one idle session. */
const HOURLY = {
  statuses: HOUR_MS / DEFAULT_SETTINGS.statusIntervalMs,
  /** A device moves to another connection ahead of the gateway's two hours. */
  reconnects: HOUR_MS / (GATEWAY_LIMITS.lifetimeMs - AHEAD_MS),
  /** Most statuses are not answered; now and then a device wants to know that it is heard. */
  answers: HOUR_MS / (DEFAULT_SETTINGS.statusIntervalMs * ANSWERED_EVERY),
  /** An environment of upkeep lives for its timeout. */
  handovers: HOUR_MS / (900_000 - HAND_OVER_MS.startHeir),
  /** CWA replaces a ticket that is ten minutes old (the stand-in's setting). */
  tickets: 6,
} as const

/** The price floor on paper, in millionths of a dollar: what the operation would cost if it were nothing but itself. */
const FLOOR = { login: 8.98, up: 1.46, down: 1, idle: 40.9 } as const
/** The most that an idle session-hour may cost, in dollars. */
const IDLE_MOST = 0.00008

/**
 * What single operations and an idle session-hour cost, from counted units. Lambda's time is this machine's (the usual
 * billed milliseconds at the memory configured; a Lambda of 256 MB has a part of a processor, and takes longer); everything
 * else is exact.
 *
 * An hour is not waited for: what listening takes is counted over `seconds` with all sessions held by whatever
 * environments hold them, the rest (statuses, reconnects, hand-overs, tickets) as single operations, times how often
 * they come in an hour.
 *
 * @throws Error when an idle session-hour costs more than it may
 */
export async function price({ seconds = SECONDS, print }: BenchOptions): Promise<void> {
  const single = await singleOperations()
  const perHandover = await handoverOf(single.listening)
  const listening = await listeningOf(seconds, print)
  const { status, statusDown } = single
  const answers = statusDown < 0.5 ? HOURLY.answers : 0
  const idle: Readonly<Record<string, Count>> = {
    'connection minutes': { ...NOTHING, connectionMinute: 60 },
    [`${HOURLY.statuses} statuses`]: plus(times(status, HOURLY.statuses), { ...NOTHING, message: answers }),
    'reconnecting ahead of 2 h': times(single.reconnect, HOURLY.reconnects),
    'listening: held GETs, looks, ticks': listening.perHour,
    'hand-overs': times(perHandover, HOURLY.handovers),
  }
  // How often CWA replaces tickets nobody has said (reference: it does periodically): not in the sum.
  const tickets = times(listening.ticket, HOURLY.tickets)
  print(row('$ per million', 'API Gateway', 'Lambda', 'DynamoDB', 'logs', 'total', 'floor'))
  print(priced('login', single.login, FLOOR.login))
  print(priced('message up', single.up, FLOOR.up))
  print(priced('event down', single.down, FLOOR.down))
  const whole = plus(...Object.values(idle))
  print(priced('idle session-hour', whole, FLOOR.idle))
  for (const [name, count] of Object.entries(idle)) print(priced(`  ${name}`, count))
  print(priced('  beside it: a ticket every ten minutes', tickets))
  for (const line of listening.perMonth) print(line)
  const { total } = priceOf(whole)
  const line =
    `price: an idle session-hour costs $${total.toFixed(7)} (at most ${IDLE_MOST.toFixed(5)}), ` +
    `${listening.perEnvironment} sessions an environment, a status every ${DEFAULT_SETTINGS.statusIntervalMs / 60_000} minutes`
  if (total > IDLE_MOST) throw new Error(line)
  print(line)
}

const row = (name: string, ...cells: readonly string[]): string =>
  name.padEnd(38) + cells.map((cell) => cell.padStart(12)).join('')

function priced(name: string, count: Count, floor?: number): string {
  const { gateway, lambda, dynamo, logs, total } = priceOf(count)
  const cells = [gateway, lambda, dynamo, logs, total].map((dollars) => (dollars * 1e6).toFixed(2))
  return row(name, ...cells, ...(floor === undefined ? [] : [floor.toFixed(2)]))
}

interface Few {
  readonly own: Crowd
  readonly meter: Meter
  readonly devices: readonly Device[]
  readonly stop: () => Promise<void>
}

/** Sessions whose devices are all logged in and listened for. `options`: how often they say that they are there. */
async function loggedIn(
  count: number,
  options: { readonly ticks: boolean; readonly statusIntervalMs?: number; readonly upkeepMs?: number },
): Promise<Few> {
  const { ticks, statusIntervalMs, upkeepMs } = options
  const counts = meter()
  const own = await crowd({
    count,
    ticks,
    settings: statusIntervalMs === undefined ? {} : { statusIntervalMs },
    // Whichever way AWS has it, nothing is answered without a body over a two-way route: so the price holds.
    gateway: { log: counts.access, emptyMessages: true },
    lambda: {
      log: counts.log,
      environments: ENVIRONMENTS,
      ...(upkeepMs === undefined ? {} : { timeoutsMs: { [UPKEEP]: upkeepMs } }),
    },
  })
  const connect = (url: string) => counts.watch(new WebSocket(url))
  const devices = own.members.map(({ person, transportKey }) =>
    device({ url: own.running.url, device: person.device, transportKey, connect }),
  )
  const stop = async () => {
    for (const each of devices) each.close()
    await own.stop()
  }
  counts.reset(own.running)
  const inTurn = turns(LOGINS_AT_ONCE)
  try {
    const entering = own.members.map(({ person: { login, password } }, index) =>
      inTurn(() => persistently(async () => devices[index]?.login(login, password))),
    )
    await Promise.all(entering)
  } catch (thrown) {
    await stop()
    throw thrown
  }
  return { own, meter: counts, devices, stop }
}

async function heldAll({ own: { running, members } }: Few): Promise<void> {
  await Promise.all(members.map(({ uri }) => running.cwa.control.untilListening(uri)))
}

interface Single {
  readonly login: Count
  readonly up: Count
  readonly down: Count
  readonly status: Count
  /** Messages down for each status. */
  readonly statusDown: number
  readonly reconnect: Count
  /** What listening for FEW sessions takes in a millisecond. */
  readonly listening: Count
}

async function singleOperations(): Promise<Single> {
  const few = await loggedIn(FEW, { ticks: false, statusIntervalMs: STATUS_MS })
  const { own, meter: counts, devices } = few
  const { running, members } = own
  try {
    await pause(SETTLE_MS)
    const login = times(plus(counts.of(running, 'authorize'), counts.of(running, 'login')), 1 / FEW)
    await heldAll(few)
    const listening = await during(few, 2 * STATUS_MS + SETTLE_MS, () => counts.of(running, 'upkeep'))
    const statuses = counts.of(running, 'status')
    const status = times(statuses, 1 / statuses.invocation)

    counts.reset(running)
    await eachTalks(few)
    const sends = counts.runs(running, 'send')
    const up = times(counts.of(running, 'send'), 1 / sends)

    const startedAt = performance.now()
    counts.reset(running)
    const events = 10
    for (let event = 0; event < events; event += 1) {
      for (const { uri } of members) {
        const message = { format: 'text/plain', content: 'Shall we have lunch together at noon?' }
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
    const each = 1 / (events * FEW)
    // Acknowledged by one status for five, as a device that is written to does.
    const down = plus(
      times({ ...upkeep, message: counts.pushes(), gbSecond: 0, invocation: 0 }, each),
      times(status, 1 / 5),
    )

    counts.reset(running)
    for (const each of devices) each.close()
    await pause(SETTLE_MS)
    await Promise.all(devices.map((each) => each.resume()))
    await pause(SETTLE_MS)
    const parts = ['authorize', 'disconnect', 'poll'].map((name) => counts.of(running, name))
    const reconnect = times(plus(...parts), 1 / FEW)
    const statusDown = status.message - 1
    return { login, up, down, status, statusDown, reconnect, listening }
  } finally {
    await few.stop()
  }
}

/** Each second device writes some messages to the next one, in a conversation. */
async function eachTalks({ own: { members }, devices }: Few): Promise<void> {
  const [ann, bob] = devices
  const other = members[1]?.uri
  if (ann === undefined || bob === undefined || other === undefined) throw new Error('price: there is nobody to talk')
  const invited = Promise.withResolvers<number>()
  const connected = Promise.withResolvers<void>()
  const stops = [
    bob.on((event) => event.kind === 'invitation' && invited.resolve(event.conversation)),
    ann.on((event) => event.kind === 'conversation' && event.state === 'connected' && connected.resolve()),
  ]
  const { conversation = 0 } = await ann.send({ kind: 'start', to: [other], text: 'Hello' })
  await bob.send({ kind: 'accept', conversation: await invited.promise })
  await connected.promise
  for (let number = 0; number < 50; number += 1) {
    await ann.send({ kind: 'message', conversation, text: 'Shall we have lunch together at noon?' })
  }
  for (const stop of stops) stop()
}

/** What is counted in some milliseconds, for each of them. */
async function during({ own: { running }, meter: counts }: Few, ms: number, count: () => Count): Promise<Count> {
  counts.reset(running)
  const startedAt = performance.now()
  await pause(ms)
  return times(count(), 1 / (performance.now() - startedAt))
}

/** What a hand-over takes, for one session, beside what listening takes anyway. */
async function handoverOf(listening: Count): Promise<Count> {
  const few = await loggedIn(FEW, { ticks: false, upkeepMs: HAND_OVER_MS.startHeir + LISTENING_MS })
  const { own, meter: counts } = few
  try {
    await heldAll(few)
    const took = 5 * LISTENING_MS
    const each = await during(few, took, () => counts.of(own.running, 'upkeep'))
    const handovers = counts.runs(own.running, 'upkeep')
    if (handovers === 0) throw new Error('price: nobody handed over')
    const more = times(plus(each, times(listening, -1)), took / (handovers * FEW))
    // Its time is that of the hour; a start is an environment's, not a session's.
    return { ...more, gbSecond: 0, invocation: 1 / SESSIONS }
  } finally {
    await few.stop()
  }
}

interface Listening {
  readonly perEnvironment: number
  readonly perHour: Count
  /** What is paid whatever is done, in words. */
  readonly perMonth: readonly string[]
  /** What a new ticket takes, for one session. */
  readonly ticket: Count
}

async function listeningOf(seconds: number, print: (line: string) => void): Promise<Listening> {
  const all = await loggedIn(SESSIONS, { ticks: true })
  const { own, meter: counts } = all
  const { running, members } = own
  try {
    print(`price: ${SESSIONS} sessions are logged in; counting for ${seconds} s`)
    await heldAll(all)
    const upkeep = () => counts.of(running, 'upkeep')
    const each = await during(all, seconds * 1_000, upkeep)
    const perListener = Number(running.variablesOf(UPKEEP)['SESSIONS_PER_LISTENER'])
    const environments = Math.ceil(SESSIONS / perListener)
    const memoryMb = running.description.functions.find(({ name }) => name === UPKEEP)?.memoryMb ?? 0
    // One that listens reports only when it ends: it is paid for every second of the hour.
    const gbSecond = (environments * 3_600 * memoryMb) / 1_024 / SESSIONS
    const perHour = { ...times(each, HOUR_MS / SESSIONS), gbSecond }

    const startedAt = performance.now()
    counts.reset(running)
    for (const { uri } of members) running.cwa.control.rotateTicket(uri)
    await pause(HOLD_MS)
    const took = performance.now() - startedAt
    const ticket = times(plus(upkeep(), times(each, -took)), 1 / SESSIONS)
    return {
      perEnvironment: Math.round(SESSIONS / environments),
      perHour,
      perMonth: perMonth(running),
      ticket: { ...ticket, gbSecond: 0, invocation: 0 },
    }
  } finally {
    await all.stop()
  }
}
