import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { benches as benchesOf, LISTEN_LEASE_MS } from '../../shared/store/benches.ts'
import { database } from '../kit/database.ts'
import { NOW } from '../rules/sample-seats.ts'

async function leases() {
  const { items, withAnswerLost } = await database()
  return { benches: benchesOf(items), benchesWithAnswerLost: () => benchesOf(withAnswerLost()) }
}

describe('a bench', () => {
  it('is claimed by one listener, and each bench by its own', async () => {
    const { benches } = await leases()
    expect(await benches.claim(3, 'A', NOW)).toBe(true)
    expect(await benches.claim(3, 'B', NOW)).toBe(false)
    expect(await benches.claim(4, 'B', NOW)).toBe(true)
    expect(await benches.listened(3, NOW)).toBe(true)
    expect(await benches.listened(5, NOW)).toBe(false)
  })

  test.each([
    { afterMs: LISTEN_LEASE_MS - 1, listened: true },
    { afterMs: LISTEN_LEASE_MS, listened: false },
    { afterMs: LISTEN_LEASE_MS + 1, listened: false },
  ])('is listened for: $listened, $afterMs ms after a claim, and can be claimed when not', async (row) => {
    const { benches } = await leases()
    await benches.claim(3, 'A', NOW)
    expect(await benches.listened(3, NOW + row.afterMs)).toBe(row.listened)
    expect(await benches.claim(3, 'B', NOW + row.afterMs)).toBe(!row.listened)
  })

  it('stays with a listener that renews its claim in time', async () => {
    const { benches } = await leases()
    await benches.claim(3, 'A', NOW)
    expect(await benches.claim(3, 'A', NOW + LISTEN_LEASE_MS - 1)).toBe(true)
    expect(await benches.claim(3, 'B', NOW + LISTEN_LEASE_MS)).toBe(false)
  })

  it('is released by its listener, and by no other', async () => {
    const { benches } = await leases()
    await benches.claim(3, 'A', NOW)
    await benches.release(3, 'B')
    expect(await benches.listened(3, NOW)).toBe(true)
    await benches.release(3, 'A')
    expect(await benches.listened(3, NOW)).toBe(false)
    await benches.release(3, 'A')
    expect(await benches.claim(3, 'B', NOW)).toBe(true)
  })

  it('is claimed by one of 20 at once', async () => {
    const { benches } = await leases()
    const claims = Array.from({ length: 20 }, (_, listener) => benches.claim(3, `listener ${listener}`, NOW))
    expect((await Promise.all(claims)).filter((done) => done)).toHaveLength(1)
  })

  it('is not refused to its own listener when the answer is lost', async () => {
    const { benchesWithAnswerLost } = await leases()
    expect(await benchesWithAnswerLost().claim(3, 'A', NOW)).toBe(true)
  })

  it('can be claimed by another exactly when nobody is seen to listen', async () => {
    const { benches } = await leases()
    let bench = 0
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -2, max: 2 }), async (ms) => {
        bench += 1
        const at = NOW + LISTEN_LEASE_MS + ms
        await benches.claim(bench, 'A', NOW)
        const listened = await benches.listened(bench, at)
        expect(await benches.claim(bench, 'B', at)).toBe(!listened)
      }),
      { numRuns: 30 },
    )
  })
})
