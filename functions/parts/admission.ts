import { randomBytes } from 'node:crypto'
import { benches, freeSeats, idleFirst, nextIdleMs, refusalWhenFull } from '../../shared/rules/admission.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import { benchOf, SEAT_LEASE_MS, seatNumberOf, sessionId, type Seat, type SigningIn } from '../../shared/rules/seat.ts'
import type { Settings } from '../../shared/rules/settings.ts'
import type { Seats } from '../../shared/store/seats.ts'

/** How many free seats of one bench a login tries: others who log in at the same moment may be faster. */
const TRIES = 4

export interface Admitted {
  readonly seat: SigningIn
  /** Who had the seat, where somebody did, and why no longer. */
  readonly former?: { readonly seat: Seat; readonly because: 'evicted' | 'replaced' }
  /** For people: how the maximum was kept. */
  readonly step: string
}

interface Applicant {
  readonly device: string
  /** The device's session until now, if it has one: its seat is taken over, so that a device never needs two. */
  readonly previous: string | undefined
  readonly settings: Settings
  readonly now: number
}

/**
 * Step 1 of a login: a seat, or a no.
 *
 * Looks eventually consistent first, which is cheap, and consistently once more before it says no.
 *
 * @throws Refusal `server-busy`, or `failed` where no maximum is set
 */
export async function admit(applicant: Applicant, seats: Seats): Promise<Admitted> {
  const { settings, now } = applicant
  for (const consistent of [false, true]) {
    const taken: Seat[] = []
    for (const bench of benchesFor(applicant)) {
      const read = await seats.read(bench, { consistent })
      const admitted = (await takeOver(read, applicant, seats)) ?? (await takeFree(bench, read, applicant, seats))
      if (admitted !== undefined) return admitted
      taken.push(...read)
    }
    const admitted = await evict(taken, applicant, seats)
    if (admitted !== undefined) return admitted
    if (consistent) throw full(taken, settings, now)
  }
  throw new TypeError('unreachable: the second look says yes or no')
}

/** The benches in their order, that of the device's own session first. */
function benchesFor({ previous, settings }: Applicant): number[] {
  const all = benches(settings)
  if (previous === undefined) return all
  const own = benchOf(seatNumberOf(previous))
  return [own, ...all.filter((bench) => bench !== own)]
}

async function takeOver(read: readonly Seat[], applicant: Applicant, seats: Seats): Promise<Admitted | undefined> {
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
  seats: Seats,
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
async function evict(taken: readonly Seat[], applicant: Applicant, seats: Seats): Promise<Admitted | undefined> {
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
