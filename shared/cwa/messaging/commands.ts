import type { AccessLevel, Command, Conversation, Role, Uri } from '../../rules/messaging.ts'
import { carried } from '../../upstream/characters.ts'
import { NotPossible } from '../../upstream/not-possible.ts'
import { availabilityNumber } from '../availability.ts'
import { CONTAINERS } from './access.ts'
import type { CwaAnswer, CwaCategory, CwaMethod, ImMessage } from '../model.ts'

/** What devices ask for, in CWA's words. Pure. */

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
  if ('conversation' in command) return [inConversation(command, rid)]
  switch (command.kind) {
    case 'start': {
      const subject = command.subject === undefined ? {} : { subject: carried(command.subject) }
      const message = plain(command.text)
      return [{ method: 'initiateImSession', rid, confId: number, uris: command.to.map(sipUri), message, ...subject }]
    }
    case 'presence': {
      const availability = availabilityNumber(command.availability)
      const value = { type: 'userState', availability, manual: true } as const
      const categories = [{ name: 'state', instance: USER_STATE_INSTANCE, value }]
      return [{ method: 'publishSelfPresence', rid, categories }]
    }
    case 'note':
      return [{ method: 'publishSelfPresence', rid, categories: [note(carried(command.note))] }]
    case 'add-contact':
      return [{ method: 'addContact', rid, contact: contactOf(command) }]
    case 'update-contact':
      return [{ method: 'updateContact', rid, contact: contactOf(command) }]
    case 'delete-contact':
      return [{ method: 'deleteContact', rid, uri: sipUri(command.uri) }]
    case 'access':
      return access(command, rid)
    case 'add-group':
      return [{ method: 'addGroup', rid, name: groupName(command.name) }]
    case 'rename-group':
      return [{ method: 'updateGroup', rid, id: command.group, name: groupName(command.name) }]
    case 'delete-group':
      return [{ method: 'deleteGroup', rid, id: command.group }]
    case 'search':
      return [search(carried(command.text), rid)]
    default:
      return command satisfies never
  }
}

function inConversation(command: Extract<Command, { readonly conversation: Conversation }>, rid: string): CwaMethod {
  const { kind } = command
  const head = { rid, confId: confIdOf(command.conversation) }
  switch (kind) {
    case 'accept':
      return { method: 'acceptImSession', ...head }
    case 'message':
      return { method: 'sendMessage', ...head, message: plain(command.text) }
    case 'typing':
      return { method: 'notifyComposing', ...head, state: command.typing ? 'composing' : 'idle' }
    case 'leave':
      return { method: 'terminateImSession', ...head }
    case 'invite':
      // Of two, this makes a conference of them first (bb969503).
      return { method: 'inviteParticipants', ...head, uris: command.to.map(sipUri) }
    case 'eject':
      return { method: 'ejectParticipant', ...head, uri: sipUri(command.uri) }
    case 'role':
      return { method: 'promoteParticipant', ...head, uri: promoted(command) }
    case 'join':
    case 'edit':
    case 'delete':
    case 'read':
    case 'history':
    default:
      // The service refuses what needs a capability that upstream.ts does not name.
      throw new NotPossible(`this server does not do "${kind}"`)
  }
}

/** A presenter may eject, invite and promote; an attendee may none of that, and no method makes one of a presenter (bb969578). */
function promoted({ uri, role }: { readonly uri: Uri; readonly role: Role }): string {
  if (role === 'admin') return sipUri(uri)
  throw new NotPossible('this server makes a member an admin, and has no other change of a role')
}

/** Attributes that are left empty make the request fail (bb969566), and those that are left out fall back (bb969646). */
function contactOf({ uri, name, groups = [] }: Extract<Command, { kind: 'add-contact' | 'update-contact' }>) {
  return { uri: sipUri(uri), name: carried(name) || uri, subscribed: true, tag: false, groups }
}

/** Each container has a request of its own (bb969576). Who is moved is in the new one first, and at no moment in none. */
function access({ uri, level, was }: Extract<Command, { kind: 'access' }>, rid: string): CwaMethod[] {
  const change = (of: AccessLevel, action: 'add' | 'delete', own: string): CwaMethod => {
    const members = [{ action, type: 'uri', value: sipUri(uri) }]
    return { method: 'updateContainer', rid: own, id: CONTAINERS[of], members }
  }
  const isMoved = was !== undefined && was !== level
  // The device hears of one outcome: what the second one comes to, the event about the container says.
  const put = level === undefined ? [] : [change(level, 'add', rid)]
  const taken = isMoved ? [change(was, 'delete', level === undefined ? rid : `${rid}-was`)] : []
  if (put.length + taken.length > 0) return [...put, ...taken]
  throw new NotPossible('there is no level to put this person into, or to take this person out of')
}

function groupName(name: string): string {
  const words = carried(name)
  // The server's own default group has this name, and there is one of it (bb969620).
  if (words.trim() !== '' && words !== '~') return words
  throw new NotPossible('a group needs a name that can be read, other than "~"')
}

/** It stays until it is taken back, which a category without content does (dd941572; MS-PRES: `expires` 0). */
function note(text: string): CwaCategory {
  if (text.trim() === '') return { name: 'note', instance: 0, expires: 0 }
  return { name: 'note', instance: 0, expires: -1, value: { type: 'note', noteType: 'personal', text } }
}

/** One text is looked for as a name, and as the alias of an address: any of them may match (bb969630, bb969473). */
function search(text: string, rid: string): CwaMethod {
  if (text.trim() === '') throw new NotPossible('there is nothing in it that this server could look for')
  return {
    method: 'search',
    rid,
    firstName: text,
    lastName: text,
    displayName: text,
    emailAlias: text,
    function: 'or',
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
