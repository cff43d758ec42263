import { setTimeout as wait } from 'node:timers/promises'
import middy from '@middy/core'
import { logged } from './envelope/logged.ts'
import { measure } from './envelope/metrics.ts'
import { pushTo } from './web-push/push-service.ts'
import { wake, type WakingEvent } from './web-push/wake.ts'
import { variable } from './wiring/environment.ts'
import { seatStore } from './wiring/stores.ts'
import { pushHoldStore, pushServices, subscriptionStore, vapidKeyStore } from './wiring/web-push.ts'

/** Wakes a device by Web Push. functions/web-push/wake.ts tells the story. */
export const handler = middy<WakingEvent>()
  .use(logged('push'))
  .handler(
    wake({
      seats: seatStore(),
      subscriptions: subscriptionStore(),
      keys: vapidKeyStore(),
      holds: pushHoldStore(),
      pushTo,
      measure,
      contact: variable('PUSH_CONTACT'),
      services: pushServices(),
      now: Date.now,
      wait,
    }),
  )
