import {
  candidatesIn,
  capacity,
  freeSeats,
  idleCandidates,
  nextIdleMs,
  ownCandidates,
  refusalWhenFull,
  shards,
} from '../../shared/rules/admission.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import { shardOf, seatNumberOf, type Seat } from '../../shared/rules/seat.ts'
import { isLowered, lookAndCount, seatHintFor } from './lowered-maximum.ts'
import { log, why } from '../envelope/log.ts'
import { claim, type AdmissionParts, type Admitted, type Applicant, type NoSeat } from './seat-claim.ts'

/** How often a login looks at the shards: others who log in at the same moment may take what it saw, each time. */
const LOOKS = 4

/** Longest time, in milliseconds, that a complete no is repeated without a look: a seat given back is noticed that late. */
export const NO_MS = 1_000

/** A no after a complete look: which limits it was for, and until when it is repeated. */
interface No {
  readonly limits: string
  readonly until: number
  readonly idleAt: number | undefined
}

/**
 * Step 1 of a login: a seat, or a no. One of these for each environment of the function: it remembers its last no.
 *
 * Looks eventually consistent first, which is cheap, at the device's own seat and where the last one found room; at
 * every shard consistently once more before it says no. A login that looked before only looks consistently:
 *
 *   login 1   take a ─ count: one too many ─ give a back ─ the maximum was raised: look, a is still there ✘ replayed
 *
 * So a login that finds room reads one shard, however many there
 * are, and a hint that leads astray costs reads and decides nothing.
 *
 * A complete no costs at most 16.5 read units a shard. It is then repeated for NO_MS, and never past the moment at which
 * the next session can be idle, so that a storm of logins costs each environment one complete look a second, and each
 * login beside it only what it takes to find the device's own seat: half a unit. A device that has a seat is let in
 * meanwhile, and so is everyone once the limits are others.
 *
 * @returns admits one login; throws Refusal `server-busy`, or `failed` where no maximum is set
 */
export function admission(parts: AdmissionParts): (applicant: Applicant) => Promise<Admitted> {
  let no: No | undefined
  return async (applicant) => {
    const { settings, now, previous } = applicant
    const limits = JSON.stringify([settings.maximumSessions, settings.idleTimeoutMs, settings.persistentConnections])
    const found = previous === undefined ? undefined : await seatOf(previous, parts)
    const seat = found?.device === applicant.device ? found : undefined
    const isOver = previous === undefined || found?.session !== previous
    const own = seat?.state === 'open' ? await claim(ownCandidates([seat], applicant), applicant, parts) : undefined
    const left = found?.state === 'signing-in' ? found.former : undefined
    if (own !== undefined) return knowing(own, isOver, previous)
    if (seat === undefined && no !== undefined && no.limits === limits && now < no.until) {
      throw refusal(no.idleAt, applicant)
    }

    const looked = await look(applicant, parts)
    if ('seat' in looked) return { ...knowing(looked, isOver, previous), ...(left && { left }) }
    const idleMs = nextIdleMs(looked.taken, settings, now)
    const idleAt = idleMs === undefined ? undefined : now + idleMs
    if (looked.complete) no = { limits, until: now + Math.min(NO_MS, idleMs ?? NO_MS), idleAt }
    throw refusal(idleAt, applicant)
  }
}

async function look(applicant: Applicant, parts: AdmissionParts): Promise<Admitted | NoSeat> {
  const { room, most } = await seatHintFor(capacity(applicant.settings), applicant.hint, parts)
  const counts = await isLowered(applicant, most, parts)
  let seen: readonly Seat[] = []
  for (let looks = 0; looks < LOOKS; looks += 1) {
    const consistent = looks > 0 || applicant.again === true
    const looked = counts
      ? await lookAndCount(applicant, most, parts)
      : await lookAround(applicant, room, consistent, parts)
    if ('seat' in looked || looked.complete) return looked
    seen = looked.taken
  }
  return { taken: seen, complete: false }
}

/** One look, shard by shard: at the device's own seat and at the free ones of each, and last at who is idle. */
async function lookAround(
  applicant: Applicant,
  room: number,
  consistent: boolean,
  parts: AdmissionParts,
): Promise<Admitted | NoSeat> {
  const { settings, now } = applicant
  const { seats, chance = Math.random } = parts
  const taken: Seat[] = []
  let complete = consistent
  for (const shard of shardsFor(applicant, room, consistent)) {
    const read = await seats.read(shard, { consistent })
    const free = freeSeats(shard, read, settings, now)
    const admitted = await claim(candidatesIn(read, free, applicant, chance), applicant, parts)
    if (admitted?.former !== undefined) return admitted
    if (admitted !== undefined) {
      const isLast = free.length === 1 && shards(settings).includes(shard + 1)
      return { ...admitted, led: await lead(room, isLast ? shard + 1 : shard, parts) }
    }
    complete &&= free.length === 0
    taken.push(...read)
  }
  return (await claim(idleCandidates(taken, applicant), applicant, parts)) ?? { taken, complete }
}

/**
 * The seat of the device's session until now, or of its latest login: it may be far from where there is room. A seat that
 * a login only took is not taken over here: under a lowered maximum it may be given back, or be free by its lease, and
 * a login that takes it over must have counted. But every login looks for it, even after a refusal.
 *
 * Consistent: a session is pointed to once it has its seat, so that one that is not there now is over for good.
 */
async function seatOf(session: string, { seats }: AdmissionParts): Promise<Seat | undefined> {
  return seats.at(seatNumberOf(session), { consistent: true })
}

function knowing(admitted: Admitted, isOver: boolean, previous: string | undefined): Admitted {
  return { ...admitted, previousIsOver: isOver || admitted.former?.seat.session === previous }
}

/** Where there was room is looked at first, then the shards above it, where it will be next, then those below. */
function shardsFor({ previous, settings }: Applicant, room: number, consistent: boolean): number[] {
  const all = shards(settings)
  const own = previous === undefined || !consistent ? [] : [shardOf(seatNumberOf(previous))]
  return [...new Set([...own, ...all.filter((shard) => shard >= room), ...all])]
}

/**
 * The next login is led to where this one found room, or to the shard above where it took the last seat: it skips the
 * shards that are known to be full. Should that fail, the next one looks as long as this one did.
 */
async function lead(from: number, shard: number, { seatHints }: AdmissionParts): Promise<boolean> {
  if (shard === from) return false
  try {
    // Where another login was faster, listeners saw that one lead.
    await seatHints.lead(from, shard)
    return true
  } catch (thrown) {
    log('hint not kept', { shard, why: why(thrown) })
    return false
  }
}

function refusal(idleAt: number | undefined, { settings, now }: Applicant): Refusal {
  return new Refusal(refusalWhenFull(settings), idleAt === undefined ? {} : { retryAfterMs: Math.max(0, idleAt - now) })
}
