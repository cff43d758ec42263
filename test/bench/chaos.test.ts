import { describe, expect, it } from 'vitest'
import { LISTEN_LEASE_MS } from '../../shared/store/watches.ts'
import { chaosPlan, KINDS } from './chaos.ts'
import { seeded } from './seeded.ts'

describe('a plan of chaos', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(chaosPlan(30, seeded(1))).toEqual(chaosPlan(30, seeded(1)))
    expect(chaosPlan(30, seeded(1))).not.toEqual(chaosPlan(30, seeded(2)))
  })

  it('has each way of taking the listener away, and everything else, and leaves time to listen in between', () => {
    const plan = chaosPlan(300, seeded(3))
    expect([...new Set(plan.map(({ kind }) => kind))].toSorted()).toEqual(Object.keys(KINDS).toSorted())
    const deaths = plan.filter(({ kind }) => kind === 'kill-upkeep' || kind === 'expire-lease').map(({ at }) => at)
    for (const [index, at] of deaths.slice(1).entries())
      expect(at - (deaths[index] ?? 0)).toBeGreaterThan(LISTEN_LEASE_MS)
  })
})
