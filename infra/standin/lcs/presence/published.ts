import type { Clock } from '../../../../shared/clock.ts'
import type { Incoming } from '../incoming.ts'
import { diagnostics } from '../registrar.ts'
import type { Binding, Registrar } from '../registrar.ts'
import { addressOfRecord } from '../sip/address.ts'
import { newTag } from '../sip/dialogs.ts'
import { header, SipError } from '../sip/sip.ts'
import { CATEGORIES_TYPE, parseCategories } from './categories.ts'
import { CHANGE_TYPE, containers, parseContainerChange } from './containers.ts'
import type { Containers } from './containers.ts'
import { isPublishable, publications } from './publications.ts'
import type { Publications } from './publications.ts'

export interface PublishedOptions {
  readonly clock: Clock
  readonly registrar: () => Registrar
  /** Called when what others may see of a user is another. */
  readonly onChange: (user: string) => void
}

/** What the users of the server publish of themselves, and whom they let see it. */
export interface Published {
  readonly of: (user: string) => Publications & { readonly containers: Containers }
  /** PUBLISH of one's own presence (RFC 3903, with the categories of MS-PRES as its body). */
  readonly publish: (incoming: Incoming) => void
  /** SERVICE that changes one's own containers (MS-PRES). */
  readonly service: (incoming: Incoming) => void
  readonly endpointGone: (binding: Binding) => void
}

export function published({ clock, registrar, onChange }: PublishedOptions): Published {
  const users = new Map<string, Publications & { readonly containers: Containers }>()

  function of(user: string): Publications & { readonly containers: Containers } {
    const found = users.get(user) ?? { ...publications(registrar().displayName(user)), containers: containers() }
    users.set(user, found)
    return found
  }

  return {
    of,
    publish(incoming) {
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
      onChange(user)
    },
    service(incoming) {
      const { request, respond } = incoming
      const { user } = registrar().senderOf(incoming)
      if (addressOfRecord(request.uri) !== user) throw new SipError(403, 'A user changes his own containers only')
      if (header(request, 'Content-Type') !== CHANGE_TYPE) throw new SipError(415, 'Unsupported Media Type')
      of(user).containers.change(parseContainerChange(request.body))
      respond(200, 'OK')
      onChange(user)
    },
    endpointGone({ user, contact: endpoint }) {
      of(user).dropEndpoint(endpoint, registrar().bindingsOf(user).length === 0, clock.now())
      onChange(user)
    },
  }
}
