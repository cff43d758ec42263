/** Time as the upstream client sees it. A test passes a clock of its own. */
export interface Clock {
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Runs `action` once, `ms` milliseconds from now. The returned function takes that back. */
  readonly after: (ms: number, action: () => void) => () => void
}

/** The machine's clock. Its timers do not keep the process alive: the sockets they watch do. */
export const wallClock: Clock = {
  now: Date.now,
  after: (ms, action) => {
    const timer = setTimeout(action, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
