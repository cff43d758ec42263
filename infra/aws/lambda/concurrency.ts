import type { FunctionDescription } from '../assembly/description.ts'
import { invokeException } from './failure.ts'

/** How many invocations of all functions may run at once, and how many do. */
export interface AccountConcurrency {
  readonly concurrency: number
  /** What is not reserved for a function. */
  readonly unreserved: number
  /**
   * Runs it, or throws TooManyRequestsException where as many run as may. A function with reserved concurrency has its own
   * limit, which its pool keeps.
   */
  readonly within: <T>(description: FunctionDescription, run: () => Promise<T>) => Promise<T>
  /** How often it refused. */
  readonly throttles: () => number
}

/**
 * The concurrency of an account in a region: over it Lambda answers 429 and queues nothing. An invocation that waits here
 * for one of this machine's environments counts as running: on AWS it would run.
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
 */
export function accountConcurrency(concurrency: number, functions: readonly FunctionDescription[]): AccountConcurrency {
  const reserved = functions.reduce((sum, { reservedConcurrency = 0 }) => sum + reservedConcurrency, 0)
  const unreserved = concurrency - reserved
  let [running, throttles] = [0, 0]
  return {
    concurrency,
    unreserved,
    throttles: () => throttles,
    async within(description, run) {
      if (description.reservedConcurrency !== undefined) return run()
      if (running >= unreserved) {
        throttles++
        throw invokeException('TooManyRequestsException', 'Rate Exceeded.')
      }
      running++
      try {
        return await run()
      } finally {
        running--
      }
    },
  }
}
