import type { ConferenceMethod, CwaAnswer, CwaError, ImMessage } from '../../../shared/cwa/model.ts'
import { calleesDialog, callersDialog, within } from '../lcs/dialogs.ts'
import type { Dialog } from '../lcs/dialogs.ts'
import type { SipHeaders, SipRequest, SipResponse } from '../lcs/sip.ts'
import { terminated } from './conference-list.ts'
import type { Conference, ConferenceList, ConferenceParts } from './conference-list.ts'
import { failureOf, invalidOperation, invalidRequest } from './failures.ts'
import { contentType, KEYBOARD_TYPE, keyboardActivity, textFormat } from './im-format.ts'
import { isSipUri } from './sip-uri.ts'

/** How long the ACK of an accepted INVITE may take: 64 times T1 (RFC 3261, 13.3.1.4). */
const ACK_MS = 32_000
/** Longest subject, which travels in a SIP header. */
const SUBJECT_LENGTH = 1000

/** What the session's own client asks for. Answers are synchronous; outcomes come as events. */
export interface ConferenceMethods {
  readonly perform: (method: ConferenceMethod) => CwaAnswer
  readonly terminate: (conference: Conference) => void
}

export function conferenceMethods({ clock, endpoint, add }: ConferenceParts, list: ConferenceList): ConferenceMethods {
  function sayBye({ dialog }: Conference): void {
    if (dialog !== undefined) void endpoint.ask(within(dialog, 'BYE'))
  }

  function initiate(method: ConferenceMethod & { readonly method: 'initiateImSession' }): CwaAnswer {
    const { rid, uris, message, subject } = method
    const [peer = ''] = uris
    if (uris.length > 1) return failed(rid, invalidOperation('This server has no conferences of several people'))
    if (!isSipUri(peer)) return failed(rid, invalidRequest('uris has to hold the SIP URI of one user'))
    if (message.content === '') return failed(rid, invalidRequest('The first message has no content'))
    if ((subject?.length ?? 0) > SUBJECT_LENGTH) return failed(rid, invalidRequest('The subject is too long'))

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
    if (conference.state === 'ended') return sayBye(conference)
    conference.state = 'connected'
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
      sayBye(conference)
      if (list.close(conference)) add(terminated(conference))
    })
    return undefined
  }

  async function send(conference: Conference, dialog: Dialog, rid: string, message: ImMessage): Promise<void> {
    const { confId } = conference
    const messageId = String(++conference.messages)
    const headers: SipHeaders = [['Content-Type', contentType(message)]]
    const { status } = await endpoint.ask(within(dialog, 'MESSAGE', { headers, body: message.content }))
    if (status < 300) return add({ event: 'messageIdReceived', confId, rid, messageId })
    add({ event: 'messageSendFailed', confId, rid, messageId })
    // RFC 3261, 12.2.1.2: these two say that the other end is gone.
    if ((status === 481 || status === 408) && list.close(conference)) add(terminated(conference))
  }

  function terminate(conference: Conference): void {
    const { state, call, invite } = conference
    if (!list.close(conference)) return
    if (state === 'inviting') call?.cancel()
    else if (state === 'incoming') invite?.respond(603, 'Decline')
    else sayBye(conference)
    add(terminated(conference))
  }

  function inConversation(conference: Conference, method: InConversation): CwaAnswer {
    const { rid } = method
    const { dialog } = conference
    if (conference.state !== 'connected' || dialog === undefined) {
      return failed(rid, invalidOperation('The conversation is not connected'))
    }
    if (method.method === 'sendMessage') void send(conference, dialog, rid, method.message)
    else {
      const headers: SipHeaders = [['Content-Type', KEYBOARD_TYPE]]
      void endpoint.ask(within(dialog, 'INFO', { headers, body: keyboardActivity(method.state) }))
    }
    return accepted(rid)
  }

  function perform(method: ConferenceMethod): CwaAnswer {
    const { rid } = method
    if (method.method === 'initiateImSession') return initiate(method)
    if (!isOffered(method)) return invalid(rid, `${method.method} is not offered`)
    if (method.method === 'sendMessage' && method.message.content === '')
      return invalid(rid, 'The message has no content')
    const conference = list.find(method.confId)
    if (conference === undefined) return failed(rid, invalidOperation(`There is no conversation ${method.confId}`))
    if (isMessage(method)) return inConversation(conference, method)
    if (method.method === 'terminateImSession') {
      terminate(conference)
      return accepted(rid)
    }
    const error = accept(conference)
    return error === undefined ? accepted(rid) : failed(rid, error)
  }

  return { perform, terminate }
}

const failed = (rid: string, error: CwaError): CwaAnswer => ({ answer: 'requestFailed', rid, error })
const accepted = (rid: string): CwaAnswer => ({ answer: 'requestAccepted', rid })
const invalid = (rid: string, reason: string): CwaAnswer => ({
  answer: 'requestInvalid',
  rid,
  error: invalidRequest(reason),
})

/** What a conversation of two knows; the rest belongs to conferences of several. */
type Method<Name> = Extract<ConferenceMethod, { readonly method: Name }>
type InConversation = Method<'sendMessage'> | Method<'notifyComposing'>
type Plain = Extract<ConferenceMethod, { readonly method: 'acceptImSession' | 'terminateImSession' }>

const OFFERED = new Set(['acceptImSession', 'terminateImSession', 'sendMessage', 'notifyComposing'])
const isOffered = (method: ConferenceMethod): method is InConversation | Plain => OFFERED.has(method.method)
const isMessage = (method: InConversation | Plain): method is InConversation =>
  method.method === 'sendMessage' || method.method === 'notifyComposing'
