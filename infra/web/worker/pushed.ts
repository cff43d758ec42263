import { wallClock } from '../../../shared/clock.ts'
import { timeByHttp } from '../../../shared/device/service-clock.ts'
import { ifPageIsClosed } from '../app/one-tab.ts'
import { openDatabase } from '../kept/database.ts'
import { keeper } from '../kept/keeper.ts'
import { noticesOf, somethingWaits, type NoticeSettings } from '../model/notices.ts'
import { minuteOfDay } from '../model/quiet-hours.ts'
import { shownIn } from '../notify/notices-shown.ts'
import { wordsIn } from '../words/languages.ts'
import { subscribed } from '../notify/push-subscription.ts'
import { fetched, type FetchingOptions } from './fetching.ts'
import type { WindowClient, WorkerScope } from './scope.ts'

/** Longest wait for a page in the background to fetch what waits, in milliseconds: a frozen one answers nothing. */
const PAGE_MS = 5_000
/** Longest time for the worker to fetch it, in milliseconds: browsers give it some 30 s. */
const FETCH_MS = 10_000

type Scope = Pick<WorkerScope, 'clients' | 'registration' | 'location'>

/**
 * The story of a push: something waits, and the push says no more. A page that is open fetches it, and notifies where
 * nobody looks at it; where none is, the worker does. Browsers want something shown for each push: where there is nothing that
 * the user wants to see, it is a word without a sound.
 */
export async function pushed(scope: Scope): Promise<void> {
  const windows = await windowsOf(scope)
  const byPage = Promise.race([...windows.map(fetchedBy), later()])
  if (windows.some(isVisible)) return
  const settings = await keeper(await openDatabase()).notices()
  const isFetched = windows.length > 0 ? await byPage : await fetchedHere(scope, settings)
  if ((await windowsOf(scope)).some(isVisible)) return
  const something = [somethingWaits(wordsIn(settings.language))]
  if (!isFetched) return shownIn(scope.registration, something)
  if ((await scope.registration.getNotifications()).length === 0) await shownIn(scope.registration, something, true)
}

/**
 * The story of a subscription that the push service has replaced or ended: the service hears where this browser is woken
 * from now on. Without a session the page says it with its next one.
 */
export async function subscriptionChanged(scope: Scope): Promise<void> {
  const windows = await windowsOf(scope)
  for (const window of windows) window.postMessage({ kind: 'subscription changed' }, [])
  const settings = await keeper(await openDatabase()).notices()
  if (windows.length > 0 || !settings.on) return
  const { pushManager } = scope.registration
  await fetchedHere(scope, settings, (phone) => subscribed(pushManager, (endpoint) => phone.subscribe(endpoint)))
}

const windowsOf = ({ clients }: Pick<Scope, 'clients'>) =>
  clients.matchAll({ type: 'window', includeUncontrolled: true })

const isVisible = ({ visibilityState }: WindowClient) => visibilityState === 'visible'

/** Resolves with `true` once the page has what waits. */
function fetchedBy(window: WindowClient): Promise<boolean> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.addEventListener('message', ({ data }) => resolve(data === true))
    port1.start()
    window.postMessage({ kind: 'pushed' }, [port2])
  })
}

const later = () => new Promise<false>((resolve) => setTimeout(() => resolve(false), PAGE_MS))

/** Fetches what waits, and shows what the user wants to see of it. Resolves with `false` where it could not be fetched. */
async function fetchedHere(
  { registration, location }: Scope,
  settings: NoticeSettings,
  also?: FetchingOptions['also'],
): Promise<boolean> {
  const serviceTime = () => timeByHttp(location.origin)
  const options = { clock: wallClock, serviceTime, withinMs: FETCH_MS, ...(also && { also }) }
  const found = await ifPageIsClosed(async () => fetched({ ...options, database: await openDatabase() }))
  if (found === undefined) return false
  const { people, news } = found
  const words = wordsIn(settings.language)
  await shownIn(registration, noticesOf(news, { people, settings, minute: minuteOfDay(Date.now()), words }))
  return true
}
