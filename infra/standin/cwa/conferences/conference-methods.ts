import type { ConferenceMethod, CwaAnswer, CwaError } from '../../../../shared/cwa/model.ts'
import { calleesDialog } from '../../lcs/sip/dialogs.ts'
import { isFocusUri } from '../../lcs/conferences/room.ts'
import { accepted, failed, invalid } from '../http/answers.ts'
import { call } from './calling.ts'
import type { CallingParts } from './calling.ts'
import { terminated } from './conference-list.ts'
import type { Conference, ConferenceParts } from './conference-list.ts'
import { invalidOperation, invalidRequest } from '../http/failures.ts'
import type { GroupMethods } from './group-methods.ts'
import { isSipUri } from '../sip-uri.ts'
import type { Talk } from './talk.ts'

/** How long the ACK of an accepted INVITE may take: 64 times T1 (RFC 3261, 13.3.1.4). */
const ACK_MS = 32_000
/** Longest subject, which travels in a SIP header. */
const SUBJECT_LENGTH = 1000

/** What the session's own client asks for. Answers are synchronous; outcomes come as events. */
export interface ConferenceMethods {
  readonly perform: (method: ConferenceMethod) => CwaAnswer
  readonly terminate: (conference: Conference) => void
  /** Accepts an invitation. Undefined when that is under way, else why not. */
  readonly accept: (conference: Conference) => CwaError | undefined
}

export interface MethodParts extends CallingParts, Pick<ConferenceParts, 'clock'> {
  readonly group: GroupMethods
}

export function conferenceMethods(parts: MethodParts): ConferenceMethods {
  const { list, talk, group } = parts
  return {
    terminate: (conference) => terminate(parts, conference),
    accept: (conference) => accept(parts, conference),
    perform(method) {
      const { rid } = method
      if (method.method === 'initiateImSession') return initiate(parts, method)
      if (method.method === 'sendMessage' && method.message.content === '')
        return invalid(rid, 'The message has no content')
      const conference = list.find(method.confId)
      if (conference === undefined) return failed(rid, invalidOperation(`There is no conversation ${method.confId}`))
      switch (method.method) {
        case 'sendMessage':
        case 'notifyComposing':
          return inConversation(talk, conference, method)
        case 'acceptImSession': {
          const error = accept(parts, conference)
          return error === undefined ? accepted(rid) : failed(rid, error)
        }
        case 'terminateImSession':
          terminate(parts, conference)
          return accepted(rid)
        case 'inviteParticipants': {
          const uris = [...new Set(method.uris.map((uri) => uri.toLowerCase()))]
          if (uris.length === 0 || !uris.every(isSipUri)) return invalid(rid, 'uris holds one SIP URI or more')
          return group.invite(conference, { ...method, uris })
        }
        case 'ejectParticipant':
        case 'promoteParticipant':
          return group.lead(conference, method)
        default:
          return method satisfies never
      }
    },
  }
}

type Method<Name> = Extract<ConferenceMethod, { readonly method: Name }>

function initiate(parts: MethodParts, method: Method<'initiateImSession'>): CwaAnswer {
  const { rid, uris, message, subject } = method
  const [peer = ''] = uris
  if (!uris.every(isSipUri) || peer === '') return failed(rid, invalidRequest('uris holds one SIP URI or more'))
  if (message.content === '') return failed(rid, invalidRequest('The first message has no content'))
  if ((subject?.length ?? 0) > SUBJECT_LENGTH) return failed(rid, invalidRequest('The subject is too long'))
  if (uris.length > 1) return parts.group.begin(method)
  return isFocusUri(peer) ? parts.group.comeBack(method) : call(parts, method, peer)
}

function accept({ clock, endpoint, add, list, talk }: MethodParts, conference: Conference): CwaError | undefined {
  const { invite } = conference
  if (conference.state !== 'incoming' || invite === undefined) {
    return invalidOperation('The conversation is not waiting to be accepted')
  }
  conference.state = 'accepting'
  conference.dialog = calleesDialog(invite.request, invite.localTo)
  const routes = invite.request.headers.filter(([name]) => name === 'Record-Route')
  invite.respond(200, 'OK', { headers: [...routes, ['Contact', `<${endpoint.contact}>`]] })
  conference.stopTimer = clock.after(ACK_MS, () => {
    talk.sayBye(conference)
    if (list.close(conference)) add(terminated(conference))
  })
  return undefined
}

function terminate({ add, list, talk }: MethodParts, conference: Conference): void {
  const { state, call, invite } = conference
  if (!list.close(conference)) return
  call?.cancel()
  if (state === 'incoming') invite?.respond(603, 'Decline')
  else talk.sayBye(conference)
  add(terminated(conference))
}

function inConversation(
  talk: Talk,
  conference: Conference,
  method: Method<'sendMessage'> | Method<'notifyComposing'>,
): CwaAnswer {
  const { rid } = method
  if (conference.state !== 'connected') return failed(rid, invalidOperation('The conversation is not connected'))
  if (conference.mode === 'escalating') {
    return failed(rid, invalidOperation('No message passes while the conversation is escalating'))
  }
  if (method.method === 'sendMessage') void talk.send(conference, rid, method.message)
  else talk.type(conference, method.state)
  return accepted(rid)
}
