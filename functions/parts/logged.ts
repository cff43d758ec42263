import type { MiddlewareObj } from '@middy/core'
import { log, why } from './log.ts'

/** Says in one line why a function that has no device to answer failed; the error then goes on to Lambda. */
export function logged(name: string): MiddlewareObj {
  return {
    onError({ error }) {
      log('failed', { function: name, why: why(error) })
    },
  }
}
