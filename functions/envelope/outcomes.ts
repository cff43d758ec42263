import type { MiddlewareObj } from '@middy/core'
import type { Measure } from '../../shared/rules/measures.ts'
import { Refusal } from '../../shared/rules/refusal.ts'

/** Counts how logins end, those too whose frame was never opened. */
export function outcomes(measure: Measure): MiddlewareObj {
  return {
    after: () => measure('Logins', 1, 'accepted'),
    onError: ({ error }) => measure('Logins', 1, Refusal.from(error).code),
  }
}
