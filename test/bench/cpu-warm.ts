import { NEW_MS } from '../../functions/session/poll.ts'
import { connected, conversationOf, eventFor, heartbeats, type CpuCrowd } from './cpu-crowd.ts'
import { functionNamed } from './crowd.ts'
import { latencies } from './latency.ts'
import { pause } from './talker.ts'

/**
 * Each is a function's, but `event`, which is upkeep's for a message that comes. A `status` is a heartbeat, which asks for no
 * answer; `answered` is one that does. A `poll` is one of a device that stayed; that of one that is `back` notifies its listener.
 */
export const OPERATIONS = ['status', 'answered', 'back', 'poll', 'send', 'event', 'login', 'authorize'] as const
export type Operation = (typeof OPERATIONS)[number]

/** Milliseconds of the processor. */
export interface Warm {
  readonly mean: number
  readonly p50: number
  readonly runs: number
}

/** Runs that are not counted, since Node still compiles. */
const GETTING_WARM = 40
/** How long upkeep is watched doing nothing but listening, in milliseconds. */
const LISTENING_MS = 3_000

/** How many devices are connected, each for the first time: its function reads its key. */
export const strangersFor = (runs: number): number => loginsFor(runs) + GETTING_WARM + 1

/** A login takes longer, and fewer are enough. */
const loginsFor = (runs: number): number => Math.max(1, Math.round(runs / 3))

export async function warmOperations(crowd: CpuCrowd, runs: number): Promise<Readonly<Record<Operation, Warm>>> {
  const { ann, bob, running, reports } = crowd
  async function timed(name: string, act: () => Promise<unknown>, times = runs): Promise<Warm> {
    for (let run = 0; run < times + GETTING_WARM; run += 1) {
      if (run === GETTING_WARM) reports(name)
      await act()
    }
    return inAll(reports(name).map(({ cpuMs = 0 }) => cpuMs))
  }

  const login = await timed('login', ann.enter, loginsFor(runs))
  const authorize = await timed('authorize', () => connected(crowd, crowd.stranger()), loginsFor(runs))
  await bob.enter()
  await Promise.all([ann, bob].map(({ uri }) => running.cwa.control.untilListening(uri)))
  const status = await timed('status', await heartbeats(crowd))
  const answered = await timed('status', () => ann.device.status(true))
  const back = await timed('poll', () => ann.device.poll())
  await pause(NEW_MS)
  const poll = await timed('poll', () => ann.device.poll())
  const conversation = await conversationOf(crowd)
  const text = 'Shall we have lunch together at noon?'
  const send = await timed('send', () => ann.device.send({ kind: 'message', conversation, text }))
  return { status, answered, back, poll, send, event: await events(crowd, runs), login, authorize }
}

function inAll(each: readonly number[]): Warm {
  const { count: runs, p50 } = latencies(each)
  return { mean: each.reduce((sum, ms) => sum + ms, 0) / Math.max(1, runs), p50, runs }
}

/** Of upkeep's thread, less what it takes to listen for as long as the events took. Its runs are minutes: no report says it. */
async function events(crowd: CpuCrowd, runs: number): Promise<Warm> {
  const upkeep = functionNamed(crowd.running, 'upkeep')
  const taken = () => crowd.running.lambda.cpuMs(upkeep)
  for (let run = 0; run < GETTING_WARM; run += 1) await eventFor(crowd, crowd.bob)
  const before = await taken()
  await pause(LISTENING_MS)
  const idle = ((await taken()) - before) / LISTENING_MS
  const [begunAt, cpuAtFirst] = [performance.now(), await taken()]
  for (let run = 0; run < runs; run += 1) await eventFor(crowd, crowd.bob)
  const spent = (await taken()) - cpuAtFirst - idle * (performance.now() - begunAt)
  return { mean: spent / runs, p50: spent / runs, runs }
}
