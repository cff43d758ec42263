import type { CategoryValue, CwaCategory, CwaError, PresenceOfUser } from '../../../../shared/cwa/model.ts'
import type { Clock } from '../../../../shared/clock.ts'
import { tagOf } from '../../lcs/sip/address.ts'
import { CATEGORIES_TYPE, parseCategories, printCategories } from '../../lcs/presence/categories.ts'
import { callersDialog, within } from '../../lcs/sip/dialogs.ts'
import type { Dialog } from '../../lcs/sip/dialogs.ts'
import type { Incoming } from '../../lcs/incoming.ts'
import { header } from '../../lcs/sip/sip.ts'
import type { SipRequest } from '../../lcs/sip/sip.ts'
import type { Endpoint } from '../endpoint.ts'
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
  readonly first: PromiseWithResolvers<void>
  seen: PresenceOfUser | undefined
  /** Whether the first look has been handed out, so that later ones are changes. */
  isOpen: boolean
  /** Undefined until the server has accepted the SUBSCRIBE. */
  dialog: Dialog | undefined
  stopRefreshing: () => void
}

const EXPIRES_S = 3600

/** How long the first NOTIFY may take. */
const FIRST_MS = 32_000

export function sessionPresence(parts: PresenceOptions): SessionPresence {
  const { endpoint, onChange } = parts
  /** By Call-ID and this side's tag: a NOTIFY may overtake the answer to its SUBSCRIBE (RFC 6665, 4.4.1). */
  const watches = new Map<string, Watch>()
  const find = (uri: string) => [...watches.values()].find((watch) => watch.uri === uri && watch.stays)

  return {
    publish: (categories) => publish(endpoint, categories),
    async watch(uri) {
      const already = find(uri)
      if (already !== undefined) {
        await already.first.promise
        return already.seen ?? nothing(uri)
      }
      const watch = newWatch(uri, true)
      await subscribe(parts, watches, watch, EXPIRES_S)
      watch.isOpen = true
      refreshLater(parts, watch)
      return watch.seen ?? nothing(uri)
    },
    unwatch(uri) {
      for (const [key, watch] of watches) {
        if (watch.uri !== uri || watch.dialog === undefined) continue
        watches.delete(key)
        watch.stopRefreshing()
        void endpoint.ask(within(watch.dialog, 'SUBSCRIBE', { headers: headersFor(endpoint, 0) }))
      }
    },
    async fetch(uri) {
      const watch = newWatch(uri, false)
      const { key } = await subscribe(parts, watches, watch, 0)
      watches.delete(key)
      return watch.seen ?? nothing(uri)
    },
    receiveNotify(incoming) {
      const watch = watches.get(keyOf(incoming.request, tagOf(header(incoming.request, 'To'))))
      if (watch === undefined) return incoming.respond(481, 'Subscription does not exist')
      watch.seen = seenIn(incoming, watch.uri)
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

/** Resolves once there is a first look, or can be none. */
async function subscribe(
  { clock, endpoint }: PresenceOptions,
  watches: Map<string, Watch>,
  watch: Watch,
  seconds: number,
): Promise<{ readonly key: string }> {
  const request = endpoint.outside('SUBSCRIBE', watch.uri, { headers: headersFor(endpoint, seconds) })
  const key = keyOf(request, tagOf(header(request, 'From')))
  watches.set(key, watch)
  const response = await endpoint.ask(request)
  if (response.status < 300) {
    watch.dialog = callersDialog(request, response)
    const giveUp = clock.after(FIRST_MS, watch.first.resolve)
    await watch.first.promise
    giveUp()
  } else {
    watches.delete(key)
    watch.first.resolve()
  }
  return { key }
}

function newWatch(uri: string, stays: boolean): Watch {
  const first = Promise.withResolvers<void>()
  return { uri, stays, first, seen: undefined, isOpen: false, dialog: undefined, stopRefreshing: () => {} }
}

function headersFor(endpoint: Endpoint, seconds: number): (readonly [string, string])[] {
  return [
    ['Contact', `<${endpoint.contact}>`],
    ['Event', 'presence'],
    ['Accept', CATEGORIES_TYPE],
    ['Expires', String(seconds)],
  ]
}

/** Asks again when half of the time is over. One that was refused has nothing to refresh. */
function refreshLater(parts: PresenceOptions, watch: Watch): void {
  const { clock, endpoint } = parts
  const { dialog } = watch
  if (dialog === undefined) return
  watch.stopRefreshing = clock.after((EXPIRES_S / 2) * 1000, () => {
    void endpoint.ask(within(dialog, 'SUBSCRIBE', { headers: headersFor(endpoint, EXPIRES_S) }))
    refreshLater(parts, watch)
  })
}

async function publish(endpoint: Endpoint, categories: readonly CwaCategory[]): Promise<CwaError | undefined> {
  const body = printCategories({ uri: endpoint.uri, categories })
  const headers: (readonly [string, string])[] = [
    ['Event', 'presence'],
    ['Content-Type', CATEGORIES_TYPE],
  ]
  const response = await endpoint.ask(endpoint.outside('PUBLISH', endpoint.uri, { headers, body }))
  return response.status < 300 ? undefined : failureOf(response)
}

/** What a NOTIFY shows; it is answered here, once it could be read. */
function seenIn({ request, respond }: Incoming, uri: string): PresenceOfUser {
  const { categories } = parseCategories(request.body)
  respond(200, 'OK')
  return { uri, sourceNetwork: 'sameEnterprise', categories }
}

export const state = (type: 'userState' | 'machineState', availability: number): CwaCategory => {
  const value: CategoryValue = { type, availability }
  return { name: 'state', value }
}

const keyOf = (message: SipRequest, tag: string | undefined) => `${header(message, 'Call-ID')} ${tag}`
const nothing = (uri: string): PresenceOfUser => ({ uri, sourceNetwork: 'sameEnterprise', categories: [] })
