import type { Clock } from '../../../shared/rules/clock.ts'
import type { FunctionDescription } from '../description.ts'
import { LAMBDA_LIMITS } from './limits.ts'

export interface LaterOptions {
  readonly clock: Clock
  readonly call: (functionName: string, payload: string) => Promise<unknown>
  readonly dropped: (functionName: string, why: string) => void
}

export interface Later {
  readonly push: (description: FunctionDescription, payload: string) => void
  /** Forgets what waits for the clock. */
  readonly stop: () => void
}

interface Entry {
  readonly description: FunctionDescription
  readonly payload: string
  readonly acceptedAt: number
  readonly failures: number
  readonly throttles: number
}

/**
 * Asynchronous invocations: a function that fails is invoked again after 1 and then 2 minutes, as often as it is
 * configured to be; one that is throttled again and again, which counts as no failure; and after 6 hours no more.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export function later({ clock, call, dropped }: LaterOptions): Later {
  const cancels = new Set<() => void>()
  let stopped = false

  async function attempt(entry: Entry): Promise<void> {
    try {
      await call(entry.description.name, entry.payload)
    } catch (error) {
      if (!stopped) failed(entry, error)
    }
  }

  function failed(entry: Entry, error: unknown): void {
    const throttled = error instanceof Error && error.name === 'TooManyRequestsException'
    const next = throttled
      ? { ...entry, throttles: entry.throttles + 1 }
      : { ...entry, failures: entry.failures + 1, throttles: 0 }
    const afterMs = throttled ? throttledAfterMs(entry.throttles) : retryAfterMs(entry.failures)
    const { name, retryAttempts } = entry.description
    if (next.failures > retryAttempts) dropped(name, `it failed ${next.failures} times`)
    else if (clock.now() + afterMs - entry.acceptedAt > LAMBDA_LIMITS.eventAgeMs) dropped(name, 'it is 6 hours old')
    else wait(next, afterMs)
  }

  function wait(entry: Entry, afterMs: number): void {
    const cancel = clock.after(afterMs, () => {
      cancels.delete(cancel)
      void attempt(entry)
    })
    cancels.add(cancel)
  }

  return {
    push(description, payload) {
      void attempt({ description, payload, acceptedAt: clock.now(), failures: 0, throttles: 0 })
    },
    stop() {
      stopped = true
      for (const cancel of cancels) cancel()
      cancels.clear()
    },
  }
}

function retryAfterMs(failures: number): number {
  const { retryAfterMs } = LAMBDA_LIMITS
  return retryAfterMs[failures === 0 ? 0 : 1]
}

function throttledAfterMs(throttles: number): number {
  const { throttledAfterMs, throttledAfterMostMs } = LAMBDA_LIMITS
  return Math.min(throttledAfterMs * 2 ** throttles, throttledAfterMostMs)
}
