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
    const { logs, total } = priceOf({ ...NOTHING, logByte: 2 ** 30 })
    expect([logs, total]).toEqual([0.5, 0.5])
  })

  it('is that of what was counted together, as often as it was', () => {
    const up = { ...NOTHING, message: 1, invocation: 1 }
    const kept = { ...NOTHING, writeUnit: 1, readUnit: 0.5 }
    const { gateway, lambda, dynamo, total } = priceOf(times(plus(up, kept), 10))
    expect([gateway, lambda, dynamo].map(millionths)).toEqual([10, 2, 6.9])
    expect(total).toBeCloseTo(gateway + lambda + dynamo, 12)
  })
})
