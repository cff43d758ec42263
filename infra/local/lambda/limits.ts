/**
 * Lambda's limits and waits, as far as the local stack keeps them.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export const LAMBDA_LIMITS = {
  /** Largest payload of a synchronous invocation, in bytes, either way. */
  syncPayloadBytes: 6 * 1024 * 1024,
  /** Largest event of an asynchronous invocation, in bytes. */
  asyncPayloadBytes: 1024 * 1024,
  /** Longest time, in milliseconds, that loading a function may take. */
  initMs: 10_000,
  /** Before the first and the second repeat of an asynchronous invocation that failed. */
  retryAfterMs: [60_000, 120_000],
  /** Before a throttled asynchronous invocation is tried again: doubled each time, up to the most. */
  throttledAfterMs: 1_000,
  throttledAfterMostMs: 5 * 60_000,
  /** An asynchronous event older than this, in milliseconds, is dropped. */
  eventAgeMs: 6 * 60 * 60_000,
} as const

/** Not Lambda's, but this stack's: environments of a function without reserved concurrency, unless told otherwise. */
export const ENVIRONMENTS = 8

/** How many log lines are kept of each function. */
export const LOG_LINES_KEPT = 1_000
