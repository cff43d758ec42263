import { Violation } from '../kit/simulation/simulation.ts'
import { playDelivery, type Played } from '../simulation/delivery.ts'
import { simulatedMatrix } from '../simulation/delivery-matrix.ts'
import { simulatedMemory } from '../simulation/delivery-memory.ts'
import type { BenchOptions, SimulatedUpstream } from './bench.ts'

const SCHEDULES = 20_000
/** How often it reports how far it is. */
const REPORTED_EVERY = 1_000

/**
 * Schedules of delivery, each by its seed, from 1 up: devices, connections, functions, listeners, the mailbox and the
 * server upstream, interleaved and broken off at every exchange between them.
 *
 * @throws Error at the first invariant that does not hold, with what happened and how to replay it
 */
export async function deliverySimulation({
  schedules,
  seconds,
  seed: only,
  over: upstream = 'cwa',
  print,
}: BenchOptions): Promise<void> {
  const most = only !== undefined ? 1 : (schedules ?? (seconds === undefined ? SCHEDULES : Infinity))
  const began = Date.now()
  const until = seconds === undefined ? Infinity : began + seconds * 1_000
  const sums = { steps: 0, messages: 0, listeners: 0, crashes: 0, wakes: 0 }
  let played = 0
  for (; played < most && Date.now() < until; played += 1) {
    const one = await playing(only ?? played + 1, upstream)
    sums.steps += one.steps
    sums.messages += one.messages
    sums.listeners += one.listeners
    sums.crashes += one.crashes
    sums.wakes += one.wakes
    if (played > 0 && played % REPORTED_EVERY === 0) print(`${played} schedules, ${sums.steps} steps`)
  }
  const { steps, messages, listeners, crashes, wakes } = sums
  print(
    `delivery-simulation: ${only === undefined ? `${played} schedules` : `seed ${only}`} over ${upstream}, ${steps} steps, ` +
      `${messages} messages, ${listeners} listeners of which ${crashes} were stopped, ${wakes} devices woken, ` +
      `${Math.round((Date.now() - began) / 1_000)} s: every invariant held`,
  )
}

/** None of CWA's: that is what a schedule has without being asked. */
const SERVERS = { cwa: {}, matrix: { server: simulatedMatrix }, memory: { server: simulatedMemory } } as const

async function playing(seed: number, upstream: SimulatedUpstream): Promise<Played> {
  try {
    return await playDelivery({ seed, ...SERVERS[upstream] })
  } catch (thrown) {
    if (!(thrown instanceof Violation)) throw thrown
    const replay = `npm run bench -- delivery-simulation --seed ${seed} --upstream ${upstream}`
    throw new Error(`${thrown.trace.join('\n')}\n${thrown.message}\nreplay it: ${replay}`, { cause: thrown })
  }
}
