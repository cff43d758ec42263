import type { CategoryValue, CwaCategory, CwaError, PresenceOfUser } from '../../../../shared/cwa/model.ts'
import type { Clock } from '../../../../shared/clock.ts'
import { tagOf } from '../../lcs/sip/address.ts'
import { CATEGORIES_TYPE, parseCategories, printCategories } from '../../lcs/presence/categories.ts'
import { callersDialog, within } from '../../lcs/sip/dialogs.ts'
import type { Dialog } from '../../lcs/sip/dialogs.ts'
import type { Incoming } from '../../lcs/incoming.ts'
import { header } from '../../lcs/sip/sip.ts'
import type { SipRequest } from '../../lcs/sip/sip.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { failureOf } from '../http/failures.ts'

/** What one session publishes of its user, and whom it watches. */
export interface SessionPresence {
  /** Undefined when it is published, else why not. */
  readonly publish: (categories: readonly CwaCategory[]) => Promise<CwaError | undefined>
  /** Watches a user until the session ends. Resolves with what can be seen at once. */
  readonly watch: (uri: string) => Promise<PresenceOfUser>
  readonly unwatch: (uri: string) => void
  /** Looks once. */
  readonly fetch: (uri: string) => Promise<PresenceOfUser>
  readonly receiveNotify: (incoming: Incoming) => void
  readonly end: () => void
}

export interface PresenceOptions {
  readonly clock: Clock
  readonly endpoint: Endpoint
  /** Called with every change after the first look. */
  readonly onChange: (user: PresenceOfUser) => void
}

interface Watch {
  readonly uri: string
  /** Whether it lasts, or is a single look. */
  readonly stays: boolean
  seen: PresenceOfUser | undefined
  /** Whether the first look has been handed out, so that later ones are changes. */
  isOpen: boolean
  readonly first: PromiseWithResolvers<void>
  dialog: Dialog | undefined
  stopRefreshing: () => void
}

const EXPIRES_S = 3600

export function sessionPresence({ clock, endpoint, onChange }: PresenceOptions): SessionPresence {
  /** By Call-ID and this side's tag: a NOTIFY may overtake the answer to its SUBSCRIBE (RFC 6665, 4.4.1). */
  const watches = new Map<string, Watch>()
  const find = (uri: string) => [...watches.values()].find((watch) => watch.uri === uri && watch.stays)

  const headersFor = (seconds: number): (readonly [string, string])[] => [
    ['Contact', `<${endpoint.contact}>`],
    ['Event', 'presence'],
    ['Accept', CATEGORIES_TYPE],
    ['Expires', String(seconds)],
  ]

  function refreshLater(watch: Watch): void {
    watch.stopRefreshing = clock.after((EXPIRES_S / 2) * 1000, () => {
      if (watch.dialog === undefined) return
      void endpoint.ask(within(watch.dialog, 'SUBSCRIBE', { headers: headersFor(EXPIRES_S) }))
      refreshLater(watch)
    })
  }

  async function subscribe(uri: string, seconds: number): Promise<{ watch: Watch; key: string; seen: PresenceOfUser }> {
    const request = endpoint.outside('SUBSCRIBE', uri, { headers: headersFor(seconds) })
    const key = keyOf(request, tagOf(header(request, 'From')))
    const first = Promise.withResolvers<void>()
    const watch: Watch = {
      uri,
      stays: seconds > 0,
      seen: undefined,
      isOpen: false,
      first,
      dialog: undefined,
      stopRefreshing: () => {},
    }
    watches.set(key, watch)
    const response = await endpoint.ask(request)
    if (response.status < 300) {
      watch.dialog = callersDialog(request, response)
      const giveUp = clock.after(32_000, first.resolve)
      await first.promise
      giveUp()
    } else {
      watches.delete(key)
      first.resolve()
    }
    return { watch, key, seen: watch.seen ?? nothing(uri) }
  }

  return {
    async publish(categories) {
      const body = printCategories({ uri: endpoint.uri, categories })
      const headers: (readonly [string, string])[] = [
        ['Event', 'presence'],
        ['Content-Type', CATEGORIES_TYPE],
      ]
      const response = await endpoint.ask(endpoint.outside('PUBLISH', endpoint.uri, { headers, body }))
      return response.status < 300 ? undefined : failureOf(response)
    },
    async watch(uri) {
      const already = find(uri)
      if (already !== undefined) {
        await already.first.promise
        return already.seen ?? nothing(uri)
      }
      const { watch, seen } = await subscribe(uri, EXPIRES_S)
      watch.isOpen = true
      if (watch.dialog !== undefined) refreshLater(watch)
      return seen
    },
    unwatch(uri) {
      for (const [key, watch] of watches) {
        if (watch.uri !== uri || watch.dialog === undefined) continue
        watches.delete(key)
        watch.stopRefreshing()
        void endpoint.ask(within(watch.dialog, 'SUBSCRIBE', { headers: headersFor(0) }))
      }
    },
    async fetch(uri) {
      const { key, seen } = await subscribe(uri, 0)
      watches.delete(key)
      return seen
    },
    receiveNotify({ request, respond }) {
      const watch = watches.get(keyOf(request, tagOf(header(request, 'To'))))
      if (watch === undefined) return respond(481, 'Subscription does not exist')
      const { categories } = parseCategories(request.body)
      respond(200, 'OK')
      watch.seen = { uri: watch.uri, sourceNetwork: 'sameEnterprise', categories }
      watch.first.resolve()
      if (watch.isOpen) onChange(watch.seen)
    },
    end() {
      for (const watch of watches.values()) {
        watch.stopRefreshing()
        watch.first.resolve()
      }
      watches.clear()
    },
  }
}

export const state = (type: 'userState' | 'machineState', availability: number): CwaCategory => {
  const value: CategoryValue = { type, availability }
  return { name: 'state', value }
}

const keyOf = (message: SipRequest, tag: string | undefined) => `${header(message, 'Call-ID')} ${tag}`
const nothing = (uri: string): PresenceOfUser => ({ uri, sourceNetwork: 'sameEnterprise', categories: [] })
