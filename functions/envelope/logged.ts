import type { MiddlewareObj } from '@middy/core'
import { failure, inContext, why } from './log.ts'
import { measured } from './metrics.ts'

/** Around every function: its lines name the invocation, and what it measured goes out with it. */
export function observed(): MiddlewareObj[] {
  return [inContext(), measured()]
}

/** Around a function that has no device to answer: says in one line why it failed, too; the error then goes on to Lambda. */
export function logged(name: string): MiddlewareObj[] {
  const tellsWhy: MiddlewareObj = {
    onError({ error }) {
      failure('failed', { function: name, why: why(error) })
    },
  }
  return [...observed(), tellsWhy]
}
