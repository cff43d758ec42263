import { availableParallelism } from 'node:os'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { wallClock } from '../../../shared/clock.ts'
import type { Device } from '../../../shared/device/device.ts'
import type { BenchOptions } from '../bench.ts'
import { latencies, inWords, type Latencies } from '../latency.ts'
import { persistently, turns } from '../turns.ts'
import { pause } from '../talker.ts'
import { conversation, type Talk } from './conversation.ts'
import { deviceOf, entered, stackApart, type StackApart } from './stack-apart.ts'
import { written } from './written.ts'

const SECONDS = 20
/** Asked before this process gives one of them away: from then on Node counts those that are left to it. */
const PROCESSORS = availableParallelism()
const RATE = 50
const PAIRS = { oneCore: 20, twoCores: 50 } as const
const LOGINS_AT_ONCE = 6
const LOGINS = 300
const WARMING_MS = 4_000

/** What is meant: at most as many ms, and at least as many a second. */
const MEANT = { p50: 40, messages: 160, logins: 30, messagesOnTwo: 250 } as const

/**
 * What the local stack carries: with one processor for it and one for the devices, how long a message takes at 50 a
 * second, and how many messages and logins it does in a second; and with two processors for both, 50 pairs. Beside each
 * stands what the stack's process took of the processor for one, which does not depend on what else the machine does.
 */
export async function load({ seconds = SECONDS, print }: BenchOptions): Promise<void> {
  const isApart = await mayPin()
  const [steady, messages, logins] = await withStack(PAIRS.oneCore, isApart ? 0 : undefined, async (stack, talks) => {
    const at50 = await steadily(stack, talks, seconds * 1_000)
    print(`  ${RATE} messages a second: ${inWords(at50.latency)}, ${each(at50)}`)
    const most = await asMuchAsGoes(stack, talks, seconds * 1_000)
    print(`  messages: ${rate(most)} a second, ${inWords(most.latency)}, ${each(most)}`)
    const logins = await loggingIn(stack, seconds * 1_000)
    print(`  logins: ${rate(logins)} a second, ${inWords(logins.latency)}, ${each(logins)}`)
    return [at50, most, logins]
  })
  const [two] = await withStack(PAIRS.twoCores, undefined, async (stack, talks) => {
    const most = await asMuchAsGoes(stack, talks, seconds * 1_000)
    print(
      `  ${PAIRS.twoCores} pairs on all processors: ${rate(most)} a second, ${inWords(most.latency)}, ${each(most)}`,
    )
    return [most]
  })
  await written('load', { meant: MEANT, isApart, steady, messages, logins, twoCores: two })
  if (steady === undefined || messages === undefined || logins === undefined || two === undefined)
    throw new Error('load')
  print(
    `load: ${isApart ? 'one processor for the stack' : 'processors shared'}: p50 at ${RATE}/s ${steady.latency.p50.toFixed(0)} ms ` +
      `(meant: ${MEANT.p50}), ${rate(messages)} messages/s (${MEANT.messages}), ${rate(logins)} logins/s (${MEANT.logins}); ` +
      `two processors, ${PAIRS.twoCores} pairs: ${rate(two)} messages/s (${MEANT.messagesOnTwo}); ` +
      `processor of the stack: ${messages.cpuMs.toFixed(1)} ms a message, ${logins.cpuMs.toFixed(1)} ms a login`,
  )
}

/** `perSecond`: how many were done. `cpuMs`: what the stack's process took of the processor for each. */
interface Carried {
  readonly perSecond: number
  readonly cpuMs: number
  readonly latency: Latencies
}

const rate = ({ perSecond }: Carried): string => perSecond.toFixed(0)
const each = ({ cpuMs }: Carried): string => `${cpuMs.toFixed(1)} ms of the processor each`

/** Whether processes can be given a processor of their own; this one then leaves the first to the stack. */
async function mayPin(): Promise<boolean> {
  if (process.platform !== 'linux' || PROCESSORS < 2) return false
  try {
    await pinned('1')
    return true
  } catch {
    return false
  }
}

/** This process and all its threads. */
async function pinned(processors: string): Promise<void> {
  await promisify(execFile)('taskset', ['-a', '-c', '-p', processors, String(process.pid)])
}

async function withStack(
  pairs: number,
  processor: number | undefined,
  act: (stack: StackApart, talks: readonly Talk[]) => Promise<Carried[]>,
): Promise<Carried[]> {
  if (processor === undefined) await pinned(`0-${PROCESSORS - 1}`).catch(() => {})
  const stack = await stackApart(2 * pairs + LOGINS, processor)
  const devices: Device[] = []
  try {
    const inTurn = turns(4)
    const joining = stack.members.slice(0, 2 * pairs)
    devices.push(
      ...(await Promise.all(joining.map((one) => inTurn(async () => persistently(() => entered(stack, one)))))),
    )
    const talks = await Promise.all(
      Array.from({ length: pairs }, (_, pair) => inTurn(async () => begun(devices[2 * pair], devices[2 * pair + 1]))),
    )
    await talking(talks, WARMING_MS)
    return await act(stack, talks)
  } finally {
    for (const own of devices) own.close()
    await stack.stop()
  }
}

async function begun(first: Device | undefined, second: Device | undefined): Promise<Talk> {
  if (first === undefined || second === undefined) throw new Error('load: nobody to talk')
  return conversation(first, second)
}

async function measured(stack: StackApart, work: () => Promise<number[]>): Promise<Carried> {
  const before = await stack.taken()
  const startedAt = performance.now()
  const times = await work()
  const seconds = (performance.now() - startedAt) / 1_000
  const after = await stack.taken()
  return {
    perSecond: times.length / seconds,
    cpuMs: (after.cpuMs - before.cpuMs) / times.length,
    latency: latencies(times),
  }
}

/** So many messages a second, however long each takes. */
function steadily(stack: StackApart, talks: readonly Talk[], forMs: number): Promise<Carried> {
  return measured(stack, async () => {
    const said: Promise<number>[] = []
    const startedAt = performance.now()
    for (let count = 0; count * (1_000 / RATE) < forMs; count += 1) {
      await pause(Math.max(0, startedAt + count * (1_000 / RATE) - performance.now()))
      const talk = talks[count % talks.length]
      if (talk !== undefined) said.push(talk.say(count % 2 === 0 ? 0 : 1))
    }
    return Promise.all(said)
  })
}

/** Each pair says the next thing as soon as the last one was shown. */
function asMuchAsGoes(stack: StackApart, talks: readonly Talk[], forMs: number): Promise<Carried> {
  return measured(stack, () => talking(talks, forMs))
}

async function talking(talks: readonly Talk[], forMs: number): Promise<number[]> {
  const endAt = wallClock.now() + forMs
  const times = await Promise.all(
    talks.map(async (talk) => {
      const own: number[] = []
      while (wallClock.now() < endAt) own.push(await talk.say(own.length % 2 === 0 ? 0 : 1))
      return own
    }),
  )
  return times.flat()
}

/** Devices that log in for the first time, a few at once, until none is left or the time is up. */
function loggingIn(stack: StackApart, forMs: number): Promise<Carried> {
  const waiting = stack.members.slice(-LOGINS).values()
  const endAt = wallClock.now() + forMs
  const devices: Device[] = []
  const oneByOne = async (): Promise<number[]> => {
    const times: number[] = []
    for (const member of waiting) {
      const own = deviceOf(stack, member)
      devices.push(own)
      const startedAt = performance.now()
      await own.login(member.login, member.password)
      times.push(performance.now() - startedAt)
      if (wallClock.now() >= endAt) break
    }
    return times
  }
  return measured(stack, async () => {
    const times = await Promise.all(Array.from({ length: LOGINS_AT_ONCE }, oneByOne))
    for (const own of devices) own.close()
    return times.flat()
  })
}
