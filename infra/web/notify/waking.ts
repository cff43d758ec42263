import { signal, type ReadonlySignal } from '@preact/signals'
import { Refused, reasonOf } from '../../../shared/device/refused.ts'
import { subscribed } from './push-subscription.ts'

/** Whether the service wakes this browser while the page is closed. */
export type Waking =
  | { readonly state: 'no' | 'asking' | 'yes' }
  /** This service wakes no browsers. */
  | { readonly state: 'not-offered' }
  /** The browser could not subscribe, or the service does not post to its push service. */
  | { readonly state: 'failed'; readonly reason: string }

/** Says to the service where this browser is woken, or that it is no more; brings the service's key. */
export type Tell = (endpoint?: string) => Promise<string>

export interface Wakeable {
  readonly waking: ReadonlySignal<Waking>
  subscribe(): Promise<void>
  /** The push service knows this browser no more, whether the service hears of it or not. */
  unsubscribe(): Promise<void>
}

const pushManager = async () => (await navigator.serviceWorker.ready).pushManager

/** For a browser that has service workers and push. */
export function wakeable(tell: Tell): Wakeable {
  const waking = signal<Waking>({ state: 'no' })
  return {
    waking,
    async subscribe() {
      waking.value = { state: 'asking' }
      try {
        await subscribed(await pushManager(), tell)
        waking.value = { state: 'yes' }
      } catch (thrown) {
        waking.value = wakingWithout(thrown)
      }
    },
    async unsubscribe() {
      await (await (await pushManager()).getSubscription())?.unsubscribe()
      waking.value = { state: 'no' }
    },
  }
}

/** What keeps the service from waking this browser. */
function wakingWithout(thrown: unknown): Waking {
  if (thrown instanceof Refused && thrown.code === 'unknown-action') return { state: 'not-offered' }
  return { state: 'failed', reason: reasonOf(thrown) }
}
