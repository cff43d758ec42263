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
  /** An asynchronous event older than this, in milliseconds, is dropped, unless the function has a limit of its own. */
  eventAgeMs: 6 * 60 * 60_000,
  /**
   * "Approximately 16 times" may one chain of requests invoke a function; the next invocation is stopped.
   * https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
   */
  invocationsInAChain: 16,
  /** Concurrent executions of an account in a region by default. New accounts have less: 10. */
  concurrency: 1_000,
} as const

/** Not Lambda's, but this stack's: environments of a function without reserved concurrency, unless an option says otherwise. */
export const ENVIRONMENTS = 6

/** A function with no longer time limit, in milliseconds, answers and is free again; others may listen for minutes. */
export const QUICK_MS = 60_000

/**
 * Most young-generation memory of an environment's thread, in MB. V8 would let it grow to three times 16 MB before it
 * collects, and what a function leaves behind there is garbage after each event.
 */
export const YOUNG_GENERATION_MB = 2

/** How many log lines are kept of each function. */
export const LOG_LINES_KEPT = 1_000
