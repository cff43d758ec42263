/*
 * The page's files, kept in the browser: the page opens at once, and without a network. Nothing of the service goes
 * through here: frames go over the WebSocket, which no service worker sees.
 *
 * What is pushed comes here, too: pushed.ts and clicked.ts tell what is done then.
 */

import { clicked } from './clicked.ts'
import { pageLeft } from './page-left.ts'
import { pushed, subscriptionChanged } from './pushed.ts'
import type { WorkerScope } from './scope.ts'

/** The build puts them in: what is kept, and a name that changes whenever one of the files does. */
declare const FILES: readonly string[]
declare const VERSION: string

// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const worker = self as unknown as WorkerScope
const left = pageLeft(worker.location)
const PAGE = '/'
const SERVICE = '/service.json'

worker.addEventListener('install', (event) => event.waitUntil(installed()))
worker.addEventListener('activate', (event) => event.waitUntil(activated()))
// A new version waits until the user wants it: two versions at once could not read what the other keeps.
worker.addEventListener('message', ({ data }) => data === 'take over' && void worker.skipWaiting())
worker.addEventListener('push', (event) => event.waitUntil(pushed(worker, left)))
worker.addEventListener('pushsubscriptionchange', (event) => event.waitUntil(subscriptionChanged(worker, left)))
worker.addEventListener('notificationclick', (event) => {
  const { notification } = event
  notification.close()
  event.waitUntil(clicked(Object(notification.data), worker))
})
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
