import type { Clock } from '../../shared/clock.ts'

/** The machine's clock, for functions: its timers keep an invocation alive, as whatever it waits for must. */
export const lambdaClock: Clock = {
  now: Date.now,
  after: (ms, action) => {
    const timer = setTimeout(action, ms)
    return () => clearTimeout(timer)
  },
}

/** Waits `ms` milliseconds, or until the signal is aborted: it never rejects, and the caller looks at the signal. */
export async function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return
  await new Promise<void>((resolve) => {
    const cancel = clock.after(ms, done)
    function done() {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    signal?.addEventListener('abort', done)
  })
}
