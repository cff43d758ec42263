import type { ConferenceEvent, ImSessionState } from '../model.ts'
import { sipUri } from '../uri.ts'
import type { Element, Printable } from './xml-element.ts'
import { attribute, childOf, field, integer, must, oneOf, present, tag, textTag } from './xml-element.ts'
import { orNothing } from './xml-lenient.ts'
import { messageIn, printMessage } from './xml-message.ts'

type Of<E> = Extract<ConferenceEvent, { readonly event: E }>
/** What a reader of one child gives: its event without what the conference around it says. */
type Inner = ConferenceEvent extends infer E ? (E extends ConferenceEvent ? Omit<E, 'eid' | 'confId'> : never) : never

const STATES: readonly ImSessionState[] = ['incoming', 'connecting', 'connected', 'terminated']
const COMPOSING = ['composing', 'idle'] as const

/** `<conference eid confId>` with its one child (bb969661). */
export function printConference(event: ConferenceEvent): Printable {
  return tag('conference', { eid: event.eid, confId: event.confId }, printChild(event))
}

function printChild(event: ConferenceEvent): Printable {
  switch (event.event) {
    case 'imSessionReceived':
      return printReceived(event)
    case 'imSessionState':
      return tag(event.event, {}, event.state)
    case 'messageReceived':
      return tag(event.event, { sender: event.sender }, tag('message', {}, ...printMessage(event.message)))
    case 'messageIdReceived':
    case 'messageSendFailed':
      return tag(event.event, { rid: event.rid, messageId: event.messageId })
    case 'composingState':
      return tag(event.event, { sender: event.sender }, event.state)
    case 'escalationMode':
      return tag(event.event, {}, event.mode)
    case 'role':
      return tag(event.event, {}, event.role)
    case 'participant':
    case 'inviteFailed':
      return tag(event.event, { uri: event.uri })
    case 'participantRemoved':
    case 'confUri':
      return tag(event.event, {}, event.uri)
    case 'initiateImSessionAccepted':
      return tag(event.event, { rid: event.rid, confId: event.confId })
    case 'locked':
    default:
      return tag(event.event)
  }
}

function printReceived(event: Of<'imSessionReceived'>): Printable {
  const { inviter, role, escalationMode, subject, message } = event
  return tag(
    event.event,
    {},
    tag('inviter', { ...inviter }),
    textTag('role', role),
    textTag('escalationMode', escalationMode),
    textTag('subject', subject),
    message && tag('message', {}, ...printMessage(message)),
  )
}

/** @returns undefined for a child whose shape no source gives */
export function parseConference(conference: Element, eid: number): ConferenceEvent | undefined {
  const child = conference.children[0]
  const read = child && Object.hasOwn(CHILDREN, child.name) ? CHILDREN[child.name] : undefined
  if (!child || !read) return undefined
  const confId = must(integer(attribute(conference, 'confId'), conference, 'confId'), conference, 'confId')
  return { ...read(child, attribute(conference, 'rid')), eid, confId }
}

const uriOf = (element: Element): string => sipUri(attribute(element, 'uri') ?? element.text)
const removed = (event: 'participantRemoved' | 'inviteFailed' | 'confUri') => (element: Element) => ({
  event,
  uri: must(uriOf(element) || undefined, element, 'uri'),
})
const report = (event: 'messageIdReceived' | 'messageSendFailed') => (element: Element, rid?: string) =>
  present({
    event,
    rid: attribute(element, 'rid') ?? rid,
    // Which send it is about, its rid says; the server's own name of the message says nothing to a device.
    messageId: orNothing(element, () => must(field(element, 'messageId'), element, 'messageId')) ?? '',
  })

const CHILDREN: Readonly<Record<string, (element: Element, rid?: string) => Inner>> = {
  imSessionReceived: parseReceived,
  imSessionState: (element) => ({ event: 'imSessionState', state: oneOf(STATES, element.text, element, 'text') }),
  messageReceived(element) {
    const sender = sipUri(must(attribute(element, 'sender'), element, 'sender'))
    return { event: 'messageReceived', sender, message: messageIn(childOf(element, 'message') ?? element) }
  },
  messageIdReceived: report('messageIdReceived'),
  messageSendFailed: report('messageSendFailed'),
  composingState(element) {
    const sender = attribute(element, 'sender')
    const state = oneOf(COMPOSING, element.text, element, 'text')
    return present({ event: 'composingState' as const, state, sender: sender === undefined ? sender : sipUri(sender) })
  },
  escalationMode: (element) => ({ event: 'escalationMode', mode: element.text.trim() }),
  role: (element) => ({ event: 'role', role: element.text.trim() }),
  participant: (element) => present({ event: 'participant' as const, uri: uriOf(element) || undefined }),
  participantRemoved: removed('participantRemoved'),
  inviteFailed: removed('inviteFailed'),
  confUri: removed('confUri'),
  initiateImSessionAccepted: (element, rid) =>
    present({ event: 'initiateImSessionAccepted' as const, rid: attribute(element, 'rid') ?? rid }),
  locked: () => ({ event: 'locked' }),
}

function parseReceived(element: Element): Inner {
  const inviter = must(childOf(element, 'inviter'), element, 'inviter')
  const message = childOf(element, 'message')
  return present({
    event: 'imSessionReceived' as const,
    inviter: present({
      uri: sipUri(must(attribute(inviter, 'uri'), inviter, 'uri')),
      name: attribute(inviter, 'name'),
      sourceNetwork: attribute(inviter, 'sourceNetwork'),
    }),
    role: childOf(element, 'role')?.text.trim(),
    escalationMode: childOf(element, 'escalationMode')?.text.trim(),
    subject: childOf(element, 'subject')?.text,
    message: message && messageIn(message),
  })
}
