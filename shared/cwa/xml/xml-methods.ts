import type { ConferenceMethod, CwaMethod, OtherMethod, SessionMethod } from '../model.ts'
import type { Printable } from './xml-element.ts'
import { tag, textTag } from './xml-element.ts'
import { printMessage, printUris } from './xml-message.ts'
import { printCategory } from './xml-presence.ts'

type Of<T, M> = Extract<T, { readonly method: M }>

export function printMethod(method: CwaMethod): Printable {
  if (method.method === 'other') return printOther(method)
  return 'confId' in method
    ? tag('conference', { rid: method.rid, confId: method.confId }, printInConference(method))
    : printInSession(method)
}

function printOther({ name, rid, confId }: OtherMethod): Printable {
  return confId === undefined ? tag(name, { rid }) : tag('conference', { rid, confId }, tag(name))
}

function printInConference(method: ConferenceMethod): Printable {
  switch (method.method) {
    case 'initiateImSession': {
      const message = tag('message', {}, ...printMessage(method.message))
      return tag(method.method, {}, printUris(method.uris), message, textTag('subject', method.subject))
    }
    case 'acceptImSession':
    case 'terminateImSession':
      return tag(method.method)
    case 'sendMessage':
      return tag(method.method, {}, ...printMessage(method.message))
    case 'notifyComposing':
      return tag(method.method, {}, method.state)
    case 'inviteParticipants':
      return tag(method.method, {}, printUris(method.uris))
    case 'ejectParticipant':
    case 'promoteParticipant':
    default:
      return tag(method.method, {}, method.uri)
  }
}

function printInSession(method: SessionMethod): Printable {
  const name = method.method
  switch (name) {
    case 'logon': {
      const { user, password, uri } = method
      return tag(name, {}, textTag('user', user), textTag('password', password), textTag('uri', uri))
    }
    case 'initiateSession':
      return printInitiateSession(method)
    case 'terminateSession':
      return tag(name, { rid: method.rid })
    case 'addContact':
    case 'updateContact': {
      const { contact, rid } = method
      return tag(name, { rid }, tag('contact', { ...contact, groups: contact.groups.join(' ') }))
    }
    case 'deleteContact':
      return tag(name, { rid: method.rid }, textTag('uri', method.uri))
    case 'addGroup':
      return tag(name, { rid: method.rid }, tag('group', { name: method.name, externalUri: method.externalUri }))
    case 'updateGroup':
      return tag(name, { rid: method.rid }, tag('group', { id: method.id, name: method.name }))
    case 'deleteGroup':
      return tag(name, { rid: method.rid }, tag('group', { id: method.id }))
    case 'publishSelfPresence': {
      const categories = method.categories.map((category) => printCategory(category, 'instanceMask'))
      return tag(name, { rid: method.rid }, ...categories)
    }
    case 'queryPresence':
    case 'subscribePresence':
      return tag(name, { rid: method.rid }, printUris(method.uris))
    case 'updateContainer': {
      const members = method.members.map(({ action, type, value }) => tag(`${action}Member`, { type, value }))
      return tag(name, { rid: method.rid }, tag('container', { id: method.id }, ...members))
    }
    case 'search':
    default:
      return printSearch(method)
  }
}

function printInitiateSession(method: Of<SessionMethod, 'initiateSession'>): Printable {
  const { autoPublishMachineState, autoSubscribePresenceForContacts, debug } = method
  const options = tag('options', { autoPublishMachineState, autoSubscribePresenceForContacts, debug })
  return tag(
    'initiateSession',
    { rid: method.rid },
    textTag('localeId', method.localeId),
    textTag('securityMode', method.securityMode),
    textTag('userStateAvailability', method.userStateAvailability),
    options.attributes.length > 0 ? options : undefined,
    textTag('signInData', method.signInData),
  )
}

function printSearch(method: Of<SessionMethod, 'search'>): Printable {
  return tag(
    'search',
    { rid: method.rid },
    textTag('firstName', method.firstName),
    textTag('lastName', method.lastName),
    textTag('displayName', method.displayName),
    textTag('emailAlias', method.emailAlias),
    textTag('function', method.function),
  )
}
