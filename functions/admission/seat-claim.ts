import { randomBytes } from 'node:crypto'
import { capacity, idleFirst } from '../../shared/rules/admission.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import type { Measure } from '../../shared/rules/measures.ts'
import {
  isFree,
  SEAT_LEASE_MS,
  sessionId,
  type FormerSession,
  type Seat,
  type SigningIn,
} from '../../shared/rules/seat.ts'
import type { Settings } from '../../shared/rules/settings.ts'
import type { SeatHint, SeatHints } from '../../shared/store/seats/seat-hint.ts'
import type { Seats } from '../../shared/store/seats/seats.ts'

/** How many free seats of one shard a login tries: others who log in at the same moment may be faster. */
const TRIES = 4

export interface Admitted {
  readonly seat: SigningIn
  /** Who had the seat, where somebody did, and why no longer. */
  readonly former?: { readonly seat: Seat; readonly because: 'evicted' | 'replaced' }
  /** For people: how the maximum was kept. */
  readonly step: string
  /** Whether the hint was written, which listeners see as they see a new revision. */
  readonly led?: boolean
  /** Whether the device's session until now is known to be over: it has no seat any more, and will have none. */
  readonly previousIsOver?: boolean
  /** What is found of a session in the place of which a login is under way, or died: the device's own, perhaps. */
  readonly left?: FormerSession
}

export interface Applicant {
  readonly device: string
  /** The number of the login's frame. */
  readonly number: number
  /** The device's session until now, if it has one: its seat is taken over, so that a device never needs two. */
  readonly previous: string | undefined
  readonly settings: Settings
  readonly now: number
  /** The seat hint, where this login has read it, by then. */
  readonly hint?: SeatHint
  /** Whether this login looked for a seat before, by older settings: it may have taken one then, and given it back. */
  readonly again?: boolean
}

export interface AdmissionParts {
  readonly seats: Seats
  readonly seatHints: SeatHints
  readonly measure: Measure
  /** From 0 up, below 1; absent: Math.random. */
  readonly chance?: () => number
}

/** What is seen when there is no seat; `complete`: there was none; false: other logins were faster. */
export interface NoSeat {
  readonly taken: readonly Seat[]
  readonly complete: boolean
}

/*
 *   login 2   take a ────────────────────────────────── open ✔
 *   login 1            read: a is its device's ✘ heard              an earlier login that keeps the latest one out
 *
 * A lease that is over is free: the login that had it did not come to point to it, or is dead.
 */

/**
 * Takes over a seat that the device has. One above the maximum that a login has is left to its lease: lowered-maximum.ts says
 * why.
 *
 * @throws Refusal `replaced` where it is a later login's; `replayed` where the device's session has heard of a later frame
 */
export async function takeOver(
  read: readonly Seat[],
  applicant: Applicant,
  { seats }: AdmissionParts,
): Promise<Admitted | undefined> {
  const { device, number, previous, settings, now } = applicant
  const own = read.find((seat) => seat.device === device && !isFree(seat, now))
  if (own === undefined || (own.state === 'signing-in' && own.number >= capacity(settings))) return undefined
  if (own.heard >= number) throw overtaken(own.heard, number, own.session === previous)
  const seat = signingIn(own.number, applicant)
  const former = await seats.takeFrom(own, seat)
  if (former === undefined) return undefined
  return {
    seat,
    former: { seat: former, because: 'replaced' },
    step: `maximum: seat ${own.number} is this device's own`,
  }
}

/** One of these free seats, at random: of many logins at once each tries another one. */
export async function takeFree(
  free: readonly number[],
  applicant: Applicant,
  { seats, chance = Math.random }: AdmissionParts,
): Promise<Admitted | undefined> {
  const left = [...free]
  for (let tries = Math.min(TRIES, free.length); tries > 0; tries -= 1) {
    const [number] = left.splice(Math.floor(chance() * left.length), 1)
    if (number === undefined) break
    const seat = signingIn(number, applicant)
    if (await seats.take(seat, applicant.now)) return { seat, step: `maximum: seat ${number} is free` }
  }
  return undefined
}

/** The longest silent first; of many logins at once each needs another one. */
export async function evict(
  taken: readonly Seat[],
  applicant: Applicant,
  { seats, measure }: AdmissionParts,
): Promise<Admitted | undefined> {
  for (const idle of idleFirst(taken, applicant.settings, applicant.now)) {
    const seat = signingIn(idle.number, applicant)
    const former = await seats.takeFrom(idle, seat)
    if (former === undefined) continue
    measure('Evictions', 1)
    const step = `maximum: every seat was taken; an idle session was logged out of seat ${idle.number}`
    return { seat, former: { seat: former, because: 'evicted' }, step }
  }
  return undefined
}

/**
 * A login whose number does not count, because its device was heard of with this one. Where that was another login,
 * which came while this one was under way, the device has the session it wants: it need not number this one anew.
 */
export function overtaken(heard: number, number: number, wasKnown: boolean): Refusal {
  return wasKnown || heard === number ? new Refusal('replayed', { heard }) : new Refusal('replaced')
}

function signingIn(number: number, { device, number: heard, now }: Applicant): SigningIn {
  const session = sessionId(number, randomBytes(12).toString('base64url'))
  return { state: 'signing-in', number, session, device, heard, leaseUntil: now + SEAT_LEASE_MS }
}
