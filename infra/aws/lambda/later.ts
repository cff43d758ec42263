import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import type { FunctionDescription } from '../assembly/description.ts'
import { LAMBDA_LIMITS } from './limits.ts'
import { isLoop, type Lineage } from './lineage.ts'
import type { Unprocessed } from './unprocessed.ts'

export interface LaterOptions {
  readonly clock: Clock
  readonly call: (functionName: string, event: AcceptedEvent) => Promise<unknown>
  readonly dropped: (event: Unprocessed) => void
  /** After how many milliseconds an event comes a second time; undefined where it comes once. Asked for each event. */
  readonly twiceAfterMs?: (() => number | undefined) | undefined
}

/** An event in the queue. All attempts, and both deliveries of an event that comes twice, have one request id. */
export interface AcceptedEvent {
  readonly requestId: string
  readonly payload: string
  readonly traceId: string
}

export interface Later {
  readonly push: (description: FunctionDescription, payload: string, lineage: Lineage) => void
  /** Forgets what waits for the clock. */
  readonly stop: () => void
}

interface Entry extends AcceptedEvent {
  readonly description: FunctionDescription
  readonly acceptedAt: number
  readonly attempts: number
  readonly failures: number
  readonly throttles: number
}

/**
 * Asynchronous invocations: a function that fails is invoked again after 1 and then 2 minutes, as often as it is
 * configured to be; one that is throttled again and again, which counts as no failure; and none that is older than the
 * function's maximum event age (6 hours, unless set). An event may come twice though nothing failed, since the queue is
 * eventually consistent, and one of a recursive loop is not invoked.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export function later({ clock, call, dropped, twiceAfterMs }: LaterOptions): Later {
  const cancels = new Set<() => void>()
  let stopped = false

  async function attempt(entry: Entry): Promise<void> {
    const { description, requestId, payload, traceId } = entry
    try {
      await call(description.name, { requestId, payload, traceId })
    } catch (error) {
      if (!stopped) failed({ ...entry, attempts: entry.attempts + 1 }, error)
    }
  }

  function failed(entry: Entry, error: unknown): void {
    const throttled = error instanceof Error && error.name === 'TooManyRequestsException'
    const next = throttled
      ? { ...entry, throttles: entry.throttles + 1 }
      : { ...entry, failures: entry.failures + 1, throttles: 0 }
    const afterMs = throttled ? throttledAfterMs(entry.throttles) : retryAfterMs(entry.failures)
    const { retryAttempts, eventAgeMs = LAMBDA_LIMITS.eventAgeMs } = entry.description
    if (next.failures > retryAttempts)
      dropped({ ...next, condition: 'RetriesExhausted', because: `it failed ${next.failures} times`, error })
    else if (clock.now() + afterMs - entry.acceptedAt > eventAgeMs)
      dropped({ ...next, condition: 'EventAgeExceeded', because: `it is ${inWords(eventAgeMs)} old`, error })
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
    push(description, payload, lineage) {
      const { traceId } = lineage
      const counts = { attempts: 0, failures: 0, throttles: 0 }
      const entry = { description, requestId: randomUUID(), payload, traceId, acceptedAt: clock.now(), ...counts }
      if (isLoop(lineage) && description.recursiveLoop !== 'Allow') {
        const because = `its chain of requests has invoked the function ${lineage.before} times: a recursive loop`
        dropped({ ...entry, condition: 'RetriesExhausted', because, error: undefined })
        return
      }
      void attempt(entry)
      const again = twiceAfterMs?.()
      if (again !== undefined) wait(entry, again)
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

function inWords(ms: number): string {
  return ms % 3_600_000 === 0 ? `${ms / 3_600_000} hours` : `${ms / 1_000} seconds`
}
