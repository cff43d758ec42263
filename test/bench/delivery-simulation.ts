import { playDelivery } from '../simulation/delivery.ts'
import { simulatedMatrix } from '../simulation/delivery-matrix.ts'
import { simulatedMemory } from '../simulation/delivery-memory.ts'
import type { BenchOptions } from './bench.ts'
import { playedAll } from './schedules.ts'

/** None of CWA's: that is what a schedule has without being asked. */
const SERVERS = { cwa: {}, matrix: { server: simulatedMatrix }, memory: { server: simulatedMemory } } as const

/**
 * Schedules of delivery, each by its seed, from 1 up: devices, connections, functions, listeners, the mailbox and the
 * server upstream, interleaved and broken off at every exchange between them.
 *
 * @throws Error at the first invariant that does not hold, with what happened and how to replay it
 */
export async function deliverySimulation({ over: upstream = 'cwa', ...options }: BenchOptions): Promise<void> {
  const { played, sumOf, seconds } = await playedAll({
    ...options,
    bench: 'delivery-simulation',
    upstream,
    first: 1,
    figures: ['messages', 'listeners', 'crashes', 'wakes'],
    play: (seed) => playDelivery({ seed, ...SERVERS[upstream] }),
  })
  const which = options.seed === undefined ? `${played} schedules` : `seed ${options.seed}`
  options.print(
    `delivery-simulation: ${which} over ${upstream}, ${sumOf('steps')} steps, ` +
      `${sumOf('messages')} messages, ${sumOf('listeners')} listeners of which ${sumOf('crashes')} were stopped, ` +
      `${sumOf('wakes')} devices woken, ${seconds} s: every invariant held`,
  )
}
