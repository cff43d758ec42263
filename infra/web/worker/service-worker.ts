/*
 * The page's files, kept in the browser: the page opens at once, and without a network. Nothing of the service goes
 * through here: frames go over the WebSocket, which no service worker sees.
 *
 * What is pushed comes here, too: `push` and `notificationclick` are to be heard by a file of their own beside this one.
 */

/** The build puts them in: what is kept, and a name that changes whenever one of the files does. */
declare const FILES: readonly string[]
declare const VERSION: string

interface ExtendableEvent extends Event {
  waitUntil(done: Promise<unknown>): void
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request
  respondWith(response: Promise<Response>): void
}
/** What there is of a service worker's own scope: TypeScript knows it only where it knows no page. */
interface WorkerScope {
  readonly registration: { readonly active: unknown }
  readonly clients: { claim(): Promise<void> }
  readonly location: Location
  skipWaiting(): Promise<void>
  addEventListener(type: 'install' | 'activate', listener: (event: ExtendableEvent) => void): void
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const worker = self as unknown as WorkerScope
const PAGE = '/'
const SERVICE = '/service.json'

worker.addEventListener('install', (event) => event.waitUntil(installed()))
worker.addEventListener('activate', (event) => event.waitUntil(activated()))
// A new version waits until the user wants it: two versions at once could not read what the other keeps.
worker.addEventListener('message', ({ data }) => data === 'take over' && void worker.skipWaiting())
worker.addEventListener('fetch', (event) => {
  const { method, url, mode } = event.request
  const { origin, pathname } = new URL(url)
  if (method !== 'GET' || origin !== worker.location.origin) return
  if (mode === 'navigate') event.respondWith(kept(PAGE, event.request))
  else if (pathname === SERVICE) event.respondWith(fresh(event.request))
  else if (FILES.includes(pathname)) event.respondWith(kept(pathname, event.request))
})

async function installed(): Promise<void> {
  const cache = await caches.open(VERSION)
  await cache.addAll([SERVICE, ...FILES].map((file) => new Request(file, { cache: 'reload' })))
  if (worker.registration.active === null) await worker.skipWaiting()
}

async function activated(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name !== VERSION)
  await Promise.all(old.map((name) => caches.delete(name)))
  await worker.clients.claim()
}

async function kept(file: string, request: Request): Promise<Response> {
  const cache = await caches.open(VERSION)
  return (await cache.match(file)) ?? fetch(request)
}

/** Where the service is may change; without a network it is where it was. */
async function fresh(request: Request): Promise<Response> {
  const cache = await caches.open(VERSION)
  try {
    const response = await fetch(request)
    if (response.ok) await cache.put(SERVICE, response.clone())
    return response
  } catch {
    return (await cache.match(SERVICE)) ?? Response.error()
  }
}
