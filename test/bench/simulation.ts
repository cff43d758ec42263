import { matrix, memory, playAdmission } from '../simulation/admission.ts'
import type { BenchOptions } from './bench.ts'
import { playedAll } from './schedules.ts'

/** None of CWA's: that is what a schedule has without being asked. */
const SERVERS = { cwa: {}, matrix: { server: matrix }, memory: { server: memory } } as const

/**
 * Schedules of admission, each by its seed: logins, statuses, evictions, log-outs, disconnects, upkeep, changes of the
 * maximum and crashes, interleaved at every exchange with the database, the gateway and the server upstream.
 *
 * @throws Error at the first invariant that does not hold, with what happened and how to replay it
 */
export async function simulationBench({ over: upstream = 'cwa', ...options }: BenchOptions): Promise<void> {
  const { played, sumOf, seconds } = await playedAll({
    ...options,
    bench: 'simulation',
    upstream,
    first: 0,
    figures: ['logins', 'admitted', 'crashes'],
    play: (seed) => playAdmission({ seed, ...SERVERS[upstream] }),
  })
  const which = options.seed === undefined ? `${played} schedules` : `seed ${options.seed}`
  options.print(
    `simulation: ${which} over ${upstream}, ${sumOf('steps')} steps, ${sumOf('logins')} logins, ` +
      `${sumOf('admitted')} admitted, ${sumOf('crashes')} crashed, ${seconds} s: every invariant held`,
  )
}
