import { effect, signal, type ReadonlySignal } from '@preact/signals'
import type { Keeper } from '../kept/keeper.ts'
import type { Model } from '../model/model.ts'
import { newsIn, noticesOf, somethingWaits, type Notice, type NoticeSettings } from '../model/notices.ts'
import { minuteOfDay } from '../model/quiet-hours.ts'
import { language, words } from '../words/words.ts'
import { shownIn } from './notices-shown.ts'
import { wakeable, type Tell, type Wakeable } from './waking.ts'

/** Whether the browser lets the page notify; `missing`: it has no notifications, or no service worker. */
export type Permission = NotificationPermission | 'missing'

export interface NotifyingOptions {
  readonly keeper: Pick<Keeper, 'notices' | 'setNotices'>
  readonly now: () => number
  readonly tell: Tell
}

/** Notifications: of this page while nobody looks at it, and of its service worker while it is closed. */
export interface Notifying extends Pick<Wakeable, 'waking'> {
  readonly settings: ReadonlySignal<NoticeSettings>
  readonly permission: ReadonlySignal<Permission>
  /** Asks the user for permission: only on a click, which browsers want. */
  turnOn(): Promise<void>
  turnOff(): Promise<void>
  change(change: Partial<Pick<NoticeSettings, 'shows' | 'quiet'>>): void
  /** There is a session: the service may have forgotten where this browser is woken, or has another key. Once in each. */
  began(session: string): void
  /** The push service has replaced this browser's subscription, or ended it. */
  subscriptionChanged(): void
  /** What came between two states: the user is notified, unless the page is looked at. */
  came(before: Model, after: Model): void
  /** A conversation is read: what was shown of it goes. */
  read(talk: string | undefined): void
  /** This browser is no device any more. */
  forget(): Promise<void>
}

const hasAll = () => 'Notification' in globalThis && 'serviceWorker' in navigator && 'PushManager' in globalThis
const permissionNow = (): Permission => (hasAll() ? Notification.permission : 'missing')

export async function notifying({ keeper, now, tell }: NotifyingOptions): Promise<Notifying> {
  const settings = signal<NoticeSettings>(await keeper.notices())
  const permission = signal<Permission>(permissionNow())
  const woken = wakeable(tell)
  let told: string | undefined
  const isOn = () => settings.value.on && permission.value === 'granted'

  function set(change: Partial<NoticeSettings>): void {
    settings.value = { ...settings.value, ...change }
    keeper.setNotices(settings.value).catch(() => {})
  }
  // The service worker speaks the language of the page.
  effect(() => {
    if (settings.peek().language !== language.value) set({ language: language.value })
  })

  return {
    settings,
    permission,
    waking: woken.waking,
    async turnOn() {
      permission.value = hasAll() ? await Notification.requestPermission() : 'missing'
      if (permission.value !== 'granted') return
      set({ on: true })
      await woken.subscribe()
    },
    async turnOff() {
      set({ on: false })
      await tell().catch(() => {})
      await woken.unsubscribe()
    },
    change: set,
    began(session) {
      if (isOn() && session !== told) void woken.subscribe()
      told = session
    },
    subscriptionChanged: () => void (isOn() && woken.subscribe()),
    came(before, after) {
      if (!isOn() || document.visibilityState === 'visible') return
      const { talks, people } = after
      const options = { people, settings: settings.value, minute: minuteOfDay(now()), words: words.value }
      void shown(noticesOf(newsIn(before.talks, talks), options))
    },
    read(talk) {
      if (permission.value === 'granted') void closed([somethingWaits(words.value).tag, talk ?? ''])
    },
    forget: () => (hasAll() ? woken.unsubscribe() : Promise.resolve()),
  }
}

async function shown(notices: readonly Notice[]): Promise<void> {
  if (notices.length > 0) await shownIn(await navigator.serviceWorker.ready, notices)
}

async function closed(tags: readonly string[]): Promise<void> {
  const all = await (await navigator.serviceWorker.ready).getNotifications()
  for (const each of all) if (tags.includes(each.tag)) each.close()
}
