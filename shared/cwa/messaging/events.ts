import type { ImEvent } from '../../rules/messaging.ts'
import { wordsOf } from '../faults.ts'
import type { CwaEvent } from '../model.ts'
import { access, subscribers } from './access.ts'
import { inConversation, type Seen } from './conversations.ts'
import { contacts, found, ownPresence, presence } from './people.ts'
import { numbered, short } from './words.ts'

/**
 * What a CWA event is to a device: usually one event, sometimes several, often nothing. However large it was, each fits
 * a frame (DEVICE_BOUNDS): what is cut says so by its last character, and a long list comes in parts.
 */
export function eventsOf(event: CwaEvent, seen: Seen = {}): ImEvent[] {
  if ('confId' in event) return inConversation(event, seen)
  switch (event.event) {
    case 'contactGroup':
      return contacts(event)
    case 'userPresence':
      return event.users.flatMap(presence)
    case 'selfPresence':
      return ownPresence(event.categories)
    case 'requestSucceeded': {
      const { number } = numbered(event.rid)
      return number === undefined ? [] : [{ kind: 'done', number }]
    }
    case 'requestFailed':
      return [{ kind: 'failed', ...numbered(event.rid), reason: `${whoOf(seen)}${wordsOf(event.error)}` }]
    case 'searchResult':
      return found(event)
    case 'containers':
      return access(event)
    case 'subscribers':
      return subscribers(event)
    case 'configuration':
    case 'other':
    default:
      return []
  }
}

/** Of several who were invited, the event before the failure says whom it is about (bb969642). */
function whoOf({ before }: Seen): string {
  return before?.event === 'inviteFailed' ? `${short(before.uri)}: ` : ''
}
