import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BENCH_SEATS, sessionId } from '../../shared/rules/seat.ts'
import { watching } from '../../shared/rules/listener-group.ts'

describe('a watch', () => {
  it('is as many whole benches as a listener has room for, and one at least', () => {
    expect(watching(1).benches(2)).toEqual([2])
    expect(watching(BENCH_SEATS * 2 + 1).benches(0)).toEqual([0, 1])
    expect(watching(BENCH_SEATS * 3).benches(2)).toEqual([6, 7, 8])
  })

  it('has each bench once, and each session of its benches', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.nat(300), fc.nat(BENCH_SEATS - 1), (most, bench, place) => {
        const { ofBench, ofSession, benches } = watching(most)
        expect(benches(ofBench(bench))).toContain(bench)
        expect(ofSession(sessionId(bench * BENCH_SEATS + place, 'x'))).toBe(ofBench(bench))
      }),
    )
  })
})
