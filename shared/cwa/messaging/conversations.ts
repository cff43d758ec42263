import type { Conversation, ImEvent, Uri } from '../../rules/messaging.ts'
import type { CwaEvent } from '../model.ts'
import { numbered, short, textOf } from './words.ts'

/** What an event is read against. */
export interface Seen {
  /** The user's own URI: CWA says "you are a presenter now" without a name. */
  readonly own?: Uri | undefined
  /** The events that came before and after this one, in the same answer. */
  readonly before?: CwaEvent | undefined
  readonly next?: CwaEvent | undefined
}

const STATES = { incoming: 'incoming', connecting: 'connecting', connected: 'connected', terminated: 'ended' } as const

type InConversation = Extract<CwaEvent, { readonly confId: number }>

export function inConversation(event: InConversation, seen: Seen): ImEvent[] {
  const { own } = seen
  const conversation = String(event.confId)
  switch (event.event) {
    case 'imSessionReceived':
      return [invitation(event, conversation)]
    case 'imSessionState':
      return [stateOf(event, seen)]
    case 'initiateImSessionAccepted':
      return [{ kind: 'conversation', conversation, state: 'connecting' }]
    case 'messageReceived': {
      // The formats there are, text/plain and X-MMS-IM-Format, keep fonts outside of the text.
      const isOwn = event.sender.toLowerCase() === own?.toLowerCase()
      const said = { from: short(event.sender), text: textOf(event.message), ...(isOwn && { own: true as const }) }
      return [{ kind: 'message', conversation, ...said }]
    }
    case 'composingState': {
      const from = event.sender === undefined ? {} : { from: short(event.sender) }
      return [{ kind: 'typing', conversation, typing: event.state === 'composing', ...from }]
    }
    case 'escalationMode':
      return escalation(event.mode, conversation, seen)
    case 'role':
      return own === undefined ? [] : members(conversation, own, event.role)
    case 'participant':
      return event.uri === undefined ? [] : members(conversation, event.uri)
    case 'participantRemoved':
      return [{ kind: 'left', conversation, uri: short(event.uri) }]
    case 'messageIdReceived':
      return [{ kind: 'delivered', conversation, ...numbered(event.rid) }]
    case 'messageSendFailed':
      return [{ kind: 'not-delivered', conversation, ...numbered(event.rid), reason: 'it could not be delivered' }]
    case 'confUri':
    case 'inviteFailed':
    case 'locked':
    default:
      return []
  }
}

function invitation(
  event: Extract<InConversation, { event: 'imSessionReceived' }>,
  conversation: Conversation,
): ImEvent {
  const { inviter, subject, message, escalationMode } = event
  return {
    kind: 'invitation',
    conversation,
    from: short(inviter.uri),
    ...(inviter.name !== undefined && { name: short(inviter.name) }),
    ...(subject !== undefined && { subject: short(subject) }),
    ...(message !== undefined && { text: textOf(message) }),
    ...(escalationMode === 'escalated' && { several: true }),
  }
}

/**
 * A conversation of two that becomes one of several, or one that is so from the start (bb969627). It keeps its number.
 *
 *   peer ── invite a third ── escalating (no message passes) ── escalated (it goes on in the conference)
 *                                        ╰─ peer: no one came, the two go on
 */
function escalation(mode: string, conversation: Conversation, { next }: Seen): ImEvent[] {
  if (mode === 'escalating') return [{ kind: 'conversation', conversation, state: 'connecting' }]
  if (mode !== 'escalated' && mode !== 'peer') return []
  // Where it has just begun, the state that follows says so.
  if (next?.event === 'imSessionState' && String(next.confId) === conversation) return []
  return [{ kind: 'conversation', conversation, state: 'connected', ...(mode === 'escalated' && { several: true }) }]
}

function stateOf({ confId, state }: Extract<InConversation, { event: 'imSessionState' }>, { before }: Seen): ImEvent {
  const isOfSeveral = before?.event === 'escalationMode' && before.confId === confId && before.mode === 'escalated'
  const several = isOfSeveral && state === 'connected' ? ({ several: true } as const) : {}
  return { kind: 'conversation', conversation: String(confId), state: STATES[state], ...several }
}

function members(conversation: Conversation, uri: Uri, role?: string): ImEvent[] {
  const may = role === undefined ? {} : { role: role === 'presenter' ? ('admin' as const) : ('member' as const) }
  return [{ kind: 'members', conversation, whole: false, members: [{ uri: short(uri), ...may }] }]
}
