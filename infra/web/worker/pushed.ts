import { openDatabase } from '../kept/database.ts'
import { keeper } from '../kept/keeper.ts'
import { somethingWaits } from '../model/notices.ts'
import { shownIn } from '../notify/notices-shown.ts'
import { wordsIn } from '../words/languages.ts'
import type { WindowClient, WorkerScope } from './scope.ts'

/** Longest wait for a page in the background to fetch what waits, in milliseconds: a frozen one answers nothing. */
const PAGE_MS = 5_000

/**
 * The story of a push: something waits, and the push says no more. A page that is open fetches it, and notifies where
 * nobody looks at it. Browsers want something shown for each push: where there is nothing that the user wants to see, it is
 * a word without a sound.
 */
export async function pushed({ clients, registration }: Pick<WorkerScope, 'clients' | 'registration'>): Promise<void> {
  const windows = await clients.matchAll({ type: 'window', includeUncontrolled: true })
  const fetched = Promise.race([...windows.map(fetchedBy), later()])
  if (windows.some(({ visibilityState }) => visibilityState === 'visible')) return
  const { language } = await keeper(await openDatabase()).notices()
  const isFetched = windows.length > 0 && (await fetched)
  const something = [somethingWaits(wordsIn(language))]
  if (!isFetched) return shownIn(registration, something)
  if ((await registration.getNotifications()).length === 0) await shownIn(registration, something, true)
}

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
