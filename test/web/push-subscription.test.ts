import { describe, expect, it } from 'vitest'
import { subscribed, type PushSubscriber, type Subscribed } from '../../infra/web/notify/push-subscription.ts'

const [ONE, TWO] = ['AQID', 'BAX_-g']

/** A browser's PushManager, as far as the Push API says: one subscription, for one key, until it is ended. */
function pushManager(): PushSubscriber & { readonly now: () => string | undefined } {
  let current: Subscribed | undefined
  let made = 0
  return {
    now: () => current?.endpoint,
    getSubscription: () => Promise.resolve(current ?? null),
    subscribe({ userVisibleOnly, applicationServerKey }) {
      if (!userVisibleOnly) return Promise.reject(new Error('NotAllowedError'))
      if (current !== undefined) return Promise.reject(new Error('InvalidStateError'))
      made += 1
      const own: Subscribed = {
        endpoint: `https://push.test/${made}`,
        options: { applicationServerKey: applicationServerKey.buffer },
        unsubscribe() {
          current = undefined
          return Promise.resolve(true)
        },
      }
      current = own
      return Promise.resolve(own)
    },
  }
}

/** The service, with a key; `told` is where it wakes the browser, in order. */
function service(key: string) {
  const told: (string | undefined)[] = []
  return { told, tell: (endpoint?: string) => Promise.resolve(void told.push(endpoint)).then(() => key) }
}

describe('a browser that is to be woken', () => {
  it('asks for the key, subscribes by it, and says where', async () => {
    const browser = pushManager()
    const { told, tell } = service(ONE)
    await subscribed(browser, tell)
    expect(told).toEqual([undefined, 'https://push.test/1'])
    const subscription = await browser.getSubscription()
    expect([...new Uint8Array(subscription?.options.applicationServerKey ?? new ArrayBuffer())]).toEqual([1, 2, 3])
  })

  it('says where it is woken in each session, and subscribes no second time', async () => {
    const browser = pushManager()
    await subscribed(browser, service(ONE).tell)
    const { told, tell } = service(ONE)
    await subscribed(browser, tell)
    expect(told).toEqual(['https://push.test/1'])
  })

  it('subscribes anew where the service has another key', async () => {
    const browser = pushManager()
    await subscribed(browser, service(ONE).tell)
    const { told, tell } = service(TWO)
    await subscribed(browser, tell)
    expect(told).toEqual(['https://push.test/1', 'https://push.test/2'])
    expect(browser.now()).toBe('https://push.test/2')
  })

  it('says nothing more where the browser cannot subscribe', async () => {
    const browser = { ...pushManager(), subscribe: () => Promise.reject(new Error('no push service')) }
    const { told, tell } = service(ONE)
    await expect(subscribed(browser, tell)).rejects.toThrow('no push service')
    expect(told).toEqual([undefined])
  })
})
