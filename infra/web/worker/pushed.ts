import { noticesOf, somethingWaits, type NoticeSettings } from '../model/notices.ts'
import { minuteOfDay } from '../model/quiet-hours.ts'
import { shownIn } from '../notify/notices-shown.ts'
import { subscribed } from '../notify/push-subscription.ts'
import { wordsIn } from '../words/languages.ts'
import type { Fetched, FetchingOptions } from './fetching.ts'
import type { WindowClient, WorkerScope } from './scope.ts'

/** Longest wait for a page in the background to fetch what waits, in milliseconds: a frozen one answers nothing. */
const PAGE_MS = 5_000

type Scope = Pick<WorkerScope, 'clients' | 'registration'>

export interface PushedParts {
  readonly settings: () => Promise<NoticeSettings>
  /** Fetches what waits, where no page is open: fetching.ts. */
  readonly fetch: (also?: FetchingOptions['also']) => Promise<Fetched | undefined>
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly wait: (ms: number) => Promise<void>
}

/**
 * The story of a push: something waits, and the push says no more. A page that is open fetches it, and notifies where
 * nobody looks at it; where none is, the worker does. Browsers want something shown for each push: where there is nothing that
 * the user wants to see, it is a word without a sound.
 */
export async function pushed(scope: Scope, parts: PushedParts): Promise<void> {
  const windows = await windowsOf(scope)
  const late = windows.length > 0 ? [parts.wait(PAGE_MS).then(() => false)] : []
  const byPage = Promise.race([...windows.map(fetchedBy), ...late])
  const settings = await parts.settings()
  const isFetched = windows.length > 0 ? await byPage : await fetchedHere(scope, settings, parts)
  // A page that is looked at shows it all, also one that was opened meanwhile.
  if ((await windowsOf(scope)).some(isVisible)) return
  const something = [somethingWaits(wordsIn(settings.language))]
  if (!isFetched) return shownIn(scope.registration, something)
  if ((await scope.registration.getNotifications()).length === 0) await shownIn(scope.registration, something, true)
}

/**
 * The story of a subscription that the push service has replaced or ended: the service hears where this browser is woken
 * from now on. Without a session the page says it with its next one.
 */
export async function subscriptionChanged(scope: Scope, parts: PushedParts): Promise<void> {
  const windows = await windowsOf(scope)
  for (const window of windows) window.postMessage({ kind: 'subscription changed' }, [])
  const settings = await parts.settings()
  if (windows.length > 0 || !settings.on) return
  const { pushManager } = scope.registration
  const also: FetchingOptions['also'] = (phone) => subscribed(pushManager, (endpoint) => phone.subscribe(endpoint))
  await fetchedHere(scope, settings, { ...parts, fetch: () => parts.fetch(also) })
}

const windowsOf = ({ clients }: Pick<Scope, 'clients'>) =>
  clients.matchAll({ type: 'window', includeUncontrolled: true })

const isVisible = ({ visibilityState }: WindowClient) => visibilityState === 'visible'

/** Resolves with `true` once the page has what waits. */
function fetchedBy(window: WindowClient): Promise<boolean> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.addEventListener('message', ({ data }) => {
      port1.close()
      resolve(data === true)
    })
    port1.start()
    window.postMessage({ kind: 'pushed' }, [port2])
  })
}

/** Fetches what waits, and shows what the user wants to see of it. Resolves with `false` where it could not be fetched. */
async function fetchedHere({ registration }: Scope, settings: NoticeSettings, parts: PushedParts): Promise<boolean> {
  const found = await parts.fetch()
  if (found === undefined) return false
  const { people, news } = found
  const options = { people, settings, minute: minuteOfDay(parts.now()), words: wordsIn(settings.language) }
  await shownIn(registration, noticesOf(news, options))
  return true
}
