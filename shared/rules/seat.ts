import type { Conversation, MessageId } from './messaging.ts'
import type { RefusalCode } from './refusal.ts'

/**
 * How many seats one shard holds: one DynamoDB partition, and one query of at most 5.5 read units, so that a login that
 * finds room costs no more than 12 in all.
 */
export const SHARD_SEATS = 300

/** How many seats there can be: a session id, as the device protocol takes it, names its seat in five digits at most. */
export const MOST_SEATS = 100_000

/** A seat while its login is under way. It frees itself when the lease is over, should the login never finish. */
export interface SigningIn {
  readonly state: 'signing-in'
  readonly number: number
  readonly session: string
  readonly device: string
  /** The number of the login's frame: an earlier login of the same device does not take its seat. */
  readonly heard: number
  readonly leaseUntil: number
  /** Whom the login took the seat from: should it die, the device of that session finds here what it left behind. */
  readonly former?: FormerSession
}

/** A session that is over, as far as it takes to hand over what its device did not acknowledge. */
export interface FormerSession {
  readonly session: string
  readonly user: string
  /** The last batch that its device has. */
  readonly acked: number
}

/** A seat that holds a session. What changes with each frame of the device lives here, so that one small write keeps it. */
export interface Open {
  readonly state: 'open'
  readonly number: number
  readonly session: string
  readonly device: string
  readonly user: string
  readonly coverage: 'in' | 'out'
  readonly connection: string
  readonly lastHeardAt: number
  /** The last frame number of the device: only a higher one is taken. */
  readonly heard: number
  /** The last batch of events that the device has. */
  readonly acked: number
  /** Whether the user did something lately. */
  readonly active: boolean
  /** The number of the last send that was begun, and when; `outcome` is what it was answered, once it was. */
  readonly sent: number
  readonly sentAt?: number
  /** The minute, since the epoch, of the last send at which the pace is looked at (shared/rules/pace.ts). */
  readonly milestoneMinute?: number
  readonly outcome?: SendOutcome
  /** Since when the device is being woken, in epoch milliseconds: until it says something. */
  readonly wokenAt?: number
  /** The event that asks to wake it is on the bus for sure. */
  readonly woken?: true
}

/** What became of a send: the service says it again to a device that lost the answer. */
export type SendOutcome =
  | { readonly number: number; readonly conversation?: Conversation; readonly message?: MessageId }
  | { readonly number: number; readonly code: RefusalCode; readonly reason: string }

/** A free seat is no item at all. */
export type Seat = SigningIn | Open

/**
 * Longest time, in milliseconds, that a login may hold a seat. Longer than the login function may run (29 s), so
 * that no stalled login can wake up as the second owner of its seat.
 */
export const SEAT_LEASE_MS = 45_000

/** What a seat leaves behind when its session ends, or the login that has it. */
export function formerOf(seat: Seat): FormerSession | undefined {
  if (seat.state === 'signing-in') return seat.former
  const { session, user, acked } = seat
  return { session, user, acked }
}

/** A session names its seat, so that a frame finds it without a read: `17-b0Jm3o2u9hQ5w1Zx`. */
export function sessionId(seat: number, random: string): string {
  return `${seat}-${random}`
}

export function seatNumberOf(session: string): number {
  return Number.parseInt(session, 10)
}

export function shardOf(seat: number): number {
  return Math.floor(seat / SHARD_SEATS)
}

/** Whether a login may take the seat: it is free, or a login that never finished had it. */
export function isFree(seat: Seat | undefined, now: number): boolean {
  return seat === undefined || (seat.state === 'signing-in' && seat.leaseUntil <= now)
}

/** How long a device may say nothing before it is taken to be dormant, in milliseconds: as the BlackBerry client's mode. */
const DORMANT_MS = 5 * 60_000

/**
 * How long a note that a device is being woken holds without a second one that it was, in milliseconds: the function that
 * wrote it runs no longer than that (Lambda's longest time, 900 s).
 */
export const WAKING_MS = 15 * 60_000

/*
 *   listener A   notes that it wakes the device ✔ ── dies
 *   listener B                                          sees the note ………… 15 min ── wakes it ✔     a device that sleeps on,
 *                                                                                                   for as long as it is away
 */

/** Whether a device is woken, or somebody may be at it. */
export function isBeingWoken({ wokenAt, woken }: Pick<Open, 'wokenAt' | 'woken'>, now: number): boolean {
  return wokenAt !== undefined && (woken === true || now - wokenAt < WAKING_MS)
}

/** Whether the device is in a user's hand: in coverage, heard of lately, and used since its last sign of life but one. */
export function isAttended({ coverage, active, lastHeardAt }: Open, now: number): boolean {
  return coverage === 'in' && active && now - lastHeardAt < DORMANT_MS
}

/**
 * Whether a session may be logged out to make room: its device is out of coverage, or has been silent for longer than
 * the idle timeout (step 4 of the source document's login).
 */
export function isIdle(seat: Seat, now: number, idleTimeoutMs: number): seat is Open {
  return seat.state === 'open' && (seat.coverage === 'out' || now - seat.lastHeardAt > idleTimeoutMs)
}
