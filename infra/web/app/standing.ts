import type { DeviceState } from '../../../shared/device/event.ts'
import type { RefusalCode } from '../../../shared/rules/refusal.ts'

/** The connection, as the page tells of it. */
export interface Line {
  readonly state: DeviceState
  /** When the device tries again, epoch milliseconds; absent while it tries. */
  readonly retryAt?: number
  /** It is the first one of this visit, and has not failed. */
  readonly isFirst?: true
}

/** How a sign-in stands. */
export type SignIn =
  | { readonly kind: 'ready' }
  | { readonly kind: 'trying' }
  /** The service is full: the page tries again by itself then. */
  | { readonly kind: 'busy'; readonly retryAt: number }
  | { readonly kind: 'refused'; readonly code?: RefusalCode; readonly reason: string }
  /** There was a session, and it is over. */
  | { readonly kind: 'ended'; readonly code: RefusalCode; readonly reason: string }

/** How long to wait where the service is full and does not say for how long, in milliseconds: up to twice that. */
const BUSY_MS = 15_000

/**
 * After how long a sign-in that found the service full is tried again, in milliseconds. Somebody who waits beside others
 * does not come at the same moment as they do.
 *
 * @param retryAfterMs what the service said, where it did
 * @param random a number from 0 up to, but not including, 1
 */
export function busyMs(retryAfterMs: number | undefined, random: () => number): number {
  if (retryAfterMs === undefined) return Math.round(BUSY_MS * (1 + random()))
  return Math.round(Math.max(1_000, retryAfterMs) * (1 + random() / 10))
}

/** Whole seconds until then, for people. 0: it is time. */
export function secondsUntil(at: number, now: number): number {
  return Math.max(0, Math.ceil((at - now) / 1_000))
}
