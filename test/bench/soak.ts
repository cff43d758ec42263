import type { BusEvent } from '../../infra/aws/eventbridge/event.ts'
import { wallClock } from '../../shared/clock.ts'
import type { RunningStack } from '../../infra/local/stack.ts'
import type { BenchOptions } from './bench.ts'
import { chaos, chaosPlan, tick, type UpstreamChaos } from './chaos.ts'
import { crowd, type CrowdOptions, type Member } from './crowd.ts'
import { ledger, type Judgement } from './ledger.ts'
import { pair, type Pair } from './pair.ts'
import { seeded } from './seeded.ts'
import { pause, talker, type Talker } from './talker.ts'
import { turns } from './turns.ts'

const SECONDS = 300
const DEVICES = 100

/** Environments of each function: more would only make the machine's processors change between them more often. */
const ENVIRONMENTS = 4
/** How often the schedule ticks, in milliseconds. */
const TICK_MS = 10_000
/** A sign of life often enough that connections that vanished are missed within a short run. */
const STATUS_INTERVAL_MS = 20_000
/** A socket that died silently under a device which only listens is found by waking it: sooner than an administrator may set. */
const WAKE_AFTER_MS = 12_000

export interface SoakOptions extends Pick<BenchOptions, 'seconds' | 'seed' | 'print'> {
  readonly devices?: number
  /** A server upstream that runs already. Default: the stand-in CWA. */
  readonly server?: SoakServer
  readonly talk?: Talk
}

export interface SoakServer extends Required<Pick<CrowdOptions, 'upstream' | 'register'>> {
  readonly name: string
  readonly chaos: UpstreamChaos
}

/** How much is asked of a server upstream. */
export interface Talk {
  /** Between what somebody says and what they say next, in milliseconds. */
  readonly pauseMs: { readonly least: number; readonly most: number }
  /** Devices whose logins are under way at once. */
  readonly loginsAtOnce: number
  /** How long it may take, in milliseconds, until after the chaos all that was sent has come down: leases, ticks, back-offs. */
  readonly drainMs: number
}

const TALK: Talk = { pauseMs: { least: 300, most: 2_000 }, loginsAtOnce: 8, drainMs: 180_000 }

/**
 * Devices in pairs that send each other numbered messages over the whole local stack, while a plan of chaos is carried
 * out: environments die, leases are lost, sockets vanish, the server restarts, DynamoDB throttles, sessions end. Then all
 * that was sent must have come: `Ledger` says what "must" is.
 *
 * @throws Error when a message was lost, doubled, out of order or denied, or when the service did not come to rest
 */
export async function soak(options: SoakOptions): Promise<void> {
  const {
    seconds = SECONDS,
    devices = DEVICES,
    seed = Math.floor(Math.random() * 1e6),
    print,
    server,
    talk = TALK,
  } = options
  const name = server?.name ?? 'soak'
  const random = seeded(seed)
  const plan = chaosPlan(seconds, random)
  const havoc = chaos(random.fork())
  const book = ledger()
  print(`${name}: seed ${seed}, ${devices} devices, ${plan.length} steps of chaos in ${seconds} s`)

  const { running, members, stop } = await crowd({
    count: devices,
    ...(server !== undefined && { upstream: server.upstream, register: server.register }),
    settings: { statusIntervalMs: STATUS_INTERVAL_MS, wakeAfterMs: WAKE_AFTER_MS },
    eventBridge: { published: (event) => wake(event) },
    gateway: { dropDisconnect: havoc.dropDisconnect },
    lambda: { environments: ENVIRONMENTS },
    dynamo: { fault: havoc.fault },
  })
  const talkers: Talker[] = []
  /** What a team's push provider does: a device that is woken connects anew, whatever it thought of its connection. */
  function wake({ detail }: BusEvent): void {
    const index = members.findIndex(({ person }) => JSON.stringify(detail).includes(`"${person.device}"`))
    talkers[index]?.device.resume().catch(() => {})
  }
  const ended = new AbortController()
  try {
    const deadline = { at: Number.POSITIVE_INFINITY }
    const goOn = () => {
      if (wallClock.now() > deadline.at)
        throw new Error(`not everything that was sent came down within ${talk.drainMs / 1000} s`)
    }
    const inTurn = turns(talk.loginsAtOnce)
    const pairs: Pair[] = []
    const entering = (member: Member, index: number) =>
      talker(member, { url: running.url, ledger: book, inTurn, goOn, onEnded: () => pairs[index >> 1]?.broken() })
    talkers.push(...members.map(entering))
    for (const [index, left] of talkers.entries()) {
      const right = talkers[index + 1]
      if (index % 2 === 0 && right !== undefined)
        pairs.push(pair({ left, right, ledger: book, random: random.fork(), goOn, pauseMs: talk.pauseMs }))
    }

    await everyone(talkers, (each) => each.enter())
    print(`${name}: ${talkers.length} devices are logged in`)
    tickOften(running, ended.signal)
    const talking = Promise.all(pairs.map((each) => each.talk()))
    await Promise.race([talking, everyone(pairs, (each) => each.talking)])
    print(`${name}: everybody talks`)
    await havoc.run(plan, {
      running,
      uris: members.map(({ uri }) => uri),
      upstream: server?.chaos ?? standInChaos(running),
      closeSockets: (chosen) => talkers.filter((_, index) => chosen(index)).forEach(({ closeSocket }) => closeSocket()),
    })
    print(`${name}: the chaos is over`)
    // On a machine that is busy with something else they came to say little until now.
    const enoughBy = wallClock.now() + SAY_MORE_MS
    while (book.judge().shown < LEAST_EACH * talkers.length && wallClock.now() < enoughBy) await pause(1_000)
    deadline.at = wallClock.now() + talk.drainMs
    for (const each of pairs) each.stop()
    let complaint: string | undefined
    try {
      await talking
      await everyone(pairs, (each) => each.lastWords())
    } catch (thrown) {
      complaint = thrown instanceof Error ? thrown.message : String(thrown)
      for (const each of pairs) if (each.waitsFor() !== undefined) print(`  not down: ${each.waitsFor()}`)
    }
    conclude({ name, seed, seconds, talkers, judgement: book.judge(), chaos: havoc.done(), print, complaint })
  } finally {
    ended.abort()
    for (const { device } of talkers) device.close()
    await stop()
  }
}

/** The stand-in CWA forgets its sessions, and does not take a user's ticket any more. */
function standInChaos({ cwa }: RunningStack): UpstreamChaos {
  return {
    restart: async () => cwa.control.restart(),
    endSession: async (uri) => cwa.control.expireTicket(uri),
  }
}

/** The schedule, made denser: a minute without a listener is a fifth of a run, and shows nothing that ten seconds do not. */
function tickOften(running: RunningStack, ended: AbortSignal): void {
  if (ended.aborted) return
  tick(running)
  wallClock.after(TICK_MS, () => tickOften(running, ended))
}

interface Outcome {
  readonly name: string
  readonly seed: number
  readonly seconds: number
  readonly talkers: readonly Talker[]
  readonly judgement: Judgement
  readonly chaos: Readonly<Record<string, number>>
  readonly print: (line: string) => void
  readonly complaint: string | undefined
}

const SHOWN_MOST = 20
/** Messages shown to each device, on average, below which a run shows nothing. */
const LEAST_EACH = 2
/** How long they may go on talking after the chaos, in milliseconds, until that much was shown. */
const SAY_MORE_MS = 60_000

function conclude({ name, seed, seconds, talkers, judgement, chaos, print, complaint }: Outcome): void {
  const { messages, shown, unconfirmed, refused, codes, down, lost, twice, outOfOrder, denied } = judgement
  const sum = (count: 'logins' | 'reconnects' | 'gaps') =>
    talkers.reduce((total, talker) => total + talker.counts()[count], 0)
  for (const [words, found] of Object.entries({ lost, twice, 'out of order': outOfOrder, denied }))
    for (const line of found.slice(0, SHOWN_MOST)) print(`  ${words}: ${line}`)
  const actions = Object.entries(chaos).map(([kind, times]) => `${kind} ${times}`)
  const figures = [
    `${messages} messages, ${shown} deliveries`,
    `chaos: ${actions.join(', ')}`,
    `logins ${sum('logins')}, reconnects ${sum('reconnects')}, gaps ${sum('gaps')}`,
    `refused ${refused}, unconfirmed ${unconfirmed}${codes === '' ? '' : ` (${codes})`}, down with a session ${down}`,
    `lost ${lost.length}, twice ${twice.length}, out of order ${outOfOrder.length}, denied ${denied.length}`,
  ]
  const line = `${name}: seed ${seed}, ${talkers.length} devices, ${seconds} s: ${figures.join('; ')}`
  const wrong = lost.length + twice.length + outOfOrder.length + denied.length + sum('gaps')
  // What was not said cannot be lost.
  if (shown < LEAST_EACH * talkers.length) throw new Error(`${line}; too little was said to show anything`)
  if (complaint !== undefined) throw new Error(`${line}; ${complaint}`)
  if (wrong > 0) throw new Error(line)
  print(line)
}

async function everyone<T>(all: readonly T[], act: (one: T) => Promise<unknown>): Promise<void> {
  await Promise.all(all.map(act))
}
