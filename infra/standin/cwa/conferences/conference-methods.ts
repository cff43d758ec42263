import type { ConferenceMethod, CwaAnswer, CwaError } from '../../../../shared/cwa/model.ts'
import { calleesDialog, callersDialog, within } from '../../lcs/sip/dialogs.ts'
import { isFocusUri } from '../../lcs/conferences/room.ts'
import type { SipHeaders, SipRequest, SipResponse } from '../../lcs/sip/sip.ts'
import { accepted, failed, invalid } from '../http/answers.ts'
import { terminated } from './conference-list.ts'
import type { Conference, ConferenceList, ConferenceParts } from './conference-list.ts'
import { failureOf, invalidOperation, invalidRequest } from '../http/failures.ts'
import type { GroupMethods } from '../presence/group-methods.ts'
import { textFormat } from './im-format.ts'
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

export function conferenceMethods(
  { clock, endpoint, add }: ConferenceParts,
  list: ConferenceList,
  talk: Talk,
  group: GroupMethods,
): ConferenceMethods {
  function initiate(method: ConferenceMethod & { readonly method: 'initiateImSession' }): CwaAnswer {
    const { rid, uris, message, subject } = method
    const [peer = ''] = uris
    if (!uris.every(isSipUri) || peer === '') return failed(rid, invalidRequest('uris holds one SIP URI or more'))
    if (message.content === '') return failed(rid, invalidRequest('The first message has no content'))
    if ((subject?.length ?? 0) > SUBJECT_LENGTH) return failed(rid, invalidRequest('The subject is too long'))
    if (uris.length > 1) return group.begin(method)
    return isFocusUri(peer) ? group.comeBack(method) : call(method, peer)
  }

  function call({ rid, message, subject, ...method }: Method<'initiateImSession'>, peer: string): CwaAnswer {
    const conference = list.open(method.confId, peer.toLowerCase(), 'inviting')
    const { confId } = conference
    add({ event: 'initiateImSessionAccepted', confId, rid }, { event: 'escalationMode', confId, mode: 'invitingPeer' })
    const headers: SipHeaders = [
      ['Contact', `<${endpoint.contact}>`],
      ['Ms-Text-Format', textFormat(message)],
      ...(subject === undefined || subject === '' ? [] : [['Subject', subject.replaceAll(/\p{Cc}+/gu, ' ')] as const]),
    ]
    const request = endpoint.outside('INVITE', peer, { headers })
    conference.call = endpoint.link.request(request, ({ status }) => {
      if (status === 180 && conference.state === 'inviting')
        add({ event: 'imSessionState', confId, state: 'connecting' })
    })
    void conference.call.response.then((response) => answered(conference, rid, request, response))
    return { answer: 'initiateImSessionAccepted', rid, confId }
  }

  function answered(conference: Conference, rid: string, request: SipRequest, response: SipResponse): void {
    const { confId, peer } = conference
    if (response.status >= 300) {
      if (!list.close(conference)) return
      add(
        { event: 'escalationMode', confId, mode: 'none' },
        { event: 'inviteFailed', confId, uri: peer },
        { event: 'requestFailed', rid, error: failureOf(response) },
        terminated(conference),
      )
      return
    }
    conference.dialog = callersDialog(request, response)
    endpoint.link.send(within(conference.dialog, 'ACK'))
    // It was taken back, and accepted at the same moment.
    if (conference.state === 'ended') return talk.sayBye(conference)
    talk.connect(conference)
    add({ event: 'escalationMode', confId, mode: 'peer' }, { event: 'imSessionState', confId, state: 'connected' })
  }

  function accept(conference: Conference): CwaError | undefined {
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

  function terminate(conference: Conference): void {
    const { state, call, invite } = conference
    if (!list.close(conference)) return
    call?.cancel()
    if (state === 'incoming') invite?.respond(603, 'Decline')
    else talk.sayBye(conference)
    add(terminated(conference))
  }

  function inConversation(conference: Conference, method: InConversation): CwaAnswer {
    const { rid } = method
    if (conference.state !== 'connected') return failed(rid, invalidOperation('The conversation is not connected'))
    if (conference.mode === 'escalating') {
      return failed(rid, invalidOperation('No message passes while the conversation is escalating'))
    }
    if (method.method === 'sendMessage') void talk.send(conference, rid, method.message)
    else talk.type(conference, method.state)
    return accepted(rid)
  }

  function perform(method: ConferenceMethod): CwaAnswer {
    const { rid } = method
    if (method.method === 'initiateImSession') return initiate(method)
    if (method.method === 'sendMessage' && method.message.content === '')
      return invalid(rid, 'The message has no content')
    const conference = list.find(method.confId)
    if (conference === undefined) return failed(rid, invalidOperation(`There is no conversation ${method.confId}`))
    switch (method.method) {
      case 'sendMessage':
      case 'notifyComposing':
        return inConversation(conference, method)
      case 'acceptImSession': {
        const error = accept(conference)
        return error === undefined ? accepted(rid) : failed(rid, error)
      }
      case 'terminateImSession':
        terminate(conference)
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
  }

  return { perform, terminate, accept }
}

type Method<Name> = Extract<ConferenceMethod, { readonly method: Name }>
type InConversation = Method<'sendMessage'> | Method<'notifyComposing'>
