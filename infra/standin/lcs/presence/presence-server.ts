import type { Clock } from '../../../../shared/clock.ts'
import type { Incoming } from '../incoming.ts'
import { seconds } from '../registrar.ts'
import type { Binding, Registrar } from '../registrar.ts'
import { addressOfRecord } from '../sip/address.ts'
import { calleesDialog, keyOfRequest } from '../sip/dialogs.ts'
import { header, listHeader, SipError } from '../sip/sip.ts'
import type { SipLink } from '../sip/transactions.ts'
import { printCategories } from './categories.ts'
import { printRoamingSelf, ROAMING_EVENT } from './containers.ts'
import { published } from './published.ts'
import type { Published } from './published.ts'
import { newSubscription, subscriptions, TYPES } from './subscriptions.ts'
import type { Package, Subscription } from './subscriptions.ts'

export interface PresenceServer extends Pick<Published, 'publish' | 'service'> {
  /** SUBSCRIBE to a user's presence (RFC 6665). `Expires: 0` fetches it once. */
  readonly subscribe: (incoming: Incoming) => void
  /** An endpoint came, or is gone. */
  readonly changed: (binding: Binding, gone: boolean) => void
  readonly dropLink: (link: SipLink) => void
}

export interface PresenceOptions {
  readonly clock: Clock
  readonly registrar: () => Registrar
  /** The server's own contact. */
  readonly contact: () => string
}

export function presenceServer({ clock, registrar, contact }: PresenceOptions): PresenceServer {
  const users = published({ clock, registrar, onChange: (user) => watching.changed(user) })
  const watching = subscriptions({ clock, contact, document })

  function document({ event, presentity, watcher }: Subscription): string {
    const { own, visible, containers } = users.of(presentity)
    if (event === ROAMING_EVENT) {
      const subscribers = watching.watchersOf(presentity).map((uri) => named(uri, registrar().displayName(uri)))
      return printRoamingSelf({ containers: containers.all(), subscribers })
    }
    const seen = containers.blocks(watcher) ? BLANK : visible()
    return printCategories({ uri: presentity, categories: watcher === presentity ? own() : seen })
  }

  function subscribe(incoming: Incoming): void {
    const { request } = incoming
    const event = header(request, 'Event')
    if (event !== 'presence' && event !== ROAMING_EVENT) throw new SipError(489, 'Bad Event')
    if (!listHeader(request, 'Accept').includes(TYPES[event])) throw new SipError(406, 'Not Acceptable')
    const granted = seconds(header(request, 'Expires') ?? '3600')
    const key = keyOfRequest(request)
    const subscription = key === undefined ? opened(registrar(), incoming, event) : watching.found(request, key)
    incoming.respond(200, 'OK', {
      headers: [
        ['Contact', `<${contact()}>`],
        ['Expires', String(granted)],
      ],
    })
    watching.grant(subscription, granted)
    // Somebody new watches: the user who is watched sees that.
    if (event === 'presence' && key === undefined && granted > 0) watching.changed(subscription.presentity)
  }

  return {
    subscribe,
    publish: users.publish,
    service: users.service,
    changed(binding, gone) {
      if (gone) users.endpointGone(binding)
    },
    dropLink: watching.dropLink,
  }
}

function opened(registrar: Registrar, incoming: Incoming, event: Package): Subscription {
  const { request, link, localTo } = incoming
  const presentity = addressOfRecord(request.uri)
  const watcher = registrar.senderOf(incoming).user
  if (!registrar.isKnown(presentity)) throw new SipError(404, 'User does not exist')
  if (event === ROAMING_EVENT && watcher !== presentity) throw new SipError(403, 'A user sees his own watchers only')
  return newSubscription({ dialog: calleesDialog(request, localTo), link, presentity, watcher, event })
}

const named = (uri: string, displayName: string | undefined) => ({
  uri,
  ...(displayName === undefined ? {} : { displayName }),
})

/** What somebody sees who is blocked: that there is a state, and nothing published in it (bb969582). */
const BLANK = [{ name: 'state', instance: 1, version: 1 }] as const
