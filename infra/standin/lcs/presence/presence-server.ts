import type { Clock } from '../../../../shared/clock.ts'
import { addressOfRecord } from '../sip/address.ts'
import { CATEGORIES_TYPE, parseCategories, printCategories } from './categories.ts'
import {
  CHANGE_TYPE,
  containers,
  parseContainerChange,
  printRoamingSelf,
  ROAMING_EVENT,
  ROAMING_TYPE,
} from './containers.ts'
import type { Containers } from './containers.ts'
import { calleesDialog, keyOf, keyOfRequest, newTag, receivedWithin, within } from '../sip/dialogs.ts'
import type { Dialog } from '../sip/dialogs.ts'
import type { Incoming } from '../incoming.ts'
import type { SipLink } from '../sip/transactions.ts'
import { isPublishable, publications } from './publications.ts'
import type { Publications } from './publications.ts'
import { diagnostics, seconds } from '../registrar.ts'
import type { Binding, Registrar } from '../registrar.ts'
import { header, listHeader, SipError } from '../sip/sip.ts'
import type { SipRequest } from '../sip/sip.ts'

export interface PresenceServer {
  /** SUBSCRIBE to a user's presence (RFC 6665). `Expires: 0` fetches it once. */
  readonly subscribe: (incoming: Incoming) => void
  /** PUBLISH of one's own presence (RFC 3903, with the categories of MS-PRES as its body). */
  readonly publish: (incoming: Incoming) => void
  /** SERVICE that changes one's own containers (MS-PRES). */
  readonly service: (incoming: Incoming) => void
  /** To be told of every endpoint that came or went. */
  readonly changed: (binding: Binding, gone: boolean) => void
  readonly dropLink: (link: SipLink) => void
}

export interface PresenceOptions {
  readonly clock: Clock
  readonly registrar: () => Registrar
  /** The server's own contact. */
  readonly contact: () => string
}

interface Subscription {
  readonly dialog: Dialog
  readonly link: SipLink
  readonly presentity: string
  readonly watcher: string
  readonly event: Package
  /** The last document that was sent, to stay silent when nothing visible changed. */
  sent: string
  expiresAt: number
  forget: () => void
}

/** Presence of anybody, or what a user alone is told of himself. */
type Package = 'presence' | typeof ROAMING_EVENT

const TYPES: Readonly<Record<Package, string>> = { presence: CATEGORIES_TYPE, [ROAMING_EVENT]: ROAMING_TYPE }

export function presenceServer({ clock, registrar, contact }: PresenceOptions): PresenceServer {
  const users = new Map<string, Publications & { readonly containers: Containers }>()
  const subscriptions = new Map<string, Subscription>()

  function of(user: string): Publications & { readonly containers: Containers } {
    const found = users.get(user) ?? {
      ...publications(registrar().displayName(user)),
      containers: containers(),
    }
    users.set(user, found)
    return found
  }

  function end(subscription: Subscription): void {
    subscription.forget()
    subscriptions.delete(keyOf(subscription.dialog))
  }

  function presenceFor({ presentity, watcher }: Subscription): string {
    const { own, visible, containers } = of(presentity)
    const seen = containers.blocks(watcher) ? BLANK : visible()
    return printCategories({ uri: presentity, categories: watcher === presentity ? own() : seen })
  }

  function roamingFor({ presentity }: Subscription): string {
    const watchers = [...subscriptions.values()].filter((each) => each.event === 'presence' && isOf(presentity, each))
    const subscribers = [...new Set(watchers.map(({ watcher }) => watcher))].map((uri) => {
      const displayName = registrar().displayName(uri)
      return { uri, ...(displayName === undefined ? {} : { displayName }) }
    })
    return printRoamingSelf({ containers: of(presentity).containers.all(), subscribers })
  }

  async function notify(subscription: Subscription, state: string, onlyChanges: boolean): Promise<void> {
    const body = subscription.event === 'presence' ? presenceFor(subscription) : roamingFor(subscription)
    if (onlyChanges && body === subscription.sent) return
    subscription.sent = body
    const request = within(subscription.dialog, 'NOTIFY', {
      headers: [
        ['Contact', `<${contact()}>`],
        ['Event', subscription.event],
        ['Subscription-State', state],
        ['Content-Type', TYPES[subscription.event]],
      ],
      body,
    })
    const { status } = await subscription.link.request(request).response
    // RFC 6665, 4.2.2: a subscriber that does not know the subscription has lost it.
    if (status >= 300) end(subscription)
  }

  const active = ({ expiresAt }: Subscription) => `active;expires=${Math.ceil((expiresAt - clock.now()) / 1000)}`

  function tell(user: string): void {
    for (const subscription of subscriptions.values()) {
      if (subscription.presentity === user) void notify(subscription, active(subscription), true)
    }
  }

  function renew(subscription: Subscription, granted: number): void {
    subscription.forget()
    subscription.expiresAt = clock.now() + granted * 1000
    subscription.forget = clock.after(granted * 1000, () => {
      end(subscription)
      void notify(subscription, 'terminated;reason=timeout', false)
    })
  }

  function open(incoming: Incoming, event: Package): Subscription {
    const { request, link, localTo } = incoming
    const presentity = addressOfRecord(request.uri)
    const watcher = registrar().senderOf(incoming).user
    if (!registrar().isKnown(presentity)) throw new SipError(404, 'User does not exist')
    if (event === ROAMING_EVENT && watcher !== presentity) throw new SipError(403, 'A user is told of himself only')
    const dialog = calleesDialog(request, localTo)
    return { dialog, link, presentity, watcher, event, sent: '', expiresAt: 0, forget: () => {} }
  }

  function found(request: SipRequest, key: string): Subscription {
    const subscription = subscriptions.get(key)
    if (subscription === undefined) throw new SipError(481, 'Subscription does not exist')
    receivedWithin(subscription.dialog, request)
    return subscription
  }

  function subscribe(incoming: Incoming): void {
    const { request } = incoming
    const event = header(request, 'Event')
    if (event !== 'presence' && event !== ROAMING_EVENT) throw new SipError(489, 'Bad Event')
    if (!listHeader(request, 'Accept').includes(TYPES[event])) throw new SipError(406, 'Not Acceptable')
    const granted = seconds(header(request, 'Expires') ?? '3600')
    const key = keyOfRequest(request)
    const subscription = key === undefined ? open(incoming, event) : found(request, key)
    if (granted > 0) {
      subscriptions.set(keyOf(subscription.dialog), subscription)
      renew(subscription, granted)
    } else end(subscription)
    incoming.respond(200, 'OK', {
      headers: [
        ['Contact', `<${contact()}>`],
        ['Expires', String(granted)],
      ],
    })
    void notify(subscription, granted > 0 ? active(subscription) : 'terminated;reason=timeout', false)
    // Somebody new watches: who is watched is told.
    if (event === 'presence' && key === undefined && granted > 0) tell(subscription.presentity)
  }

  function service(incoming: Incoming): void {
    const { request, respond } = incoming
    const { user } = registrar().senderOf(incoming)
    if (addressOfRecord(request.uri) !== user) throw new SipError(403, 'A user changes his own containers only')
    if (header(request, 'Content-Type') !== CHANGE_TYPE) throw new SipError(415, 'Unsupported Media Type')
    of(user).containers.change(parseContainerChange(request.body))
    respond(200, 'OK')
    tell(user)
  }

  function publish(incoming: Incoming): void {
    const { request, respond } = incoming
    const { user, contact: endpoint } = registrar().senderOf(incoming)
    if (addressOfRecord(request.uri) !== user) throw new SipError(403, 'A user publishes his own presence only')
    if (header(request, 'Event') !== 'presence') throw new SipError(489, 'Bad Event')
    if (header(request, 'Content-Type') !== CATEGORIES_TYPE) throw new SipError(415, 'Unsupported Media Type')
    const { categories } = parseCategories(request.body)
    if (categories.length === 0 || !categories.every(isPublishable)) {
      const headers = [diagnostics(2, 'States and notes are the categories that can be published')]
      return respond(488, 'Not Acceptable Here', { headers })
    }
    of(user).publish(endpoint, categories, clock.now())
    respond(200, 'OK', { headers: [['SIP-ETag', newTag()]] })
    tell(user)
  }

  return {
    subscribe,
    publish,
    service,
    changed({ user, contact: endpoint }, gone) {
      if (!gone) return
      of(user).dropEndpoint(endpoint, registrar().bindingsOf(user).length === 0, clock.now())
      tell(user)
    },
    dropLink(link) {
      for (const subscription of [...subscriptions.values()].filter((each) => each.link === link)) end(subscription)
    },
  }
}

/** What somebody sees who is blocked: that there is a state, and nothing published in it (bb969582). */
const BLANK = [{ name: 'state', instance: 1, version: 1 }] as const

const isOf = (user: string, { presentity, watcher }: Subscription) => presentity === user && watcher !== user
