import { describe, expect, it, test } from 'vitest'
import { listenerGroups as groupsOf, LISTEN_LEASE_MS } from '../../shared/store/listener-groups.ts'
import { database } from '../kit/database.ts'
import { judgesRaces } from '../kit/races.ts'
import { NOW } from '../rules/sample-seats.ts'

async function leases() {
  const { items, withAnswerLost } = await database()
  return { listenerGroups: groupsOf(items), watchesWithAnswerLost: () => groupsOf(withAnswerLost()) }
}

describe('a group', () => {
  it('is claimed by one listener, and each group by its own', async () => {
    const { listenerGroups } = await leases()
    expect(await listenerGroups.claim(3, 'A', NOW)).toBe(true)
    expect(await listenerGroups.claim(3, 'B', NOW)).toBe(false)
    expect(await listenerGroups.claim(4, 'B', NOW)).toBe(true)
    expect(await listenerGroups.listened(3, NOW)).toBe(true)
    expect(await listenerGroups.listened(5, NOW)).toBe(false)
  })

  test.each([
    { afterMs: LISTEN_LEASE_MS - 1, listened: true },
    { afterMs: LISTEN_LEASE_MS, listened: false },
    { afterMs: LISTEN_LEASE_MS + 1, listened: false },
  ])('is listened for: $listened, $afterMs ms after a claim, and can be claimed when not', async (row) => {
    const { listenerGroups } = await leases()
    await listenerGroups.claim(3, 'A', NOW)
    expect(await listenerGroups.listened(3, NOW + row.afterMs)).toBe(row.listened)
    expect(await listenerGroups.claim(3, 'B', NOW + row.afterMs)).toBe(!row.listened)
  })

  it('stays with a listener that renews its claim in time', async () => {
    const { listenerGroups } = await leases()
    await listenerGroups.claim(3, 'A', NOW)
    expect(await listenerGroups.claim(3, 'A', NOW + LISTEN_LEASE_MS - 1)).toBe(true)
    expect(await listenerGroups.claim(3, 'B', NOW + LISTEN_LEASE_MS)).toBe(false)
  })

  it('is released by its listener, and by no other', async () => {
    const { listenerGroups } = await leases()
    await listenerGroups.claim(3, 'A', NOW)
    await listenerGroups.release(3, 'B')
    expect(await listenerGroups.listened(3, NOW)).toBe(true)
    await listenerGroups.release(3, 'A')
    expect(await listenerGroups.listened(3, NOW)).toBe(false)
    await listenerGroups.release(3, 'A')
    expect(await listenerGroups.claim(3, 'B', NOW)).toBe(true)
  })

  it('is claimed by one of 20 at once', async (context) => {
    judgesRaces(context)
    const { listenerGroups } = await leases()
    const claims = Array.from({ length: 20 }, (_, listener) => listenerGroups.claim(3, `listener ${listener}`, NOW))
    expect((await Promise.all(claims)).filter((done) => done)).toHaveLength(1)
  })

  it('is not refused to its own listener when the answer is lost', async () => {
    const { watchesWithAnswerLost } = await leases()
    expect(await watchesWithAnswerLost().claim(3, 'A', NOW)).toBe(true)
  })

  it('can be claimed by another exactly when it shows no listener', async () => {
    const { listenerGroups } = await leases()
    for (const [group, ms] of [-2, -1, 0, 1, 2].entries()) {
      const at = NOW + LISTEN_LEASE_MS + ms
      await listenerGroups.claim(group, 'A', NOW)
      const listened = await listenerGroups.listened(group, at)
      expect(await listenerGroups.claim(group, 'B', at)).toBe(!listened)
    }
  })
})

describe('a group that is handed over', () => {
  it('is taken over by the listener that was started to go on, and only once', async (context) => {
    judgesRaces(context)
    const { listenerGroups } = await leases()
    await listenerGroups.claim(3, 'A', NOW)
    const heirs = await Promise.all(['B', 'C', 'D'].map((heir) => listenerGroups.succeed(3, heir, 'A', NOW + 1)))
    expect(heirs.filter((done) => done)).toHaveLength(1)
    expect(await listenerGroups.claim(3, 'A', NOW + 2)).toBe(false)
    const { listener } = await listenerGroups.look(3, { consistent: true })
    expect(listener).toBe(['B', 'C', 'D'][heirs.indexOf(true)])
  })

  it('is not taken from a third one', async () => {
    const { listenerGroups } = await leases()
    await listenerGroups.claim(3, 'C', NOW)
    expect(await listenerGroups.succeed(3, 'B', 'A', NOW + LISTEN_LEASE_MS - 1)).toBe(false)
    expect(await listenerGroups.succeed(3, 'B', 'A', NOW + LISTEN_LEASE_MS)).toBe(true)
  })

  it('is taken over although the answer is lost', async () => {
    const { listenerGroups, watchesWithAnswerLost } = await leases()
    await listenerGroups.claim(3, 'A', NOW)
    expect(await watchesWithAnswerLost().succeed(3, 'B', 'A', NOW)).toBe(true)
  })
})

describe('the revision of a group', () => {
  it('counts the rings, and tells whether there is a listener', async () => {
    const { listenerGroups } = await leases()
    expect(await listenerGroups.notify(3, NOW)).toBe(false)
    await listenerGroups.claim(3, 'A', NOW)
    const before = (await listenerGroups.look(3)).revision
    expect(await listenerGroups.notify(3, NOW)).toBe(true)
    expect((await listenerGroups.look(3)).revision).toBe(before + 1)
    expect(await listenerGroups.notify(3, NOW + LISTEN_LEASE_MS)).toBe(false)
  })

  it('rings for each of many at once, and is not taken down with the lease', async (context) => {
    judgesRaces(context)
    const { listenerGroups } = await leases()
    await listenerGroups.claim(3, 'A', NOW)
    await Promise.all(Array.from({ length: 20 }, () => listenerGroups.notify(3, NOW)))
    await listenerGroups.release(3, 'A')
    expect(await listenerGroups.look(3)).toEqual({ revision: 20 })
  })
})
