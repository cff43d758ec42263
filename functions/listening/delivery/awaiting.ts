import { isWaitedFor, type Stretch } from '../../../shared/rules/backlog.ts'
import { isBeingWoken, type Open } from '../../../shared/rules/seat.ts'
import type { Configuration } from '../../../shared/store/configuration/configuration.ts'
import type { Seats } from '../../../shared/store/seats/seats.ts'
import { log } from '../../envelope/log.ts'
import type { Whereabouts } from './posting.ts'
import type { Wake } from '../waking-event.ts'

/**
 * How long what was posted may stay unacknowledged before it is posted again, in milliseconds: a post that went well may
 * have gone into a dead socket. A device acknowledges within 15 s. Each next time it takes twice as long.
 */
const AGAIN_MS = 20_000

/** How long after a wake-up that failed the next is tried, in milliseconds. */
const WAKE_AGAIN_MS = 60_000

export interface AwaitingParts {
  readonly seats: Seats
  readonly configuration: Configuration
  readonly wake: Wake
  /** A number from 0 up to, but not including, 1. */
  readonly random: () => number
}

/** What the device has not acknowledged, as far as a person waits for it, and when something is done about it. */
export interface Awaiting {
  batches: readonly { readonly seq: number; readonly at: number; readonly count: number }[]
  again: { readonly at: number; readonly times: number }
  wakeAt: number
}

export function awaiting(): Awaiting {
  return { batches: [], again: { at: 0, times: 0 }, wakeAt: 0 }
}

export function expect(own: Awaiting, stretches: readonly Stretch[], now: number): void {
  const news = stretches.map(({ seq, at, events, cut }) => {
    const said = events.filter(isWaitedFor).length
    // What was cut had messages: that they are lost is waited for no less, and all that a later listener sees of them.
    return { seq, at, count: cut ? said + 1 : said }
  })
  if (own.batches.length === 0) own.again = { at: now + AGAIN_MS, times: 0 }
  own.batches = [...own.batches, ...news.filter(({ count }) => count > 0)]
}

export function acknowledged(own: Awaiting, acked: number): void {
  own.batches = own.batches.filter(({ seq }) => seq > acked)
}

/** Whether it is time to post again what is awaited; asked once, and then done. */
export function isDueAgain(own: Awaiting, { coverage }: Open, now: number): boolean {
  const { at, times } = own.again
  if (own.batches.length === 0 || coverage === 'out' || now < at) return false
  own.again = { at: now + AGAIN_MS * 2 ** (times + 1), times: times + 1 }
  return true
}

export function mayWake(own: Awaiting, seat: Open, now: number): boolean {
  return own.batches.length > 0 && !isBeingWoken(seat, now) && now >= own.wakeAt
}

/** Has the device woken, where somebody has waited for it for long enough: once, until it says something. */
export async function wakeUp(
  own: Awaiting,
  place: Whereabouts,
  now: number,
  { seats, configuration, wake, random }: AwaitingParts,
): Promise<void> {
  const [oldest] = own.batches
  if (oldest === undefined) return
  const { wakeAfterMs } = await configuration.settings(now)
  // A device that is back has just been posted to, and acknowledges with one of its next frames.
  if (now - Math.max(oldest.at, place.seat.lastHeardAt) < wakeAfterMs) return
  const wokenAt = now + random()
  if (!(await seats.waking(place.seat, wokenAt))) return
  place.seat = { ...withoutWaking(place.seat), wokenAt }
  const { session, device } = place.seat
  const count = own.batches.reduce((sum, each) => sum + each.count, 0)
  log('waking', { session, device, count })
  await wake({ session, device, count, since: oldest.at }).catch(async (thrown: unknown) => {
    own.wakeAt = now + WAKE_AGAIN_MS
    await seats.notWoken(session, wokenAt)
    place.seat = withoutWaking(place.seat)
    throw thrown
  })
  await seats.woken(session, wokenAt)
}

function withoutWaking({ wokenAt: _wokenAt, woken: _woken, ...seat }: Open): Open {
  return seat
}
