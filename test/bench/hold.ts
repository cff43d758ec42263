import { join } from 'node:path'
import { STACK } from '../../infra/cdk/synthesis.ts'
import type { RunningStack } from '../../infra/local/stack.ts'
import { wallClock } from '../../shared/clock.ts'
import { device, type Device } from '../../shared/device/device.ts'
import type { BenchOptions } from './bench.ts'
import { crowd, type Crowd, type Member } from './crowd.ts'
import { floor, type Floor } from './floor.ts'
import { inWords, latencies, type Latencies } from './latency.ts'
import { measured, type Measured } from './measured.ts'
import type { Taken } from './own-process.ts'
import { pause } from './talker.ts'
import { persistently, turns } from './turns.ts'

const SECONDS = 120
const STAGES = [1, 100, 900] as const
const UPKEEP = `${STACK}-upkeep`
/** Lambda gives an environment no more file descriptors. */
const DESCRIPTORS_MOST = 1_024
const LOGINS_AT_ONCE = 8
/** How long an event may take, in milliseconds, before it counts as lost. */
const LOST_MS = 30_000
/** Sessions are all held when no more were seen held for this long, in milliseconds: a listener looks every second, or every ten. */
const SETTLED_MS = 12_000
/** Events of one stage: more would say nothing more. */
const EVENTS_MOST = 1_000
/** A session that is held is so for most of the time: in some of this many looks it is. */
const LOOKS = 20

interface Stage {
  readonly sessions: number
  readonly held: number
  readonly taken: Taken
  /** Processor time while nothing happens, as a share of one processor. */
  readonly idle: number
  readonly latency: Latencies
}

/**
 * One environment of upkeep, in a process of its own with the memory that it has on AWS, holds long polls for as many
 * sessions as it takes. All else (CWA, gateway, DynamoDB, the devices, which logged in for real) is in this process.
 * Beside it, in the same run, a floor: a bare long-poll client that relays to a bare WebSocket.
 *
 * @throws Error when an event is lost, or the environment takes more memory or descriptors than it would have
 */
export async function hold({ seconds = SECONDS, print }: BenchOptions): Promise<void> {
  const idleMs = (seconds * 1_000) / 12
  const eventsMs = (seconds * 1_000) / 8
  const bare = await floor()
  try {
    conclude(await measuredStages(bare, idleMs, eventsMs, print), print)
  } finally {
    await bare.stop()
  }
}

async function measuredStages(
  bare: Floor,
  idleMs: number,
  eventsMs: number,
  print: (line: string) => void,
): Promise<Outcome> {
  let environment: Measured | undefined
  let more = 0
  let listening = false
  const elsewhere = (name: string, payload: string): Promise<string> | undefined => {
    if (name !== UPKEEP) return undefined
    // One event at a time, as in any environment; a second one is what another environment would be started for.
    if (environment === undefined || listening) {
      more += 1
      return Promise.resolve('null')
    }
    listening = true
    return environment.act(payload).finally(() => (listening = false))
  }
  const own = await crowd({
    count: Math.max(...STAGES),
    ticks: false,
    lambda: { elsewhere, environments: 4 },
  })
  const devices: Device[] = []
  const stages: Stage[] = []
  const floors: Stage[] = []
  const { memoryMb, timeoutMs, directory } = upkeepOf(own.running)
  try {
    environment = measured({
      module: './hold-environment.ts',
      args: [join(directory, 'index.mjs'), String(timeoutMs)],
      execArgv: [`--max-old-space-size=${memoryMb}`],
      variables: own.running.variablesOf(UPKEEP),
    })
    const shown = new Map<string, () => void>()
    const inTurn = turns(LOGINS_AT_ONCE)
    for (const sessions of STAGES) {
      const joining = own.members.slice(devices.length, sessions)
      const startedAt = wallClock.now()
      devices.push(
        ...(await Promise.all(joining.map((member) => inTurn(async () => entered(own.running, member, shown))))),
      )
      print(
        `  ${sessions} logged in, the last ${joining.length} in ${((wallClock.now() - startedAt) / 1_000).toFixed(1)} s`,
      )
      const held = await allHeld(own)
      const before = await environment.taken()
      await pause(idleMs)
      const taken = await environment.taken()
      const latency = await timed(held, eventsMs, async (member) => {
        await own.running.cwa.control.untilListening(member.uri)
        return once(shown, member.uri, () => queueMessage(own, member))
      })
      const stage = { sessions, held: held.length, taken, idle: (taken.cpuMs - before.cpuMs) / idleMs, latency }
      stages.push(stage)
      print(`  service, ${inStage(stage)}`)
      const least = await floorsStage(bare, sessions, idleMs, eventsMs)
      floors.push(least)
      print(`  floor,   ${inStage(least)}`)
    }
    return { stages, floors, more, memoryMb }
  } finally {
    for (const each of devices) each.close()
    await environment?.stop()
    await own.stop()
  }
}

interface Outcome {
  readonly stages: readonly Stage[]
  readonly floors: readonly Stage[]
  /** How often another environment was asked for, which it did not get. */
  readonly more: number
  readonly memoryMb: number
}

/** The same of the floor, at the same moment: whatever else the machine does, it does to both. */
async function floorsStage(bare: Floor, sessions: number, idleMs: number, eventsMs: number): Promise<Stage> {
  await bare.grow(sessions)
  const before = await bare.taken()
  await pause(idleMs)
  const taken = await bare.taken()
  const all = Array.from({ length: sessions }, (_, index) => index)
  const latency = await timed(all, eventsMs, bare.event)
  return { sessions, held: sessions, taken, idle: (taken.cpuMs - before.cpuMs) / idleMs, latency }
}

function conclude({ stages, floors: bare, more, memoryMb }: Outcome, print: (line: string) => void): void {
  const [first, last] = [stages[0], stages.at(-1)]
  const [bareFirst, bareLast] = [bare[0], bare.at(-1)]
  if (!first || !last || !bareFirst || !bareLast) throw new Error('hold: nothing was measured')
  const ratios = stages.map(({ sessions, latency }, index) => {
    const { p50 = 1, p99 = 1 } = bare[index]?.latency ?? {}
    return `${sessions}: ${(latency.p50 / p50).toFixed(1)} and ${(latency.p99 / p99).toFixed(1)} times`
  })
  const rssMb = last.taken.rss / 1024 ** 2
  const line =
    `hold: one environment of ${memoryMb} MB held ${last.held} of ${last.sessions} sessions, asked for ${more} more; ` +
    `RSS ${rssMb.toFixed(0)} MB, ${perPoll(first, last).toFixed(1)} KB a held poll (floor ${perPoll(bareFirst, bareLast).toFixed(1)} KB); ` +
    `idle ${percent(last.idle)} of a processor (floor ${percent(bareLast.idle)}); ` +
    `descriptors ${last.taken.descriptors} of ${DESCRIPTORS_MOST}; ` +
    `event to device, p50 and p99 over the floor's, at ${ratios.join(', ')}`
  if (last.taken.descriptors > DESCRIPTORS_MOST) throw new Error(`${line}; too many descriptors`)
  if (rssMb > memoryMb) throw new Error(`${line}; too much memory`)
  print(line)
}

/** Memory, in KB, that one more held poll takes. */
const perPoll = (from: Stage, to: Stage): number =>
  (to.taken.rss - from.taken.rss) / Math.max(1, to.held - from.held) / 1_024

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

function inStage({ sessions, held, taken, idle, latency }: Stage): string {
  const { rss, descriptors } = taken
  const memory = `RSS ${(rss / 1024 ** 2).toFixed(0)} MB, ${descriptors} descriptors`
  return `${held} of ${sessions} held: ${memory}, idle ${percent(idle)}, event to device ${inWords(latency)}`
}

function upkeepOf({ description }: RunningStack) {
  const found = description.functions.find(({ name }) => name === UPKEEP)
  if (found === undefined) throw new Error(`the stack has no function ${UPKEEP}`)
  return found
}

async function entered({ url }: RunningStack, member: Member, shown: Map<string, () => void>): Promise<Device> {
  const { person, transportKey, uri } = member
  const own = device({ url, device: person.device, transportKey })
  own.on((event) => {
    if (event.kind === 'message') shown.get(uri)?.()
  })
  await persistently(() => own.login(person.login, person.password))
  return own
}

/** Those whose GETs are held, once these become no more. */
async function allHeld({ running, members }: Crowd): Promise<readonly Member[]> {
  const held = new Set<string>()
  let grewAt = wallClock.now()
  let looks = 0
  while (wallClock.now() - grewAt < SETTLED_MS || looks < LOOKS) {
    const before = held.size
    for (const { uri, listening } of running.cwa.control.sessions()) if (listening) held.add(uri)
    if (held.size > before) grewAt = wallClock.now()
    looks += 1
    await pause(100)
  }
  return members.filter(({ uri }) => held.has(uri))
}

function queueMessage({ running }: Crowd, { uri }: Member): void {
  const message = { format: 'text/plain', content: 'Are you there?' }
  const event = { event: 'messageReceived', confId: 1, sender: 'sip:somebody@contoso.test', message } as const
  running.cwa.control.queueEvents(uri, [event])
}

/** How long it takes until a device shows what `act` brings about. */
function once(shown: Map<string, () => void>, uri: string, act: () => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const cancel = wallClock.after(LOST_MS, () => reject(new Error(`hold: an event for ${uri} is lost`)))
    shown.set(uri, () => {
      shown.delete(uri)
      cancel()
      resolve(performance.now() - startedAt)
    })
    act()
  })
}

/** One event after the other, for one after the other. */
async function timed<T>(all: readonly T[], forMs: number, event: (one: T) => Promise<number>): Promise<Latencies> {
  const times: number[] = []
  const endAt = wallClock.now() + forMs
  while (wallClock.now() < endAt && times.length < EVENTS_MOST) {
    const one = all[(times.length * 7) % all.length]
    if (one === undefined) throw new Error('hold: no session is held')
    times.push(await event(one))
  }
  return latencies(times)
}
