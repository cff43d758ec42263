import { isOfPushService } from '../../shared/rules/push-services.ts'
import type { Measure } from '../../shared/rules/measures.ts'
import type { PushHolds } from '../../shared/store/configuration/push-holds.ts'
import type { Subscriptions } from '../../shared/store/configuration/subscriptions.ts'
import type { Seats } from '../../shared/store/seats/seats.ts'
import type { VapidKeys } from '../../shared/store/configuration/vapid-key.ts'
import { failure, log, why } from '../envelope/log.ts'
import type { Pushed, PushTo } from './push-service.ts'

/** What EventBridge hands to the function, as far as it is read: upkeep's event (functions/listening/waking-event.ts). */
export interface WakingEvent {
  /** When it came to the bus, in ISO 8601 and whole seconds. */
  readonly time: string
  readonly detail: { readonly device: string; readonly session: string }
}

export interface WakeParts {
  readonly seats: Pick<Seats, 'notReached'>
  readonly subscriptions: Subscriptions
  readonly keys: Pick<VapidKeys, 'pair'>
  readonly holds: PushHolds
  readonly pushTo: (to: PushTo) => Promise<Pushed>
  readonly measure: Measure
  readonly contact: string
  /** Where this service posts to, as shared/rules/push-services.ts has it. */
  readonly services: readonly string[]
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly wait: (ms: number) => Promise<void>
}

/** How long the function itself waits until it may post, in milliseconds: Lambda's own tries come a minute apart or more. */
const MOST_WAIT_MS = 15_000

/**
 * The story of a wake-up: somebody waits for a device that is away. Its push service is asked to wake it, and hears nothing
 * but that; what waits the device fetches itself.
 *
 * @throws Error where the push service takes nothing just now: Lambda tries the event again, and gives it up after a bound.
 * No try knows whether it is the last one, so each of them leaves the device to be woken once more later.
 */
export function wake(parts: WakeParts) {
  return async ({ time, detail }: WakingEvent): Promise<void> => {
    try {
      await pushed(detail, parts)
    } catch (thrown) {
      const { device, session } = detail
      const noted = parts.seats.notReached(session, Date.parse(time) + SECOND_MS)
      // What went wrong is what is to be read: that of the note does not take its place.
      await noted.catch((no: unknown) => log('wake-up not taken back', { device, session, why: why(no) }))
      throw thrown
    }
  }
}

/** An event's time has whole seconds: what was noted for it may be as much later. */
const SECOND_MS = 1_000

async function pushed({ device, session }: WakingEvent['detail'], parts: WakeParts): Promise<void> {
  const { subscriptions, keys, holds, pushTo, measure, contact, services, now } = parts
  const subscription = await subscriptions.of(device)
  if (subscription === undefined) return log('not subscribed', { device, session })
  const { endpoint } = subscription
  // The list may have become shorter since the device subscribed.
  if (!isOfPushService(endpoint, services)) return failure('not pushed', { device, session, why: NOT_OURS })

  const { origin } = new URL(endpoint)
  await allowed(origin, parts)
  const { outcome, code, heldUntil } = await pushTo({
    endpoint,
    key: await keys.pair(),
    contact,
    session,
    now: now(),
  })
  measure('Pushes', 1, outcome)
  if (heldUntil !== undefined) await holds.hold(origin, heldUntil)
  if (outcome === 'again') throw new Error(`the push service answers ${code}`)
  if (outcome === 'refused') return failure('not pushed', { device, session, code })
  if (outcome === 'taken') return log('pushed', { device, session })
  await subscriptions.forget(device, subscription)
  log('subscription forgotten', { device, code })
}

/**
 * Resolves once the push service may be posted to: it said `Retry-After` to this push, or to one for another device.
 *
 * @throws Error where that is too long to wait for here: Lambda tries again
 */
async function allowed(service: string, { holds, now, wait }: WakeParts): Promise<void> {
  const ms = (await holds.until(service)) - now()
  if (ms > MOST_WAIT_MS) throw new Error(`the push service wants nothing for ${Math.ceil(ms / 1_000)} s`)
  if (ms > 0) await wait(ms)
}

const NOT_OURS = 'its push service is not in the setting webPush any more'
