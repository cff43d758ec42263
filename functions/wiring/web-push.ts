import { pushHolds } from '../../shared/store/configuration/push-holds.ts'
import { subscriptions } from '../../shared/store/configuration/subscriptions.ts'
import { vapidKeys } from '../../shared/store/configuration/vapid-key.ts'
import { variable } from './environment.ts'
import { vault } from './stores.ts'
import { configurationTable } from './tables.ts'

/** Where devices are woken. */
export function subscriptionStore() {
  return subscriptions(configurationTable(), vault)
}

/** The key by which push services know this service. */
export function vapidKeyStore() {
  return vapidKeys(configurationTable(), vault)
}

/** Until when push services want nothing. */
export function pushHoldStore() {
  return pushHolds(configurationTable())
}

/** The push services that this service posts to. */
export function pushServices(): readonly string[] {
  return variable('PUSH_SERVICES').split(' ')
}
