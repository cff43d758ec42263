import type { Open } from './seat.ts'
import type { Settings } from './settings.ts'

/** How many logins a device that has not logged in for a while may make at once; no more than are set for an hour. */
export const LOGIN_BURST = 10

const HOUR_MS = 60 * 60_000
const MINUTE_MS = 60_000

/** What a login leaves: when it began, and until when it and those before it occupy the device; in epoch milliseconds. */
export interface Occupied {
  readonly at?: number
  readonly occupiedUntil?: number
}

/**
 * Whether a device may log in: each login occupies it for its share of an hour, and it may be LOGIN_BURST of them behind
 * (the generic cell rate algorithm: one number is the whole state).
 *
 *   5 an hour     ten logins at once: occupied for two hours
 *   60 an hour    raised a minute later: occupied for no longer than ten logins, at that moment, leave it now: 10 minutes
 *
 * @param last what the last login left: perhaps under another setting
 * @returns what this login leaves, or how long until there may be one
 */
export function loginPace(
  last: Occupied | undefined,
  { loginsPerHour }: Pick<Settings, 'loginsPerHour'>,
  now: number,
): { readonly occupiedUntil: number } | { readonly retryAfterMs: number } {
  const eachMs = HOUR_MS / loginsPerHour
  const longestMs = Math.min(LOGIN_BURST, loginsPerHour) * eachMs
  const { at = now, occupiedUntil = 0 } = last ?? {}
  const occupied = Math.min(occupiedUntil, Math.ceil(Math.min(at, now) + longestMs))
  const next = Math.ceil(Math.max(occupied, now) + eachMs)
  const latest = Math.ceil(now + longestMs)
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
