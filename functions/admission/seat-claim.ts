import { randomBytes } from 'node:crypto'
import type { Candidate } from '../../shared/rules/admission.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import type { Measure } from '../../shared/rules/measures.ts'
import { SEAT_LEASE_MS, sessionId, type FormerSession, type Seat, type SigningIn } from '../../shared/rules/seat.ts'
import type { Settings } from '../../shared/rules/settings.ts'
import type { SeatHint, SeatHints } from '../../shared/store/seats/seat-hint.ts'
import type { Seats } from '../../shared/store/seats/seats.ts'

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

/**
 * Claims the first of these that it can, each by one conditional write.
 *
 * @returns undefined where there was none, or others were faster each time
 * @throws Refusal `replaced` or `replayed`, where the device's own seat is a later login's
 */
export async function claim(
  candidates: Iterable<Candidate>,
  applicant: Applicant,
  parts: AdmissionParts,
): Promise<Admitted | undefined> {
  for (const candidate of candidates) {
    const admitted =
      candidate.kind === 'free'
        ? await takeFree(candidate.number, applicant, parts)
        : await takeFrom(candidate, applicant, parts)
    if (admitted !== undefined) return admitted
  }
  return undefined
}

async function takeFree(
  number: number,
  applicant: Applicant,
  { seats }: AdmissionParts,
): Promise<Admitted | undefined> {
  const seat = signingIn(number, applicant)
  return (await seats.take(seat, applicant.now)) ? { seat, step: `maximum: seat ${number} is free` } : undefined
}

/*
 *   login 2   take a ────────────────────────────────── open ✔
 *   login 1            read: a is its device's ✘ heard              an earlier login that keeps the latest one out
 *
 * A lease that is over is free: the login that had it did not come to point to it, or is dead.
 */

async function takeFrom(
  { kind, seat: holder }: Exclude<Candidate, { kind: 'free' }>,
  applicant: Applicant,
  { seats, measure }: AdmissionParts,
): Promise<Admitted | undefined> {
  const { number, previous } = applicant
  if (kind === 'own' && holder.heard >= number) throw overtaken(holder.heard, number, holder.session === previous)
  const seat = signingIn(holder.number, applicant)
  const former = await seats.takeFrom(holder, seat)
  if (former === undefined) return undefined
  if (kind === 'own') {
    const step = `maximum: seat ${seat.number} is this device's own`
    return { seat, former: { seat: former, because: 'replaced' }, step }
  }
  measure('Evictions', 1)
  const step = `maximum: every seat was taken; an idle session was logged out of seat ${seat.number}`
  return { seat, former: { seat: former, because: 'evicted' }, step }
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
