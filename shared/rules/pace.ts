import type { Open } from './seat.ts'
import type { Settings } from './settings.ts'

/** How many logins a device that has not logged in for a while may make at once. */
export const LOGIN_BURST = 10

const HOUR_MS = 60 * 60_000
const MINUTE_MS = 60_000

/**
 * Whether a device may log in: each login occupies it for its share of an hour, and it may be LOGIN_BURST of them behind
 * (the generic cell rate algorithm: one number is the whole state).
 *
 * @param occupiedUntil what the last login left, in epoch milliseconds
 * @returns what this login leaves, or how long until there may be one
 */
export function loginPace(
  occupiedUntil: number | undefined,
  { loginsPerHour }: Pick<Settings, 'loginsPerHour'>,
  now: number,
): { readonly occupiedUntil: number } | { readonly retryAfterMs: number } {
  const eachMs = HOUR_MS / loginsPerHour
  const next = Math.ceil(Math.max(occupiedUntil ?? 0, now) + eachMs)
  const latest = Math.ceil(now + LOGIN_BURST * eachMs)
  return next <= latest ? { occupiedUntil: next } : { retryAfterMs: next - latest }
}

/*
 * Sends are counted by their own numbers, so that it takes no write and no counter: at the first send and at each
 * `perMinute`th after it the seat notes the minute, and the next of these must come in a later one.
 *
 *   perMinute = 120   1 ✔ 12:00 noted ── 2 … 120 ✔ ── 121 ✘ 12:00 ── 121 ✔ 12:01 noted ── 122 … ✔
 *
 * In the long run that is what is set; in one minute it is at most twice that.
 */

/** Whether the pace is looked at with this send of a session. */
export function isMilestone(sent: number, perMinute: number): boolean {
  return sent % perMinute === 1
}

/** The minute of a moment: both since the epoch, the moment in milliseconds. */
export function minuteOf(at: number): number {
  return Math.floor(at / MINUTE_MS)
}

/** How long a send must wait, in milliseconds; 0: it need not. */
export function sendWaitMs(
  { milestoneMinute }: Pick<Open, 'milestoneMinute'>,
  sent: number,
  perMinute: number,
  at: number,
): number {
  if (milestoneMinute === undefined || !isMilestone(sent, perMinute) || milestoneMinute < minuteOf(at)) return 0
  return (milestoneMinute + 1) * MINUTE_MS - at
}
