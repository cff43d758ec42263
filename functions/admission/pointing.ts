import { LOGIN_BURST, loginPace } from '../../shared/rules/pace.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import { formerOf, SEAT_LEASE_MS, seatNumberOf, type FormerSession, type Open } from '../../shared/rules/seat.ts'
import type { Settings } from '../../shared/rules/settings.ts'
import type { Seats } from '../../shared/store/seats/seats.ts'
import type { DeviceSession, DeviceSessions } from '../../shared/store/device-sessions.ts'
import { overtaken } from './seat-claim.ts'
import { leaveBehind } from '../session/leave-behind.ts'

export interface Pointing {
  readonly device: string
  /** The number of the login's frame. */
  readonly number: number
  readonly settings: Settings
  readonly now: number
  /** What the device pointed to when this login began. */
  readonly previous: DeviceSession | undefined
  /** Whether that session is known to be over: it has no seat any more, and will have none. */
  readonly previousIsOver: boolean
  /** The session of this device that this login ended, or found ended, on its way here. */
  readonly former: FormerSession | undefined
}

export interface PointingParts {
  readonly seats: Seats
  readonly sessions: DeviceSessions
  /** Called with each session of the device that had to go, as its seat was. */
  readonly ended: (seat: Open) => void
}

export interface Pointed {
  readonly last: DeviceSession | undefined
  readonly former: FormerSession | undefined
}

/** How often a login tries: whenever it fails, another login of its device came through, and the pace bounds those. */
const TRIES = 2 * LOGIN_BURST

/*
 * A device has one session. One opens only after its device was pointed to it, and only if it has its seat still; a login
 * that the device is pointed to later has taken that seat away before:
 *
 *   login 1   take a ─ point to a ✔ ────────────────────────────────────────────── open a ✘ MINE: replaced
 *   login 2   take b ─────── point to b ✘ AS_READ ─ free a ✔ ─ point to b ✔ ─────── open b ✔
 *   login 3   take c ─────────────────────────────────────────── point to c ✘ AS_READ: b is later
 *
 * Should a login die in between, its device has no session or the last one, and the next login ends what it left: what
 * is pointed to is known, and what is not pointed to cannot open.
 */

/**
 * Points the device to its new session, after it ended the session of each login that came before.
 *
 * @returns the last login before this one, and what the last session that ended left behind
 * @throws Refusal `replaced` or `replayed` where a later one came meanwhile, `too-many` where there were too many
 */
export async function point(
  session: string,
  { device, number, settings, now, previous, previousIsOver, former: found }: Pointing,
  parts: PointingParts,
): Promise<Pointed> {
  const { sessions } = parts
  let last = previous
  let isOver = previousIsOver
  let ended = found
  for (let tries = 0; tries < TRIES; tries += 1) {
    const { occupiedUntil } = occupied(last, settings, now)
    if (last !== undefined && !isOver) ended = (await end(last.session, number, parts)) ?? ended
    const former = ended !== undefined && ended.session === last?.session ? ended : last?.former
    const to = { session, heard: number, at: now, occupiedUntil, ...(former && { former }) }
    if (await sessions.point(device, to, last)) return { last, former }
    last = await sessions.ofDevice(device)
    isOver = false
    if (last !== undefined && last.heard >= number) throw overtaken(last.heard, number, false)
  }
  throw new Refusal('too-many', { retryAfterMs: SEAT_LEASE_MS })
}

/**
 * A login that is under way finds its seat gone, and says so to its device; the device of an open session gets a frame.
 *
 * @returns what the session left behind, whichever login took its seat
 */
async function end(
  session: string,
  number: number,
  { seats, sessions, ended }: PointingParts,
): Promise<FormerSession | undefined> {
  const seat = await seats.at(seatNumberOf(session), { consistent: true })
  if (seat?.session !== session) return seat && formerOf(seat)
  // Before the seat goes, with which it would be lost, should this login die in between.
  if (seat.state === 'open') await leaveBehind(seat, { sessions })
  const overtaking = await seats.overtake(session, number)
  if (!overtaking.done) throw overtaken(overtaking.heard, number, false)
  // A retry after a lost answer finds nothing: what was read is then the best that is known.
  const former = overtaking.former ?? seat
  if (former.state === 'open') ended(former)
  return former.state === 'open' ? formerOf(former) : undefined
}

/** @throws Refusal `too-many` where the device logged in too often lately */
export function occupied(last: DeviceSession | undefined, settings: Settings, now: number) {
  const pace = loginPace(last, settings, now)
  if ('occupiedUntil' in pace) return pace
  throw new Refusal('too-many', { reason: 'this device logs in too often', retryAfterMs: pace.retryAfterMs })
}
