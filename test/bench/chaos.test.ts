import { describe, expect, it } from 'vitest'
import { LISTEN_LEASE_MS } from '../../shared/store/listener-groups.ts'
import { chaosPlan, KINDS } from './chaos.ts'
import { seeded } from './seeded.ts'

describe('a plan of chaos', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(chaosPlan(30, seeded(1))).toEqual(chaosPlan(30, seeded(1)))
    expect(chaosPlan(30, seeded(1))).not.toEqual(chaosPlan(30, seeded(2)))
  })

  it.each([30, 300])('of %i s has each way of taking the listener away, and everything else', (seconds) => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const kinds = new Set(chaosPlan(seconds, seeded(seed)).map(({ kind }) => kind))
      expect([...kinds].toSorted()).toEqual(Object.keys(KINDS).toSorted())
    }
  })

  it('leaves time to listen after the death of a listener', () => {
    const plan = chaosPlan(300, seeded(3)).filter(({ kind }) => kind === 'kill-upkeep' || kind === 'expire-lease')
    const after = plan.slice(1).map(({ at }, index) => ({ before: plan[index], ms: at - (plan[index]?.at ?? 0) }))
    const afterDeaths = after.filter(({ before }) => before?.kind === 'kill-upkeep').map(({ ms }) => ms)
    expect(afterDeaths.length).toBeGreaterThan(2)
    expect(Math.min(...afterDeaths)).toBeGreaterThan(LISTEN_LEASE_MS)
  })
})
