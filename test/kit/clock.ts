import type { Clock } from '../../shared/clock.ts'

export interface TestClock extends Clock {
  /** Moves time on by `ms`, running what falls due on the way, in order, at its own moment. */
  readonly advance: (ms: number) => void
  /** How many actions wait. A test uses it as a barrier: "until the timer is set". */
  readonly waiting: () => number
}

/** A clock that stands still until it is moved. */
export function testClock(startAt = Date.UTC(2026, 0, 1)): TestClock {
  let now = startAt
  const due = new Set<{ at: number; action: () => void }>()
  return {
    now: () => now,
    after(ms, action) {
      const entry = { at: now + ms, action }
      due.add(entry)
      return () => due.delete(entry)
    },
    waiting: () => due.size,
    advance(ms) {
      const until = now + ms
      for (;;) {
        const next = [...due].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        due.delete(next)
        now = Math.max(now, next.at)
        next.action()
      }
      now = until
    },
  }
}
