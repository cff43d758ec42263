import { describe, expect, it } from 'vitest'
import { Violation } from '../kit/simulation/simulation.ts'
import { matrix, memory, playAdmission } from './admission.ts'
import { MUTATIONS, type Mutation } from './admission-mutations.ts'
import { INVARIANTS } from './admission-oracle.ts'

/** `npm run bench` has 20,000. */
const SCHEDULES = 200
/** The same on the server in memory: the service's side is the same, so that fewer do. */
const MEMORY_SCHEDULES = 100
/** And over the client of Matrix, on the stand-in. */
const MATRIX_SCHEDULES = 100
/** In how many schedules a broken condition must be found. */
const MUTATION_SCHEDULES = 1_500
/** In how many a redundant one must not be. */
const REDUNDANT_SCHEDULES = 25

const seeds = (count: number) => Array.from({ length: count }, (_, seed) => seed)

/** The invariant that does not hold in this schedule. */
async function violated(
  seed: number,
  { rewrite, expiry }: Pick<Mutation, 'rewrite' | 'expiry'>,
): Promise<string | undefined> {
  try {
    await playAdmission({ seed, ...(rewrite && { rewrite }), ...(expiry && { expiry }) })
    return undefined
  } catch (thrown) {
    if (thrown instanceof Violation) return thrown.invariant
    throw thrown
  }
}

describe('admission', { timeout: 300_000 }, () => {
  it(`holds its invariants in ${SCHEDULES} schedules`, async () => {
    let admitted = 0
    let crashes = 0
    for (const seed of seeds(SCHEDULES)) {
      const played = await playAdmission({ seed })
      admitted += played.admitted
      crashes += played.crashes
    }
    expect(admitted).toBeGreaterThan(2 * SCHEDULES)
    expect(crashes).toBeGreaterThan(SCHEDULES)
  })

  it(`holds them in ${MEMORY_SCHEDULES} schedules with the server in memory, too`, async () => {
    let admitted = 0
    for (const seed of seeds(MEMORY_SCHEDULES)) admitted += (await playAdmission({ seed, server: memory })).admitted
    expect(admitted).toBeGreaterThan(2 * MEMORY_SCHEDULES)
  })

  it(`holds them over the client of Matrix, too, in ${MATRIX_SCHEDULES} schedules`, async () => {
    let admitted = 0
    for (const seed of seeds(MATRIX_SCHEDULES)) admitted += (await playAdmission({ seed, server: matrix })).admitted
    expect(admitted).toBeGreaterThan(2 * MATRIX_SCHEDULES)
  })

  it.each([
    [5275, 'a login that gave its seat back, and looks again by newer settings, does not see itself as another'],
    [4501, 'a login whose answer got lost, and whose session was evicted before it asked again, finds that gone'],
  ])('holds in schedule %i: %s', async (seed) => {
    expect(await violated(seed, {})).toBeUndefined()
  })

  it('plays a schedule again by its seed', async () => {
    for (const seed of seeds(12)) expect(await playAdmission({ seed })).toEqual(await playAdmission({ seed }))
  })

  it.each(MUTATIONS.filter(({ redundant }) => redundant === undefined))(
    'is found broken without $clause',
    async (mutation) => {
      for (const seed of [mutation.seed, ...seeds(MUTATION_SCHEDULES)]) {
        const invariant = await violated(seed, mutation)
        if (invariant === undefined) continue
        expect(mutation.breaks.map((name) => INVARIANTS[name])).toContain(invariant)
        return
      }
      expect.unreachable(`not found in ${MUTATION_SCHEDULES} schedules`)
    },
  )

  it.each(MUTATIONS.filter(({ redundant }) => redundant !== undefined))(
    'holds without $clause: $redundant',
    async (mutation) => {
      for (const seed of seeds(REDUNDANT_SCHEDULES)) expect(await violated(seed, mutation)).toBeUndefined()
    },
  )
})
