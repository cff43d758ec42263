import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { isMilestone, LOGIN_BURST, loginPace, minuteOf, type Occupied, sendWaitMs } from '../../shared/rules/pace.ts'
import { NOW } from './sample-seats.ts'

const HOUR = 3_600_000

/** Tries to log in at each of these moments. @returns those at which it may */
function logins(moments: readonly number[], loginsPerHour: number): number[] {
  let last: Occupied | undefined
  return moments.filter((now) => {
    const pace = loginPace(last, { loginsPerHour }, now)
    if ('occupiedUntil' in pace) last = { ...pace, at: now }
    return 'occupiedUntil' in pace
  })
}

describe('logins of a device', () => {
  it('may be ten at once, and then one for each share of an hour', () => {
    const atOnce = Array.from({ length: 15 }, () => NOW)
    expect(logins(atOnce, 60)).toHaveLength(LOGIN_BURST)
    expect(logins([...atOnce, NOW + 59_999, NOW + 60_000, NOW + 60_001, NOW + 120_000], 60).slice(LOGIN_BURST)).toEqual(
      [NOW + 60_000, NOW + 120_000],
    )
  })

  it('may be ten at once again after the time that ten take', () => {
    const twice = [NOW, NOW + LOGIN_BURST * 60_000].flatMap((at) => Array.from({ length: 15 }, () => at))
    expect(logins(twice, 60)).toHaveLength(2 * LOGIN_BURST)
  })

  it('are never more in an hour than are set, and ten', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 120_000 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 100 }), (ms, loginsPerHour) => {
        let at = NOW
        const admitted = logins(
          ms.map((step) => (at += step)),
          loginsPerHour,
        )
        for (const from of admitted) {
          const within = admitted.filter((each) => each >= from && each < from + HOUR)
          expect(within.length).toBeLessThanOrEqual(loginsPerHour + LOGIN_BURST)
        }
      }),
    )
  })

  it.each([
    { before: 5, after: 60 },
    { before: 5, after: 6_000 },
    { before: 1, after: 2 },
    { before: 60, after: 5 },
  ])('wait for no longer than one share of an hour once $before an hour are $after', ({ before, after }) => {
    const burst = Math.min(LOGIN_BURST, before)
    // As many at once as there may be, or as there might be under a setting without this bound.
    for (const count of [burst, LOGIN_BURST]) {
      const last = { at: NOW, occupiedUntil: NOW + (count * HOUR) / before }
      for (const now of [NOW, NOW + HOUR / after / 2]) {
        const pace = loginPace(last, { loginsPerHour: after }, now)
        const waitMs = 'retryAfterMs' in pace ? pace.retryAfterMs : 0
        expect(waitMs).toBeLessThanOrEqual(HOUR / after)
        expect(loginPace(last, { loginsPerHour: after }, now + waitMs)).toHaveProperty('occupiedUntil')
      }
    }
  })

  it.each([1, 5, 10, 60])('are no more at once than are set for an hour: %i, and never more than ten', (perHour) => {
    const atOnce = logins(
      Array.from({ length: 15 }, () => NOW),
      perHour,
    )
    expect(atOnce).toHaveLength(Math.min(LOGIN_BURST, perHour))
  })

  it('wait exactly as long as is said', () => {
    const full = NOW + LOGIN_BURST * 60_000
    const pace = loginPace({ at: NOW, occupiedUntil: full }, { loginsPerHour: 60 }, NOW)
    expect(pace).toEqual({ retryAfterMs: 60_000 })
    expect(loginPace({ at: NOW, occupiedUntil: full }, { loginsPerHour: 60 }, NOW + 59_999)).toEqual({
      retryAfterMs: 1,
    })
    expect(loginPace({ at: NOW, occupiedUntil: full }, { loginsPerHour: 60 }, NOW + 60_000)).toEqual({
      occupiedUntil: full + 60_000,
    })
  })
})

describe('sends of a session', () => {
  test.each([
    [1, true],
    [2, false],
    [120, false],
    [121, true],
    [241, true],
    [242, false],
  ])('are looked at with number %i: %s', (sent, is) => {
    expect(isMilestone(sent, 120)).toBe(is)
    expect(isMilestone(sent, 0)).toBe(false)
  })

  test.each([
    { sent: 121, afterMs: 0, waitMs: 60_000 },
    { sent: 121, afterMs: 59_999, waitMs: 1 },
    { sent: 121, afterMs: 60_000, waitMs: 0 },
    { sent: 122, afterMs: 0, waitMs: 0 },
  ])('wait $waitMs ms with number $sent, $afterMs ms after the one before that was looked at', (each) => {
    const { sent, afterMs, waitMs } = each
    expect(sendWaitMs({ milestoneMinute: minuteOf(NOW) }, sent, 120, NOW + afterMs)).toBe(waitMs)
  })

  it('do not wait where none was looked at yet', () => {
    expect(sendWaitMs({}, 1, 120, NOW)).toBe(0)
  })
})
