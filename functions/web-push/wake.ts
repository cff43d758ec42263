import { isOfPushService } from '../../shared/rules/push-services.ts'
import type { Subscriptions } from '../../shared/store/configuration/subscriptions.ts'
import type { VapidKeys } from '../../shared/store/configuration/vapid-key.ts'
import { failure, log } from '../envelope/log.ts'
import type { Pushed, PushTo } from './push-service.ts'

/** What EventBridge hands to the function, as far as it is read: upkeep's event (functions/listening/waking-event.ts). */
export interface WakingEvent {
  readonly detail: { readonly device: string; readonly session: string }
}

export interface WakeParts {
  readonly subscriptions: Subscriptions
  readonly keys: Pick<VapidKeys, 'pair'>
  readonly pushTo: (to: PushTo) => Promise<Pushed>
  readonly contact: string
  /** Where this service posts to, as shared/rules/push-services.ts has it. */
  readonly services: readonly string[]
  /** Epoch milliseconds. */
  readonly now: () => number
}

/**
 * The story of a wake-up: somebody waits for a device that is away. Its push service is asked to wake it, and hears nothing
 * but that; what waits the device fetches itself.
 *
 * @throws Error where the push service takes nothing just now: Lambda tries the event again, and gives it up after a bound
 */
export function wake({ subscriptions, keys, pushTo, contact, services, now }: WakeParts) {
  return async ({ detail: { device, session } }: WakingEvent): Promise<void> => {
    const subscription = await subscriptions.of(device)
    if (subscription === undefined) return log('not subscribed', { device, session })
    const { endpoint } = subscription
    // The list may have become shorter since the device subscribed.
    if (!isOfPushService(endpoint, services)) return failure('not pushed', { device, session, why: NOT_OURS })

    const { outcome, code } = await pushTo({ endpoint, key: await keys.pair(), contact, session, now: now() })
    if (outcome === 'again') throw new Error(`the push service answers ${code}`)
    if (outcome === 'refused') return failure('not pushed', { device, session, code })
    if (outcome === 'taken') return log('pushed', { device, session })
    await subscriptions.forget(device, subscription)
    log('subscription forgotten', { device, code })
  }
}

const NOT_OURS = 'its push service is not in the setting webPush any more'
