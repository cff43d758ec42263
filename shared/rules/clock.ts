/**
 * Time, for whatever waits or measures: a part that is passed in, so that a test passes its own and moves it by hand. The
 * rules themselves are given `now`.
 */
export interface Clock {
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Runs `action` once, `ms` milliseconds from now. The returned function takes that back. */
  readonly after: (ms: number, action: () => void) => () => void
}

/** The machine's clock. */
export const wallClock: Clock = {
  now: Date.now,
  after: (ms, action) => {
    const timer = setTimeout(action, ms)
    // Node would stay alive for a timer; a browser's timer is a number, and has no such method.
    timer.unref?.()
    return () => clearTimeout(timer)
  },
}
