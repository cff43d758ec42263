import { randomBytes } from 'node:crypto'
import { benches, freeSeats, idleFirst, nextIdleMs, refusalWhenFull } from '../../shared/rules/admission.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import { benchOf, SEAT_LEASE_MS, seatNumberOf, sessionId, type Seat, type SigningIn } from '../../shared/rules/seat.ts'
import type { Settings } from '../../shared/rules/settings.ts'
import type { Outlooks } from '../../shared/store/outlook.ts'
import type { Seats } from '../../shared/store/seats.ts'
import { log, why } from './log.ts'

/** How many free seats of one bench a login tries: others who log in at the same moment may be faster. */
const TRIES = 4

export interface Admitted {
  readonly seat: SigningIn
  /** Who had the seat, where somebody did, and why no longer. */
  readonly former?: { readonly seat: Seat; readonly because: 'evicted' | 'replaced' }
  /** For people: how the maximum was kept. */
  readonly step: string
}

export interface Applicant {
  readonly device: string
  /** The device's session until now, if it has one: its seat is taken over, so that a device never needs two. */
  readonly previous: string | undefined
  readonly settings: Settings
  readonly now: number
}

export interface AdmissionParts {
  readonly seats: Seats
  readonly outlooks: Outlooks
}

/**
 * Step 1 of a login: a seat, or a no.
 *
 * Looks eventually consistent first, which is cheap, at the device's own seat and where the last one found room; at
 * every bench consistently once more before it says no. So a login that finds room reads one bench, however many there
 * are, and a hint that leads astray costs reads and decides nothing.
 *
 * @throws Refusal `server-busy`, or `failed` where no maximum is set
 */
export async function admit(applicant: Applicant, parts: AdmissionParts): Promise<Admitted> {
  const { settings, now } = applicant
  const { room } = await parts.outlooks.read()
  const own = await takeOver(await ownSeat(applicant, parts), applicant, parts)
  if (own !== undefined) return own
  for (const consistent of [false, true]) {
    const taken: Seat[] = []
    for (const bench of benchesFor(applicant, room, consistent)) {
      const read = await parts.seats.read(bench, { consistent })
      const admitted = (await takeOver(read, applicant, parts)) ?? (await takeFree(bench, read, applicant, parts))
      if (admitted !== undefined) {
        await leadTo(admitted, room, parts)
        return admitted
      }
      taken.push(...read)
    }
    const admitted = await evict(taken, applicant, parts)
    if (admitted !== undefined) return admitted
    if (consistent) throw full(taken, settings, now)
  }
  throw new TypeError('unreachable: the second look says yes or no')
}

/** The seat of the device's session until now, should it still have one: it may be far from where there is room. */
async function ownSeat({ previous }: Applicant, { seats }: AdmissionParts): Promise<Seat[]> {
  const seat = previous === undefined ? undefined : await seats.at(seatNumberOf(previous))
  return seat === undefined ? [] : [seat]
}

/** Where there was room is looked at first, then the benches above it, where it will be next, then those below. */
function benchesFor({ previous, settings }: Applicant, room: number, consistent: boolean): number[] {
  const all = benches(settings)
  const own = previous === undefined || !consistent ? [] : [benchOf(seatNumberOf(previous))]
  return [...new Set([...own, ...all.filter((bench) => bench >= room), ...all])]
}

/** The next login is led to where this one found room. Should that fail, it looks as long as this one did. */
async function leadTo({ seat, former }: Admitted, room: number, { outlooks }: AdmissionParts): Promise<void> {
  const bench = benchOf(seat.number)
  if (former !== undefined || bench === room) return
  await outlooks.lead(room, bench).catch((thrown: unknown) => log('hint not kept', { bench, why: why(thrown) }))
}

async function takeOver(
  read: readonly Seat[],
  applicant: Applicant,
  { seats }: AdmissionParts,
): Promise<Admitted | undefined> {
  const own = read.find(({ device }) => device === applicant.device)
  if (own === undefined) return undefined
  const seat = signingIn(own.number, applicant)
  const former = await seats.takeFrom(own, seat)
  if (former === undefined) return undefined
  return {
    seat,
    former: { seat: former, because: 'replaced' },
    step: `maximum: seat ${own.number} is this device's own`,
  }
}

async function takeFree(
  bench: number,
  read: readonly Seat[],
  applicant: Applicant,
  { seats }: AdmissionParts,
): Promise<Admitted | undefined> {
  const free = freeSeats(bench, read, applicant.settings, applicant.now)
  for (let tries = Math.min(TRIES, free.length); tries > 0; tries -= 1) {
    const [number] = free.splice(Math.floor(Math.random() * free.length), 1)
    if (number === undefined) break
    const seat = signingIn(number, applicant)
    if (await seats.take(seat, applicant.now)) return { seat, step: `maximum: seat ${number} is free` }
  }
  return undefined
}

/** The longest silent first; of many logins at once each needs another one. */
async function evict(
  taken: readonly Seat[],
  applicant: Applicant,
  { seats }: AdmissionParts,
): Promise<Admitted | undefined> {
  for (const idle of idleFirst(taken, applicant.settings, applicant.now)) {
    const seat = signingIn(idle.number, applicant)
    const former = await seats.takeFrom(idle, seat)
    if (former === undefined) continue
    const step = `maximum: every seat was taken; an idle session was logged out of seat ${idle.number}`
    return { seat, former: { seat: former, because: 'evicted' }, step }
  }
  return undefined
}

function signingIn(number: number, { device, now }: Applicant): SigningIn {
  const session = sessionId(number, randomBytes(12).toString('base64url'))
  return { state: 'signing-in', number, session, device, leaseUntil: now + SEAT_LEASE_MS }
}

function full(taken: readonly Seat[], settings: Settings, now: number): Refusal {
  const retryAfterMs = nextIdleMs(taken, settings, now)
  return new Refusal(refusalWhenFull(settings), retryAfterMs === undefined ? {} : { retryAfterMs })
}
