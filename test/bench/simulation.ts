import { Violation } from '../kit/simulation/simulation.ts'
import { matrix, memory, playAdmission } from '../simulation/admission.ts'
import type { BenchOptions, SimulatedUpstream } from './bench.ts'

const SCHEDULES = 20_000
/** How often it reports how far it is. */
const REPORTED_EVERY = 1_000

/**
 * Schedules of admission, each by its seed: logins, statuses, evictions, log-outs, disconnects, upkeep, changes of the
 * maximum and crashes, interleaved at every exchange with the database, the gateway and the server upstream.
 *
 * @throws Error at the first invariant that does not hold, with what happened and how to replay it
 */
export async function simulationBench({
  schedules,
  seconds,
  seed: only,
  over: upstream = 'cwa',
  print,
}: BenchOptions): Promise<void> {
  if (only !== undefined) return replay(only, upstream, print)
  const until = seconds === undefined ? Infinity : Date.now() + seconds * 1_000
  const most = schedules ?? (seconds === undefined ? SCHEDULES : Infinity)
  const began = Date.now()
  const sums = { steps: 0, logins: 0, admitted: 0, crashes: 0 }
  let played = 0
  for (; played < most && Date.now() < until; played += 1) {
    const one = await playing(played, upstream)
    sums.steps += one.steps
    sums.logins += one.logins
    sums.admitted += one.admitted
    sums.crashes += one.crashes
    if (played > 0 && played % REPORTED_EVERY === 0) print(`${played} schedules, ${sums.steps} steps`)
  }
  print(
    `simulation: ${played} schedules over ${upstream}, ${sums.steps} steps, ${sums.logins} logins, ${sums.admitted} admitted, ` +
      `${sums.crashes} crashed, ${Math.round((Date.now() - began) / 1_000)} s: every invariant held`,
  )
}

/** None of CWA's: that is what a schedule has without being asked. */
const SERVERS = { cwa: {}, matrix: { server: matrix }, memory: { server: memory } } as const

async function playing(seed: number, upstream: SimulatedUpstream) {
  try {
    return await playAdmission({ seed, ...SERVERS[upstream] })
  } catch (thrown) {
    if (!(thrown instanceof Violation)) throw thrown
    const replay = `npm run bench -- simulation --seed ${seed} --upstream ${upstream}`
    throw new Error(`${thrown.trace.join('\n')}\n${thrown.message}\nreplay it: ${replay}`, { cause: thrown })
  }
}

async function replay(seed: number, upstream: SimulatedUpstream, print: (line: string) => void): Promise<void> {
  const { steps, logins, admitted, crashes } = await playing(seed, upstream)
  print(
    `simulation: seed ${seed} over ${upstream}, ${steps} steps, ${logins} logins, ${admitted} admitted, ${crashes} crashed: every invariant held`,
  )
}
