import type { BrowserContext } from 'playwright-core'
import type { PushService } from '../../infra/standin/push/push-service.ts'

/**
 * Chromium subscribes at Google's push service, which this machine cannot reach: its two methods are answered by the stand-in
 * here. All else is Chromium's own: permission, service worker, notifications.
 */
export async function subscribingAt(context: BrowserContext, standIn: PushService): Promise<void> {
  await context.exposeFunction('standInSubscribes', (key: string) => standIn.subscribe(key))
  await context.addInitScript(() => {
    const { prototype } = PushManager
    // It runs in the page, where nothing of this file is.
    // oxlint-disable-next-line unicorn/consistent-function-scoping
    const made = (endpoint: string, key: string) => ({
      endpoint,
      options: { applicationServerKey: Uint8Array.from(atob(key), (letter) => letter.charCodeAt(0)).buffer },
      unsubscribe: () => Promise.resolve(localStorage.removeItem('subscription')).then(() => true),
    })
    Object.assign(prototype, {
      getSubscription() {
        const [endpoint = '', key = ''] = localStorage.getItem('subscription')?.split(' ') ?? []
        return Promise.resolve(endpoint === '' ? null : made(endpoint, key))
      },
      async subscribe({ applicationServerKey }: { applicationServerKey: Uint8Array }) {
        const key = btoa(String.fromCharCode(...applicationServerKey))
        const base64url = key.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
        const endpoint = await Object(globalThis).standInSubscribes(base64url)
        localStorage.setItem('subscription', `${endpoint} ${key}`)
        return made(endpoint, key)
      },
    })
  })
}
