import { route } from './envelope/route.ts'
import { subscribe } from './web-push/subscribe.ts'
import { configurationStore } from './wiring/stores.ts'
import { pushServices, subscriptionStore, vapidKeyStore } from './wiring/web-push.ts'

/** Takes note of where a device is woken. functions/web-push/subscribe.ts tells the story. */
export const handler = route(
  'subscribe',
  configurationStore(),
  subscribe({ subscriptions: subscriptionStore(), keys: vapidKeyStore(), services: pushServices() }),
)
