/** Time as the local stack sees it. A test passes a clock of its own and moves it by hand. */
export interface Clock {
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Runs `action` once, `ms` milliseconds from now. The returned function takes that back. */
  readonly after: (ms: number, action: () => void) => () => void
}

/** The machine's clock. Its timers do not keep the process alive: what runs does. */
export const wallClock: Clock = {
  now: Date.now,
  after: (ms, action) => {
    const timer = setTimeout(action, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
