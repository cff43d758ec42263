import { isOfPushService } from '../../shared/rules/push-services.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import type { Subscriptions } from '../../shared/store/configuration/subscriptions.ts'
import type { VapidKeys } from '../../shared/store/configuration/vapid-key.ts'
import type { DeviceFrameOf, ServiceFrame } from '../../shared/wire/frames.ts'
import type { Request } from '../envelope/envelope.ts'
import { log } from '../envelope/log.ts'

export interface SubscribeParts {
  readonly subscriptions: Subscriptions
  readonly keys: Pick<VapidKeys, 'publicKey'>
  /** Where this service posts to, as shared/rules/push-services.ts has it. */
  readonly services: readonly string[]
}

/**
 * The story of a subscription: the device says where it is woken while it is away, or that it is woken no more. The answer
 * has the key that a browser subscribes with, so that a device which is woken nowhere yet asks for it first.
 */
export function subscribe({ subscriptions, keys, services }: SubscribeParts) {
  return async ({ frame, number, device }: Request<DeviceFrameOf<'subscribe'>>): Promise<ServiceFrame> => {
    const { endpoint } = frame
    if (endpoint !== undefined && !isOfPushService(endpoint, services)) {
      throw new Refusal('bad-frame', { reason: `endpoint: expected an https address of ${services.join(', ')}` })
    }
    // Before the key is looked for: a frame that is played again has none made.
    const heard = await subscriptions.keep(device, endpoint, number)
    if (heard !== undefined) throw new Refusal('replayed', { heard })
    if (endpoint === undefined) log('unsubscribed', { device })
    else log('subscribed', { device })
    return { type: 'subscribed', key: await keys.publicKey() }
  }
}
