import { UpstreamFault } from '../../shared/upstream/fault.ts'
import type { Way } from '../kit/memory/upstream.ts'
import type { Simulation } from '../kit/simulation/simulation.ts'

/** The way to the server in memory: requests and answers are lost on it, and with luck the server is busy. */
export function network({ exchange, random }: Simulation, busy = 0): Way {
  return async (what, effect) => {
    let reached = false
    const noted = () => {
      reached = true
      if (random.chance(busy)) throw new UpstreamFault('again', 'the server is busy', { retryAfterMs: 500 })
      return effect()
    }
    try {
      return await exchange(`memory: ${what}`, noted, { again: false })
    } catch (thrown) {
      if (thrown instanceof UpstreamFault) throw thrown
      throw new UpstreamFault('again', `${what}: no answer`, { maybeDone: reached || random.chance(0.5) })
    }
  }
}
