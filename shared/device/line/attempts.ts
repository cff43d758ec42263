import { backoffMs } from '../../backoff.ts'
import type { Clock } from '../../clock.ts'
import { timer } from '../clock.ts'
import { Refused } from '../refused.ts'

/** Attempts at one thing, with longer and longer waits in between. */
export interface Attempts {
  /**
   * Repeats an attempt until it succeeds.
   *
   * @param when whether the first is made at once, or after a wait
   * @throws the signal's reason once it is aborted, and nothing else
   */
  until<T>(attempt: () => Promise<T>, when: 'now' | 'later', signal: AbortSignal): Promise<T>
  /** Ends the wait that is on, if one is. */
  hurry(): void
  /** Counts a failure. Returns how long to wait after it, in milliseconds. */
  failed(): number
  /** Forgets all failures: the next waits are short again. */
  reset(): void
}

/** @param onWait hears of each wait, in milliseconds, as it begins */
export function attempts(clock: Clock, random: () => number, onWait: (ms: number) => void = () => {}): Attempts {
  const waiting = timer(clock)
  let failures = 0

  function pause(ms: number): Promise<void> {
    onWait(ms)
    return new Promise((resolve) => waiting.set(ms, resolve))
  }

  function failed(): number {
    failures += 1
    return backoffMs(failures, random)
  }

  return {
    async until(attempt, when, signal) {
      for (let waitMs = when === 'now' ? 0 : backoffMs(failures, random); ;) {
        if (waitMs > 0) await pause(waitMs)
        signal.throwIfAborted()
        try {
          return await attempt()
        } catch (thrown) {
          signal.throwIfAborted()
          const asked = thrown instanceof Refused ? (thrown.retryAfterMs ?? 0) : 0
          waitMs = Math.max(failed(), asked)
        }
      }
    },
    hurry: () => waiting.fire(),
    failed,
    reset: () => void (failures = 0),
  }
}
