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

/** The longest wait of a timer, in milliseconds: `setTimeout` takes a longer one for none at all, and fires at once. */
const LONGEST_MS = 2 ** 31 - 1

/** The machine's clock. A wait of more than 24 days is over after 24 days. */
export const wallClock: Clock = {
  now: Date.now,
  after: (ms, action) => {
    const timer = setTimeout(action, Math.min(ms, LONGEST_MS))
    // Node would stay alive for a timer; a browser's timer is a number, and has no such method.
    timer.unref?.()
    return () => clearTimeout(timer)
  },
}
