import { CwaFault } from '../faults.ts'
import type { ConferenceMethod, ContactArguments, OtherMethod, SessionMethod } from '../model.ts'
import { sipUri } from '../uri.ts'
import type { Element } from './xml-element.ts'
import {
  attribute,
  bool,
  childOf,
  childrenOf,
  field,
  integer,
  must,
  oneOf,
  present,
  unreadable,
} from './xml-element.ts'
import { parseMessage, parseUris } from './xml-message.ts'
import { parseCategory } from './xml-presence.ts'

/** Whole text of a child element. Passwords, names and messages keep their blanks. */
const text = (element: Element, name: string): string | undefined => childOf(element, name)?.text
const needed = (element: Element, name: string): string => must(field(element, name), element, name)
const inner = (element: Element, name: string): Element => must(childOf(element, name), element, name)

/**
 * A method outside a conference. Like CWA, this looks at the first `contact` or `group` only (bb969566). One of another
 * name is kept by it, and so is one that is not as it should be but has a `rid` by which it can be refused.
 */
export function sessionMethod(element: Element): SessionMethod | OtherMethod {
  const { name } = element
  const read = Object.hasOwn(SESSION, name) ? SESSION[name] : undefined
  const rid = attribute(element, 'rid')
  if (!read) return present({ method: 'other' as const, name, rid })
  return orOther(element, () => read(element, name === 'logon' ? '' : needed(element, 'rid')), { name, rid })
}

function orOther<T>({ place, unread }: Element, read: () => T, { name, rid, confId }: Kept): T | OtherMethod {
  const unreadBefore = unread.said().unread?.parts
  try {
    const value = read()
    // What is left out of an event is a method's fault.
    if (unread.said().unread?.parts !== unreadBefore) throw unreadable(place, 'readable in every part')
    return value
  } catch (thrown) {
    if (!(thrown instanceof CwaFault) || rid === undefined) throw thrown
    return present({ method: 'other' as const, name, rid, confId })
  }
}

interface Kept {
  readonly name: string
  readonly rid: string | undefined
  readonly confId?: number
}

const contact = (element: Element): ContactArguments => {
  const first = inner(element, 'contact')
  return {
    uri: sipUri(needed(first, 'uri')),
    name: needed(first, 'name'),
    subscribed: must(bool(attribute(first, 'subscribed'), first, 'subscribed'), first, 'subscribed'),
    tag: must(bool(attribute(first, 'tag'), first, 'tag'), first, 'tag'),
    groups: needed(first, 'groups').split(/\s+/).filter(Boolean),
  }
}

const presenceOf =
  <M extends 'queryPresence' | 'subscribePresence'>(method: M) =>
  (element: Element, rid: string) => ({ method, rid, uris: parseUris(element) })

const SESSION: Readonly<Record<string, (element: Element, rid: string) => SessionMethod>> = {
  logon: (element) =>
    present({
      method: 'logon' as const,
      user: text(element, 'user'),
      password: text(element, 'password'),
      uri: text(element, 'uri'),
    }),
  initiateSession,
  terminateSession: (_, rid) => ({ method: 'terminateSession', rid }),
  addContact: (element, rid) => ({ method: 'addContact', rid, contact: contact(element) }),
  updateContact: (element, rid) => ({ method: 'updateContact', rid, contact: contact(element) }),
  deleteContact: (element, rid) => ({ method: 'deleteContact', rid, uri: sipUri(needed(element, 'uri')) }),
  addGroup(element, rid) {
    const group = inner(element, 'group')
    const externalUri = attribute(group, 'externalUri')
    return present({ method: 'addGroup' as const, rid, name: needed(group, 'name'), externalUri })
  },
  updateGroup(element, rid) {
    const group = inner(element, 'group')
    return { method: 'updateGroup', rid, id: needed(group, 'id'), name: needed(group, 'name') }
  },
  deleteGroup: (element, rid) => ({ method: 'deleteGroup', rid, id: needed(inner(element, 'group'), 'id') }),
  publishSelfPresence(element, rid) {
    const categories = childrenOf(element, 'cwaCategory').map(parseCategory)
    return { method: 'publishSelfPresence', rid, categories }
  },
  queryPresence: presenceOf('queryPresence'),
  subscribePresence: presenceOf('subscribePresence'),
  updateContainer,
  search: (element, rid) => {
    const combination = text(element, 'function')
    return present({
      method: 'search' as const,
      rid,
      firstName: text(element, 'firstName'),
      lastName: text(element, 'lastName'),
      displayName: text(element, 'displayName'),
      emailAlias: text(element, 'emailAlias'),
      function: combination === undefined ? undefined : oneOf(['and', 'or'] as const, combination, element, 'function'),
    })
  },
}

function initiateSession(element: Element, rid: string): SessionMethod {
  const options = childOf(element, 'options')
  const option = (name: string) => options && bool(attribute(options, name), options, name)
  const number = (name: string) => integer(text(element, name), element, name)
  const mode = text(element, 'securityMode')
  return present({
    method: 'initiateSession' as const,
    rid,
    localeId: number('localeId'),
    securityMode: mode === undefined ? undefined : oneOf(['public', 'private'] as const, mode, element, 'securityMode'),
    userStateAvailability: number('userStateAvailability'),
    autoPublishMachineState: option('autoPublishMachineState'),
    autoSubscribePresenceForContacts: option('autoSubscribePresenceForContacts'),
    debug: option('debug'),
    signInData: text(element, 'signInData'),
  })
}

function updateContainer(element: Element, rid: string): SessionMethod {
  const container = inner(element, 'container')
  const members = container.children.map((member) => {
    const action = oneOf(['addMember', 'deleteMember'] as const, member.name, container, 'member')
    return {
      action: action === 'addMember' ? ('add' as const) : ('delete' as const),
      type: needed(member, 'type'),
      value: needed(member, 'value'),
    }
  })
  const id = must(integer(attribute(container, 'id'), container, 'id'), container, 'id')
  return { method: 'updateContainer', rid, id, members }
}

/** `<conference rid confId>` with its one method. */
export function conferenceMethod(conference: Element): ConferenceMethod | OtherMethod {
  const [method, ...more] = conference.children
  if (!method || more.length > 0) throw unreadable(conference.place, 'a conference with one method')
  const rid = attribute(conference, 'rid') ?? needed(method, 'rid')
  const confId = must(integer(attribute(conference, 'confId'), conference, 'confId'), conference, 'confId')
  return orOther(method, () => inConference(conference, method, { rid, confId }), { name: method.name, rid, confId })
}

function inConference(
  conference: Element,
  method: Element,
  { rid, confId }: { readonly rid: string; readonly confId: number },
): ConferenceMethod {
  const uris = () => parseUris(method)
  switch (method.name) {
    case 'initiateImSession': {
      const message = parseMessage(inner(method, 'message'))
      return present({ method: method.name, rid, confId, uris: uris(), message, subject: text(method, 'subject') })
    }
    case 'acceptImSession':
    case 'terminateImSession':
      return { method: method.name, rid, confId }
    case 'sendMessage':
      return { method: method.name, rid, confId, message: parseMessage(method) }
    case 'notifyComposing': {
      const state = oneOf(['composing', 'idle'] as const, method.text, conference, method.name)
      return { method: method.name, rid, confId, state }
    }
    case 'inviteParticipants':
      return { method: method.name, rid, confId, uris: uris() }
    case 'ejectParticipant':
    case 'promoteParticipant':
      return { method: method.name, rid, confId, uri: sipUri(method.text) }
    default:
      throw unreadable(method.place, 'a method of a conference')
  }
}
