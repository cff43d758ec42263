import { Refusal } from '../../shared/rules/refusal.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'

const CODES = {
  again: 'upstream-away',
  'sign-in': 'signed-out',
  'give-up': 'upstream-refused',
  'wrong-password': 'bad-credentials',
} as const

/** The refusal that a device gets for a fault upstream. What is no such fault passes as it is. */
export function asRefusal(thrown: unknown): unknown {
  if (!(thrown instanceof UpstreamFault)) return thrown
  const { kind, message: reason, retryAfterMs } = thrown
  // The server's words about a password go into the log, and not to the device.
  if (kind === 'wrong-password') return new Refusal(CODES[kind], { cause: thrown })
  return new Refusal(CODES[kind], { cause: thrown, reason, ...(retryAfterMs !== undefined && { retryAfterMs }) })
}
