import { describe, expect, it } from 'vitest'
import { Violation } from '../kit/simulation/simulation.ts'
import { playDelivery } from './delivery.ts'
import { MEMORY_MUTATIONS, MUTATIONS, type Mutation } from './delivery-mutations.ts'
import { simulatedMemory } from './delivery-memory.ts'
import { simulatedMatrix } from './delivery-matrix.ts'
import { INVARIANTS } from './delivery-oracle.ts'

/** `npm run bench` has 20,000. */
const SCHEDULES = 200
/** The same on the server in memory: the service's side is the same, so that fewer do. */
const MEMORY_SCHEDULES = 50
/** And over the client of Matrix, on the stand-in. */
const MATRIX_SCHEDULES = 30
/** In how many schedules what is broken on purpose must be found. */
const MUTATION_SCHEDULES = 400

const seeds = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

/** The invariant that does not hold in this schedule. */
async function violated(seed: number, { options }: Mutation): Promise<string | undefined> {
  try {
    await playDelivery({ seed, ...options })
    return undefined
  } catch (thrown) {
    if (thrown instanceof Violation) return thrown.invariant
    throw thrown
  }
}

describe('delivery', { timeout: 300_000 }, () => {
  it(`loses nothing and shows nothing twice in ${SCHEDULES} schedules`, async () => {
    const sums = { messages: 0, crashes: 0, wakes: 0 }
    for (const seed of seeds(SCHEDULES)) {
      const played = await playDelivery({ seed })
      sums.messages += played.messages
      sums.crashes += played.crashes
      sums.wakes += played.wakes
    }
    expect(sums.messages).toBeGreaterThan(10 * SCHEDULES)
    expect(sums.crashes).toBeGreaterThan(SCHEDULES / 2)
    expect(sums.wakes).toBeGreaterThan(SCHEDULES / 5)
  })

  it('plays a schedule again by its seed', async () => {
    for (const seed of seeds(8)) expect(await playDelivery({ seed })).toEqual(await playDelivery({ seed }))
  })

  it(`loses nothing, shows nothing twice and leaves no send unconfirmed in ${MEMORY_SCHEDULES} with a server that knows keys`, async () => {
    let messages = 0
    for (const seed of seeds(MEMORY_SCHEDULES))
      messages += (await playDelivery({ seed, server: simulatedMemory })).messages
    expect(messages).toBeGreaterThan(10 * MEMORY_SCHEDULES)
  })

  it(`does so over the client of Matrix, too, in ${MATRIX_SCHEDULES} schedules`, async () => {
    let messages = 0
    for (const seed of seeds(MATRIX_SCHEDULES))
      messages += (await playDelivery({ seed, server: simulatedMatrix })).messages
    expect(messages).toBeGreaterThan(10 * MATRIX_SCHEDULES)
  })

  it.each([...MUTATIONS, ...MEMORY_MUTATIONS])('is found broken with $name', async (mutation) => {
    for (const seed of [mutation.seed, ...seeds(MUTATION_SCHEDULES)]) {
      const invariant = await violated(seed, mutation)
      if (invariant === undefined) continue
      expect(mutation.breaks.map((name) => INVARIANTS[name])).toContain(invariant)
      return
    }
    expect.unreachable(`not found in ${MUTATION_SCHEDULES} schedules`)
  })
})
