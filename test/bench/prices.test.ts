import { describe, expect, it } from 'vitest'
import { NOTHING, plus, priceOf, times } from './prices.ts'

/** In millionths of a dollar, as the price floor on paper has them. */
const millionths = (dollars: number) => Math.round(dollars * 1e7) / 10

describe('a price', () => {
  it('is that of the connection minutes of an hour', () => {
    expect(millionths(priceOf({ ...NOTHING, connectionMinute: 60 }).gateway)).toBe(15)
  })

  it('is that of a listener of 256 MB for one of its 900 sessions, for an hour', () => {
    expect(millionths(priceOf({ ...NOTHING, gbSecond: (3_600 * 0.25) / 900 }).lambda)).toBe(13.3)
  })

  it('is that of a gigabyte of logs', () => {
    const { logs, exact, total } = priceOf({ ...NOTHING, logByte: 2 ** 30 })
    expect([logs, exact, total]).toEqual([0.5, 0, 0.5])
  })

  it('has Lambda once: as long as here, and what its share of a processor makes of that', () => {
    const took = { ...NOTHING, invocation: 1e6, gbSecond: 10_000, gbSecondAtShare: 70_000 }
    const { lambda, exact, share, total } = priceOf(took)
    expect([lambda, exact, share, total].map((dollars) => Number(dollars.toFixed(3)))).toEqual([
      0.333, 0.333, 0.8, 1.133,
    ])
  })

  it('is that of what was counted together, as often as it was', () => {
    const up = { ...NOTHING, message: 1, invocation: 1 }
    const kept = { ...NOTHING, writeUnit: 1, readUnit: 0.5 }
    const { gateway, lambda, dynamo, total } = priceOf(times(plus(up, kept), 10))
    expect([gateway, lambda, dynamo].map(millionths)).toEqual([10, 2, 6.9])
    expect(total).toBeCloseTo(gateway + lambda + dynamo, 12)
  })
})
