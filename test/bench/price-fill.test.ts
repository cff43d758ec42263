import { describe, expect, it } from 'vitest'
import { coldShare, filled, hourWith, kmsRequests, natHour, shared, type Hour } from './price-fill.ts'
import { NOTHING, priceOf, times, type Count } from './prices.ts'

const reads = (readUnit: number): Count => ({ ...NOTHING, readUnit })

describe('what is shared', () => {
  it('is split by what one session takes and what many do', () => {
    const looks = shared(reads(1_802), reads(1_802 + 2 * 899), 900)
    expect([looks.environment.readUnit, looks.session.readUnit]).toEqual([1_800, 2])
    expect([1, 10, 900].map((sessions) => filled(looks, sessions).readUnit)).toEqual([1_802, 1_820, 3_600])
  })
})

/** One listener of 512 MB, and nothing else. */
const LISTENER: Hour = {
  listening: { environment: { ...NOTHING, gbSecond: 1_800, gbSecondAtShare: 1_800 }, session: NOTHING },
  upkeep: { perHour: 0, heirs: 0, cold: NOTHING },
  session: NOTHING,
  routes: [],
}

describe('an idle session-hour', () => {
  it('has its part of a listener, which costs the same however few it has', () => {
    const lambda = [1, 10, 100, 900].map(
      (sessions) => priceOf(times(hourWith(LISTENER, sessions), 1 / sessions)).lambda,
    )
    expect(lambda.map((dollars) => Math.round(dollars * 1e6))).toEqual([24_000, 2_400, 240, 27])
  })

  it('has a cold start for each heir, and for each call that comes after a quiet while', () => {
    const cold = { ...NOTHING, coldGbSecond: 1 }
    const upkeep = { perHour: 4, heirs: 4, cold }
    const hour = { ...LISTENER, upkeep, routes: [{ perHour: 6, cold }] }
    expect(hourWith(hour, 1).coldGbSecond).toBeCloseTo(4 + 6 * Math.exp(-0.5), 9)
    expect(hourWith(hour, 900).coldGbSecond).toBeCloseTo(4 + 5_400 / 100, 9)
  })
})

describe('a rate', () => {
  it('of cold starts falls with use, to one in a hundred', () => {
    expect([0, 12, 60, 6_000].map((perHour) => Number(coldShare(perHour).toFixed(3)))).toEqual([1, 0.368, 0.01, 0.01])
  })

  it('of KMS requests is bounded by what is kept in memory for five minutes', () => {
    expect([2, 12, 6_000].map((perHour) => kmsRequests(perHour).kmsRequest)).toEqual([6, 36, 36])
  })

  it('of a NAT gateway is its hour, however many users are there', () => {
    expect(natHour(0)).toBe(0.045)
    expect(natHour(900)).toBeGreaterThan(0.045)
  })
})
