import { signal } from '@preact/signals'

/** A version of the page that is installed and waits, where there is one. */
export const newVersion = signal<ServiceWorker | undefined>(undefined)

const WORKER = '/worker.js'

/**
 * Has the page's files kept by a service worker, so that it opens at once and without a network. Under Trusted Types a
 * worker's address is a sink, too: the one policy of this page lets this one address through.
 */
export async function install(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  const { serviceWorker } = navigator
  const hadOne = serviceWorker.controller !== null
  const registration = await serviceWorker.register(trusted(WORKER), { type: 'module' })
  const waits = () => (newVersion.value = hadOne ? (registration.waiting ?? undefined) : undefined)
  waits()
  registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', waits))
}

/** The waiting version takes over, and the page is loaded anew with it. What is unsent is kept. */
export function takeNewVersion(): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
  newVersion.value?.postMessage('take over')
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string }
}

/** Where the browser has them. */
declare const trustedTypes: TrustedTypes

function trusted(address: string): string {
  const rules = {
    createScriptURL(url: string): string {
      if (url !== WORKER) throw new TypeError('only the page’s own worker is loaded')
      return url
    },
  }
  const policy = 'trustedTypes' in globalThis ? trustedTypes.createPolicy('worker', rules) : rules
  return policy.createScriptURL(address)
}
