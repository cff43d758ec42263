import { computed, effect, signal, type ReadonlySignal } from '@preact/signals'
import { wallClock } from '../../../shared/clock.ts'
import { openDatabase } from '../kept/database.ts'
import type { Identity } from '../kept/identity.ts'
import { keeper, type Keeper } from '../kept/keeper.ts'
import { offeredIn, type Offered } from '../model/enrolment-link.ts'
import { talkIn } from '../model/talk-link.ts'
import { badge } from './badge.ts'
import { client, type Client } from './client.ts'
import { enrolled, serviceAddress } from './enrolling.ts'
import { oneTab } from './one-tab.ts'

/** Which face the page has. */
export type Page =
  | { readonly face: 'loading' }
  /** Nothing can be kept. */
  | { readonly face: 'broken' }
  /** Another tab has the session. */
  | { readonly face: 'elsewhere'; readonly take: () => void }
  | {
      readonly face: 'enrol'
      readonly offered: Offered | undefined
      readonly url: string
      readonly enrol: (offered: Offered) => Promise<void>
    }
  /** With a session or without: the client says. */
  | { readonly face: 'client'; readonly client: Client; readonly forget: () => void }

/** The page's way: one tab of several, a device or none yet, then the client. */
export function openPage(): ReadonlySignal<Page> {
  const page = signal<Page>({ face: 'loading' })
  const offered = taken(offeredIn)
  const wanted = taken(talkIn)
  const tab = oneTab(() => {
    if (page.value.face === 'client') page.value.client.close()
    page.value = { face: 'elsewhere', take: () => void enter('another') }
  })

  async function enter(from: 'free' | 'another'): Promise<void> {
    if (await tab.take(from)) {
      const database = await openDatabase()
      await database.own()
      await show(keeper(database))
    } else page.value = { face: 'elsewhere', take: () => void enter('another') }
  }

  async function show(kept: Keeper): Promise<void> {
    const identity = await kept.identity()
    // A link is for setting a browser up: also one that was set up before, with a key that does not count any more.
    if (identity !== undefined && offered === undefined) return chat(kept, identity)
    const service = await serviceAddress()
    const enrol = async (found: Offered) => {
      const fresh = await enrolled(found, service, location.origin)
      await kept.forget()
      await kept.setIdentity(fresh)
      await chat(kept, fresh)
    }
    page.value = { face: 'enrol', offered, url: service.url, enrol }
  }

  async function chat(kept: Keeper, identity: Identity): Promise<void> {
    const shown = await client({ identity, keeper: kept, clock: wallClock, origin: location.origin })
    badge(() => shown.unread.value)
    watchNetwork(shown)
    watchUser(shown)
    clearing(shown)
    heedWorker(shown)
    // What came while the page was closed is read in the conversation that is open.
    shown.read(wanted ?? shown.model.value.reading)
    const forget = async () => {
      await shown.notifying.forget().catch(() => {})
      shown.close()
      await kept.forget()
      location.reload()
    }
    page.value = { face: 'client', client: shown, forget: () => void forget() }
  }

  // A link that is opened in this tab changes nothing but what stands behind the #.
  addEventListener('hashchange', () => offeredIn(location.href) !== undefined && location.reload())
  enter('free').catch(() => (page.value = { face: 'broken' }))
  return page
}

/** What stands behind the `#` is read once, and taken out of the address and of the history. */
function taken<Found>(read: (address: string) => Found | undefined): Found | undefined {
  const found = read(location.href)
  if (found !== undefined) history.replaceState(null, '', location.pathname)
  return found
}

/** What was shown of a conversation goes as it is read. */
function clearing({ model, notifying }: Client): void {
  const reading = computed(() => model.value.reading)
  effect(() => notifying.read(reading.value))
}

/** The service worker has a conversation opened, or what waits fetched: it is answered whether the page has it. */
function heedWorker(shown: Client): void {
  if (!('serviceWorker' in navigator)) return
  navigator.serviceWorker.addEventListener('message', ({ data, ports: [port] }) => {
    if (data.kind === 'open' && typeof data.talk === 'string') shown.read(data.talk)
    if (data.kind === 'subscription changed') shown.notifying.subscriptionChanged()
    if (data.kind === 'pushed') void shown.fetch().then((isFetched) => port?.postMessage(isFetched))
  })
}

/** Keys, clicks and touches, and a page that is looked at again, are signs of a user. What is in them is not looked at. */
function watchUser(shown: Client): void {
  for (const sign of ['keydown', 'pointerdown', 'pointermove', 'wheel', 'visibilitychange'])
    document.addEventListener(sign, () => document.visibilityState === 'visible' && shown.did(), { passive: true })
}

/** A network that comes back, and a page that is looked at again, are worth a try at once. */
function watchNetwork(shown: Client): void {
  addEventListener('online', () => shown.tryNow())
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') return
    shown.notifying.read(shown.model.value.reading)
    if (shown.line.value.state === 'connecting') shown.tryNow()
  })
}
