import type { Clock } from '../../../../shared/clock.ts'
import { keyOf, receivedWithin, within } from '../sip/dialogs.ts'
import type { Dialog } from '../sip/dialogs.ts'
import { SipError } from '../sip/sip.ts'
import type { SipRequest } from '../sip/sip.ts'
import type { SipLink } from '../sip/transactions.ts'
import { CATEGORIES_TYPE } from './categories.ts'
import { ROAMING_EVENT, ROAMING_TYPE } from './containers.ts'

/** Presence of anybody, or what a user alone sees of his own. */
export type Package = 'presence' | typeof ROAMING_EVENT

/** The type of each package's documents. */
export const TYPES: Readonly<Record<Package, string>> = { presence: CATEGORIES_TYPE, [ROAMING_EVENT]: ROAMING_TYPE }

/** Who asked for what, over which connection. */
export interface Asked {
  readonly dialog: Dialog
  readonly link: SipLink
  readonly presentity: string
  readonly watcher: string
  readonly event: Package
}

export interface Subscription extends Asked {
  /** The last document that was sent, to stay silent when nothing visible changed. */
  sent: string
  expiresAt: number
  forget: () => void
}

export interface SubscriptionsOptions {
  readonly clock: Clock
  /** The server's own contact. */
  readonly contact: () => string
  /** What the subscriber sees now. */
  readonly document: (subscription: Subscription) => string
}

/** The subscriptions of all users (RFC 6665): each sends a NOTIFY at once, at each change, and at its end. */
export interface Subscriptions {
  /** Throws 481 where a key names none. */
  readonly found: (request: SipRequest, key: string) => Subscription
  /** Begins or renews one for so many seconds; with none it answers once. */
  readonly grant: (subscription: Subscription, seconds: number) => void
  /** Notifies those who watch this user of what they see otherwise than before. */
  readonly changed: (user: string) => void
  /** The users who watch another's presence, each once. */
  readonly watchersOf: (user: string) => readonly string[]
  readonly dropLink: (link: SipLink) => void
}

export const newSubscription = (asked: Asked): Subscription => ({ ...asked, sent: '', expiresAt: 0, forget: () => {} })

export function subscriptions({ clock, contact, document }: SubscriptionsOptions): Subscriptions {
  const open = new Map<string, Subscription>()

  function end(subscription: Subscription): void {
    subscription.forget()
    open.delete(keyOf(subscription.dialog))
  }

  async function notify(subscription: Subscription, state: string): Promise<void> {
    const { dialog, event, link, sent } = subscription
    const headers = headersOf(contact(), event, state)
    const { status } = await link.request(within(dialog, 'NOTIFY', { headers, body: sent })).response
    // RFC 6665, 4.2.2: a subscriber that does not know the subscription has lost it.
    if (status >= 300) end(subscription)
  }

  function send(subscription: Subscription, state: string, body = document(subscription)): void {
    subscription.sent = body
    void notify(subscription, state)
  }

  const active = ({ expiresAt }: Subscription) => `active;expires=${Math.ceil((expiresAt - clock.now()) / 1000)}`

  return {
    found(request, key) {
      const subscription = open.get(key)
      if (subscription === undefined) throw new SipError(481, 'Subscription does not exist')
      receivedWithin(subscription.dialog, request)
      return subscription
    },
    grant(subscription, seconds) {
      if (seconds === 0) {
        end(subscription)
        return send(subscription, OVER)
      }
      open.set(keyOf(subscription.dialog), subscription)
      subscription.forget()
      subscription.expiresAt = clock.now() + seconds * 1000
      subscription.forget = clock.after(seconds * 1000, () => {
        end(subscription)
        send(subscription, OVER)
      })
      send(subscription, active(subscription))
    },
    changed(user) {
      for (const each of [...open.values()].filter(({ presentity }) => presentity === user)) {
        const body = document(each)
        if (body !== each.sent) send(each, active(each), body)
      }
    },
    watchersOf(user) {
      const others = [...open.values()].filter(({ watcher }) => watcher !== user)
      const watching = others.filter(({ event, presentity }) => event === 'presence' && presentity === user)
      return [...new Set(watching.map(({ watcher }) => watcher))]
    },
    dropLink(link) {
      for (const subscription of [...open.values()].filter((each) => each.link === link)) end(subscription)
    },
  }
}

const OVER = 'terminated;reason=timeout'

function headersOf(contact: string, event: Package, state: string): readonly (readonly [string, string])[] {
  return [
    ['Contact', `<${contact}>`],
    ['Event', event],
    ['Subscription-State', state],
    ['Content-Type', TYPES[event]],
  ]
}
