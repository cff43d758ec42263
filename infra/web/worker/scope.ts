import type { Notifier } from '../notify/notices-shown.ts'
import type { PushSubscriber, Subscribed } from '../notify/push-subscription.ts'

/** What there is of a service worker's own scope: TypeScript knows it only where it knows no page. */
export interface WorkerScope {
  readonly registration: Registration
  readonly clients: Clients
  readonly location: Location
  skipWaiting(): Promise<void>
  addEventListener(type: 'install' | 'activate' | 'push', listener: (event: ExtendableEvent) => void): void
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void
  addEventListener(type: 'notificationclick', listener: (event: NotificationEvent) => void): void
  addEventListener(type: 'pushsubscriptionchange', listener: (event: ExtendableEvent) => void): void
}

interface Registration extends Notifier {
  readonly active: unknown
  readonly pushManager: PushSubscriber
  getNotifications(): Promise<readonly Notification[]>
}

interface Clients {
  claim(): Promise<void>
  matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly WindowClient[]>
  openWindow(url: string): Promise<unknown>
}

export interface WindowClient {
  readonly visibilityState: DocumentVisibilityState
  focus(): Promise<unknown>
  postMessage(message: unknown, transfer?: Transferable[]): void
}

export interface ExtendableEvent extends Event {
  waitUntil(done: Promise<unknown>): void
}
export interface FetchEvent extends ExtendableEvent {
  readonly request: Request
  respondWith(response: Promise<Response>): void
}
export interface NotificationEvent extends ExtendableEvent {
  readonly notification: Notification
}
export type { Subscribed }
