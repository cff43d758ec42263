import { describe, expect, it, test } from 'vitest'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { FORGOTTEN_MS, oneMore, signInWaitMs, type WrongPasswords } from '../../shared/rules/wrong-passwords.ts'
import { NOW } from './sample-seats.ts'

const MINUTE = 60_000

describe('a sign-in', () => {
  test.each([
    { count: 0, waitMs: 0 },
    { count: 3, waitMs: 0 },
    { count: 4, waitMs: 15 * MINUTE },
    { count: 5, waitMs: 30 * MINUTE },
    { count: 6, waitMs: 60 * MINUTE },
    { count: 11, waitMs: FORGOTTEN_MS },
    { count: 2_000, waitMs: FORGOTTEN_MS },
  ])('waits $waitMs ms after $count wrong passwords', ({ count, waitMs }) => {
    expect(signInWaitMs({ count, lastAt: NOW }, DEFAULT_SETTINGS, NOW)).toBe(waitMs)
    expect(signInWaitMs({ count, lastAt: NOW }, DEFAULT_SETTINGS, NOW + waitMs)).toBe(0)
    expect(signInWaitMs({ count, lastAt: NOW }, DEFAULT_SETTINGS, NOW + waitMs - 1)).toBe(waitMs > 0 ? 1 : 0)
  })

  it('does not wait where there was no wrong password', () => {
    expect(signInWaitMs(undefined, DEFAULT_SETTINGS, NOW)).toBe(0)
  })

  it('is counted on, and from one again after a day without', () => {
    expect(oneMore(undefined, DEFAULT_SETTINGS, NOW)).toEqual({ count: 1, lastAt: NOW, of: 4 })
    expect(oneMore({ count: 4, lastAt: NOW }, DEFAULT_SETTINGS, NOW + FORGOTTEN_MS - 1)).toMatchObject({ count: 5 })
    const later = NOW + FORGOTTEN_MS
    expect(oneMore({ count: 4, lastAt: NOW }, DEFAULT_SETTINGS, later)).toEqual({ count: 1, lastAt: later, of: 4 })
  })

  test.each([
    { of: 10, count: 9, to: 2, waitMs: 15 * MINUTE, next: 30 * MINUTE },
    { of: 10, count: 1, to: 2, waitMs: 0, next: 15 * MINUTE },
    { of: 4, count: 5, to: 2, waitMs: 30 * MINUTE, next: 60 * MINUTE },
    { of: 2, count: 3, to: 10, waitMs: 0, next: 0 },
  ])('counted $count where $of are passed on waits $waitMs ms once $to are', ({ of, count, to, waitMs, next }) => {
    const settings = { ...DEFAULT_SETTINGS, wrongPasswords: to }
    const counted = { count, lastAt: NOW, of }
    expect(signInWaitMs(counted, settings, NOW)).toBe(waitMs)
    expect(signInWaitMs(oneMore(counted, settings, NOW), settings, NOW)).toBe(next)
  })

  it.each([
    { threshold: 10, windowMs: 15 * MINUTE },
    { threshold: 9, windowMs: 15 * MINUTE },
  ])(
    'of somebody who never stops guessing locks no account at $threshold in $windowMs ms',
    ({ threshold, windowMs }) => {
      const wrongAt: number[] = []
      let wrong: WrongPasswords | undefined
      // A directory counts on while no more than its window lies between two; a wrong one counts twice there.
      for (let now = NOW; now < NOW + 7 * FORGOTTEN_MS; now += MINUTE / 2) {
        if (signInWaitMs(wrong, DEFAULT_SETTINGS, now) > 0) continue
        wrong = oneMore(wrong, DEFAULT_SETTINGS, now)
        wrongAt.push(now)
      }
      let inARow = 0
      const most = Math.max(
        ...wrongAt.map((at, index) => {
          inARow = at - (wrongAt[index - 1] ?? 0) < windowMs ? inARow + 2 : 2
          return inARow
        }),
      )
      expect(most).toBeLessThan(threshold)
      expect(wrongAt.length / 7).toBeLessThan(12)
    },
  )
})
