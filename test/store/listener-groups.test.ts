import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { watches as watchesOf, LISTEN_LEASE_MS } from '../../shared/store/listener-groups.ts'
import { database } from '../kit/database.ts'
import { judgesRaces } from '../kit/races.ts'
import { NOW } from '../rules/sample-seats.ts'

async function leases() {
  const { items, withAnswerLost } = await database()
  return { watches: watchesOf(items), watchesWithAnswerLost: () => watchesOf(withAnswerLost()) }
}

describe('a watch', () => {
  it('is claimed by one listener, and each watch by its own', async () => {
    const { watches } = await leases()
    expect(await watches.claim(3, 'A', NOW)).toBe(true)
    expect(await watches.claim(3, 'B', NOW)).toBe(false)
    expect(await watches.claim(4, 'B', NOW)).toBe(true)
    expect(await watches.listened(3, NOW)).toBe(true)
    expect(await watches.listened(5, NOW)).toBe(false)
  })

  test.each([
    { afterMs: LISTEN_LEASE_MS - 1, listened: true },
    { afterMs: LISTEN_LEASE_MS, listened: false },
    { afterMs: LISTEN_LEASE_MS + 1, listened: false },
  ])('is listened for: $listened, $afterMs ms after a claim, and can be claimed when not', async (row) => {
    const { watches } = await leases()
    await watches.claim(3, 'A', NOW)
    expect(await watches.listened(3, NOW + row.afterMs)).toBe(row.listened)
    expect(await watches.claim(3, 'B', NOW + row.afterMs)).toBe(!row.listened)
  })

  it('stays with a listener that renews its claim in time', async () => {
    const { watches } = await leases()
    await watches.claim(3, 'A', NOW)
    expect(await watches.claim(3, 'A', NOW + LISTEN_LEASE_MS - 1)).toBe(true)
    expect(await watches.claim(3, 'B', NOW + LISTEN_LEASE_MS)).toBe(false)
  })

  it('is released by its listener, and by no other', async () => {
    const { watches } = await leases()
    await watches.claim(3, 'A', NOW)
    await watches.release(3, 'B')
    expect(await watches.listened(3, NOW)).toBe(true)
    await watches.release(3, 'A')
    expect(await watches.listened(3, NOW)).toBe(false)
    await watches.release(3, 'A')
    expect(await watches.claim(3, 'B', NOW)).toBe(true)
  })

  it('is claimed by one of 20 at once', async (context) => {
    judgesRaces(context)
    const { watches } = await leases()
    const claims = Array.from({ length: 20 }, (_, listener) => watches.claim(3, `listener ${listener}`, NOW))
    expect((await Promise.all(claims)).filter((done) => done)).toHaveLength(1)
  })

  it('is not refused to its own listener when the answer is lost', async () => {
    const { watchesWithAnswerLost } = await leases()
    expect(await watchesWithAnswerLost().claim(3, 'A', NOW)).toBe(true)
  })

  it('can be claimed by another exactly when nobody is seen to listen', async () => {
    const { watches } = await leases()
    let watch = 0
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -2, max: 2 }), async (ms) => {
        watch += 1
        const at = NOW + LISTEN_LEASE_MS + ms
        await watches.claim(watch, 'A', NOW)
        const listened = await watches.listened(watch, at)
        expect(await watches.claim(watch, 'B', at)).toBe(!listened)
      }),
      { numRuns: 30 },
    )
  })
})

describe('a watch that is handed over', () => {
  it('is taken over by the listener that was started to go on, and only once', async (context) => {
    judgesRaces(context)
    const { watches } = await leases()
    await watches.claim(3, 'A', NOW)
    const heirs = await Promise.all(['B', 'C', 'D'].map((heir) => watches.succeed(3, heir, 'A', NOW + 1)))
    expect(heirs.filter((done) => done)).toHaveLength(1)
    expect(await watches.claim(3, 'A', NOW + 2)).toBe(false)
    const { listener } = await watches.look(3, { consistent: true })
    expect(listener).toBe(['B', 'C', 'D'][heirs.indexOf(true)])
  })

  it('is not taken from a third one', async () => {
    const { watches } = await leases()
    await watches.claim(3, 'C', NOW)
    expect(await watches.succeed(3, 'B', 'A', NOW + LISTEN_LEASE_MS - 1)).toBe(false)
    expect(await watches.succeed(3, 'B', 'A', NOW + LISTEN_LEASE_MS)).toBe(true)
  })

  it('is taken over although the answer is lost', async () => {
    const { watches, watchesWithAnswerLost } = await leases()
    await watches.claim(3, 'A', NOW)
    expect(await watchesWithAnswerLost().succeed(3, 'B', 'A', NOW)).toBe(true)
  })
})

describe('the bell of a watch', () => {
  it('counts the rings, and tells whether there is a listener', async () => {
    const { watches } = await leases()
    expect(await watches.ring(3, NOW)).toBe(false)
    await watches.claim(3, 'A', NOW)
    const before = (await watches.look(3)).bell
    expect(await watches.ring(3, NOW)).toBe(true)
    expect((await watches.look(3)).bell).toBe(before + 1)
    expect(await watches.ring(3, NOW + LISTEN_LEASE_MS)).toBe(false)
  })

  it('rings for each of many at once, and is not taken down with the lease', async (context) => {
    judgesRaces(context)
    const { watches } = await leases()
    await watches.claim(3, 'A', NOW)
    await Promise.all(Array.from({ length: 20 }, () => watches.ring(3, NOW)))
    await watches.release(3, 'A')
    expect(await watches.look(3)).toEqual({ bell: 20 })
  })
})
