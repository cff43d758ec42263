import type { Command, Conversation, ImEvent, Uri } from '../rules/messaging.ts'
import { availabilityNumber, availabilityOf } from './availability.ts'
import { cut, DEVICE_BOUNDS, runs } from '../upstream/bounds.ts'
import { carried } from '../upstream/characters.ts'
import { wordsOf } from './faults.ts'
import { NotPossible } from '../upstream/not-possible.ts'
import type { CwaAnswer, CwaCategory, CwaEvent, CwaMethod, ImMessage, PresenceOfUser } from './model.ts'

/** What devices say and hear, in CWA's words and back. Pure. */

/**
 * Where the user's own choice of a state is published. MSDN has the machine's only, 0x30000000 (bb969515); other clients
 * of Office Communications Server use this one for the user's.
 */
const USER_STATE_INSTANCE = 0x2000_0000

/**
 * The methods that carry out a command. `number` is that of the device's send: as `rid` it comes back with the outcome,
 * and as `confId` it names a conversation that the device starts, until the server says which number it gave it
 * (`conversationOf`, or the `confId` of the events). Characters that XML cannot carry are taken out of texts here, so
 * that a message arrives in either codec, and the same in both.
 *
 * @throws NotPossible for what CWA has no words for
 */
export function methodsFor(command: Command, number: number): CwaMethod[] {
  const rid = String(number)
  switch (command.kind) {
    case 'start': {
      const subject = command.subject === undefined ? {} : { subject: carried(command.subject) }
      const message = plain(command.text)
      return [{ method: 'initiateImSession', rid, confId: number, uris: command.to.map(sipUri), message, ...subject }]
    }
    case 'accept':
      return [{ method: 'acceptImSession', rid, confId: confIdOf(command.conversation) }]
    case 'message':
      return [{ method: 'sendMessage', rid, confId: confIdOf(command.conversation), message: plain(command.text) }]
    case 'typing': {
      const state = command.typing ? 'composing' : 'idle'
      return [{ method: 'notifyComposing', rid, confId: confIdOf(command.conversation), state }]
    }
    case 'leave':
      return [{ method: 'terminateImSession', rid, confId: confIdOf(command.conversation) }]
    case 'presence': {
      const availability = availabilityNumber(command.availability)
      const value = { type: 'userState', availability, manual: true } as const
      const categories = [{ name: 'state', instance: USER_STATE_INSTANCE, value }]
      return [{ method: 'publishSelfPresence', rid, categories }]
    }
    case 'add-contact': {
      // Attributes that are left empty make the request fail (bb969566).
      const contact = { uri: sipUri(command.uri), name: carried(command.name) || command.uri }
      return [{ method: 'addContact', rid, contact: { ...contact, subscribed: true, tag: false, groups: [] } }]
    }
    case 'delete-contact':
      return [{ method: 'deleteContact', rid, uri: sipUri(command.uri) }]
    case 'invite':
    case 'eject':
    case 'role':
    case 'join':
    case 'edit':
    case 'delete':
    case 'read':
    case 'history':
    case 'search':
    default:
      // The service refuses what needs a capability that upstream.ts does not name.
      throw new NotPossible(`this server does not do "${command.kind}"`)
  }
}

/** CWA knows users by SIP URIs (RFC 3261), and conversations by whole numbers. */
const SIP_URI = /^sip:[^\s@<>"]{1,200}@[^\s@<>"]{1,200}$/i
const CONF_ID = /^\d{1,15}$/

function sipUri(uri: Uri): string {
  if (SIP_URI.test(uri)) return uri
  throw new NotPossible('this server knows users by SIP URIs, such as sip:ann@contoso.test')
}

function confIdOf(conversation: Conversation): number {
  if (CONF_ID.test(conversation)) return Number(conversation)
  throw new NotPossible('there is no such conversation')
}

function plain(text: string): ImMessage {
  return { format: 'text/plain', content: carried(text) }
}

/** The number the server gave to the conversation that these answers are about, when they say so. */
export function conversationOf(answers: readonly CwaAnswer[]): Conversation | undefined {
  const confId = answers.find((answer) => answer.answer === 'initiateImSessionAccepted')?.confId
  return confId === undefined ? undefined : String(confId)
}

/**
 * What a CWA event is to a device: usually one event, sometimes several, often nothing. However large it was, each fits
 * a frame (DEVICE_BOUNDS): what is cut says so by its last character, and a long list comes in parts.
 */
export function eventsOf(event: CwaEvent): ImEvent[] {
  if ('confId' in event) return inConversation(event)
  switch (event.event) {
    case 'contactGroup':
      return contacts(event)
    case 'userPresence':
      return event.users.flatMap(presence)
    case 'selfPresence': {
      const availability = stateIn(event.categories)
      return availability === undefined ? [] : [{ kind: 'own-presence', availability }]
    }
    case 'requestSucceeded': {
      const { number } = numbered(event.rid)
      return number === undefined ? [] : [{ kind: 'done', number }]
    }
    case 'requestFailed':
      return [{ kind: 'failed', ...numbered(event.rid), reason: wordsOf(event.error) }]
    case 'configuration':
    case 'containers':
    case 'other':
    case 'searchResult':
    case 'subscribers':
    default:
      return []
  }
}

const STATES = { incoming: 'incoming', connecting: 'connecting', connected: 'connected', terminated: 'ended' } as const

function inConversation(event: Extract<CwaEvent, { readonly confId: number }>): ImEvent[] {
  const conversation = String(event.confId)
  switch (event.event) {
    case 'imSessionReceived': {
      const { inviter, subject, message } = event
      const name = inviter.name === undefined ? {} : { name: short(inviter.name) }
      const about = subject === undefined ? {} : { subject: short(subject) }
      const text = message === undefined ? {} : { text: textOf(message) }
      return [{ kind: 'invitation', conversation, from: short(inviter.uri), ...name, ...about, ...text }]
    }
    case 'imSessionState':
      return [{ kind: 'conversation', conversation, state: STATES[event.state] }]
    case 'initiateImSessionAccepted':
      return [{ kind: 'conversation', conversation, state: 'connecting' }]
    case 'messageReceived':
      // The formats there are, text/plain and X-MMS-IM-Format, keep fonts outside of the text.
      return [{ kind: 'message', conversation, from: short(event.sender), text: textOf(event.message) }]
    case 'composingState': {
      const from = event.sender === undefined ? {} : { from: short(event.sender) }
      return [{ kind: 'typing', conversation, typing: event.state === 'composing', ...from }]
    }
    case 'participantRemoved':
      return [{ kind: 'left', conversation, uri: short(event.uri) }]
    case 'messageIdReceived':
      return [{ kind: 'delivered', conversation, ...numbered(event.rid) }]
    case 'messageSendFailed':
      return [{ kind: 'not-delivered', conversation, ...numbered(event.rid), reason: 'it could not be delivered' }]
    case 'confUri':
    case 'escalationMode':
    case 'inviteFailed':
    case 'locked':
    case 'participant':
    case 'role':
    default:
      return []
  }
}

// JSON can carry what XML cannot, and a lax server's XML may, too: a device's terminal would obey some of it.
const short = (words: string): string => cut(carried(words), DEVICE_BOUNDS.name)
const textOf = ({ content }: ImMessage): string => cut(carried(content), DEVICE_BOUNDS.text)

/** Our rids of a device's requests are decimal; any other one is ours alone, or another endpoint's. */
function numbered(rid: string | undefined): { readonly number?: number } {
  return rid !== undefined && /^\d{1,15}$/.test(rid) ? { number: Number(rid) } : {}
}

function contacts(event: Extract<CwaEvent, { readonly event: 'contactGroup' }>): ImEvent[] {
  const names = new Map(event.groups.map(({ id, name }) => [id, name ?? id]))
  const stay = event.contacts.filter(({ action }) => action !== 'deleted')
  const gone = event.contacts.filter(({ action }) => action === 'deleted').map(({ uri }) => short(uri))
  // A change of groups alone: a device has no list of them.
  if (!event.fullList && event.contacts.length === 0) return []
  const list = stay.map(({ uri, name, groups }) => ({
    uri: short(uri),
    name: short(name || uri),
    groups: groups.slice(0, DEVICE_BOUNDS.groups).map((id) => short(names.get(id) ?? id)),
  }))
  const lists = runs(list, DEVICE_BOUNDS.contacts)
  const removals = runs(gone, DEVICE_BOUNDS.contacts)
  // The first part of a whole list stands for all of it, and what follows is added. An empty list is one part, too.
  return Array.from({ length: Math.max(1, lists.length, removals.length) }, (_, part) => ({
    kind: 'contacts',
    whole: event.fullList && part === 0,
    contacts: lists[part] ?? [],
    removed: removals[part] ?? [],
  }))
}

function presence({ uri, categories }: PresenceOfUser): ImEvent[] {
  const availability = stateIn(categories)
  if (availability === undefined) return []
  const cards = categories.flatMap(({ value }) => (value?.type === 'contactCard' ? [value] : []))
  const name = cards.find(({ displayName }) => displayName)?.displayName
  return [{ kind: 'presence', uri: short(uri), availability, ...(name === undefined ? {} : { name: short(name) }) }]
}

/** The state the server made of all of a user's endpoints, before that of one. An empty category is somebody offline. */
function stateIn(categories: readonly CwaCategory[]) {
  const named = categories.filter(({ name }) => name === 'state')
  const states = named.flatMap(({ value }) => (value && 'availability' in value ? [value] : []))
  const best = (['aggregateState', 'userState', 'machineState'] as const)
    .map((type) => states.find((state) => state.type === type))
    .find((state) => state !== undefined)
  if (best) return availabilityOf(best.availability)
  // A category that is there and cannot be read does not mean that the user is offline.
  const isEmpty = named.length > 0 && named.every(({ value }) => value === undefined)
  return isEmpty ? ('offline' as const) : undefined
}
