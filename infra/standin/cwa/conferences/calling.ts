import type { ConferenceMethod, CwaAnswer } from '../../../../shared/cwa/model.ts'
import { callersDialog, within } from '../../lcs/sip/dialogs.ts'
import type { SipHeaders, SipRequest, SipResponse } from '../../lcs/sip/sip.ts'
import { failureOf } from '../http/failures.ts'
import { terminated } from './conference-list.ts'
import type { Conference, ConferenceList, ConferenceParts } from './conference-list.ts'
import { textFormat } from './im-format.ts'
import type { Talk } from './talk.ts'

export interface CallingParts extends Pick<ConferenceParts, 'endpoint' | 'add'> {
  readonly list: ConferenceList
  readonly talk: Talk
}

/** Begins a conversation of two: an INVITE, whose answer comes as events. */
export function call(
  parts: CallingParts,
  { rid, message, subject, ...method }: Extract<ConferenceMethod, { readonly method: 'initiateImSession' }>,
  peer: string,
): CwaAnswer {
  const { endpoint, add, list } = parts
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
    if (status === 180 && conference.state === 'inviting') add({ event: 'imSessionState', confId, state: 'connecting' })
  })
  void conference.call.response.then((response) => answered(parts, conference, rid, request, response))
  return { answer: 'initiateImSessionAccepted', rid, confId }
}

function answered(
  { endpoint, add, list, talk }: CallingParts,
  conference: Conference,
  rid: string,
  request: SipRequest,
  response: SipResponse,
): void {
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
