import { parseAddress } from '../lcs/address.ts'
import { keyOf, keyOfRequest, receivedWithin } from '../lcs/dialogs.ts'
import type { Incoming } from '../lcs/incoming.ts'
import { header, SipError } from '../lcs/sip.ts'
import { terminated } from './conference-list.ts'
import type { Conference, ConferenceList, ConferenceParts } from './conference-list.ts'
import { unsupported } from './endpoint.ts'
import { KEYBOARD_TYPE, readKeyboardActivity, readMessage } from './im-format.ts'

/** What the other side of a conversation does, as it arrives from the LCS. */
export interface ConferenceRequests {
  readonly receiveInvite: (incoming: Incoming) => void
  readonly receiveWithin: (incoming: Incoming) => void
}

export function conferenceRequests({ add }: Pick<ConferenceParts, 'add'>, list: ConferenceList): ConferenceRequests {
  function receiveInvite(incoming: Incoming): void {
    const { request, respond } = incoming
    const { uri, display } = parseAddress(header(request, 'From') ?? '')
    const conference = list.open(0, uri, 'incoming')
    const { confId } = conference
    conference.invite = incoming
    const refuse = incoming.onCancel
    incoming.onCancel = () => {
      if (conference.state !== 'incoming') return
      refuse()
      if (list.close(conference)) add(terminated(conference))
    }
    respond(180, 'Ringing')
    const subject = header(request, 'Subject')
    const format = header(request, 'Ms-Text-Format')
    add(
      {
        event: 'imSessionReceived',
        confId,
        inviter: { uri, sourceNetwork: 'sameEnterprise', ...(display === undefined ? {} : { name: display }) },
        escalationMode: 'invitingPeer',
        ...(subject === undefined ? {} : { subject }),
        ...(format === undefined ? {} : { message: readMessage(format) }),
      },
      { event: 'imSessionState', confId, state: 'incoming' },
    )
  }

  function acknowledged(conference: Conference): void {
    const { confId } = conference
    if (conference.state !== 'accepting') return
    conference.stopTimer()
    conference.state = 'connected'
    add({ event: 'escalationMode', confId, mode: 'peer' }, { event: 'imSessionState', confId, state: 'connected' })
  }

  function receiveWithin(incoming: Incoming): void {
    const { request, respond } = incoming
    const key = keyOfRequest(request)
    const conference = list.all().find(({ dialog }) => dialog !== undefined && keyOf(dialog) === key)
    if (conference?.dialog === undefined) {
      if (request.method === 'ACK') return
      throw new SipError(481, 'Call Leg/Transaction Does Not Exist')
    }
    receivedWithin(conference.dialog, request)
    const { confId, peer } = conference
    if (request.method === 'ACK') return acknowledged(conference)
    if (request.method === 'MESSAGE') {
      const type = header(request, 'Content-Type') ?? ''
      if (!/^text\/plain\b/i.test(type)) return unsupported(incoming, 'text/plain')
      respond(200, 'OK')
      return add({ event: 'messageReceived', confId, sender: peer, message: readMessage(type, request.body) })
    }
    if (request.method === 'INFO') {
      const state = readKeyboardActivity(request.body)
      if (state === undefined) return unsupported(incoming, KEYBOARD_TYPE)
      respond(200, 'OK')
      return add({ event: 'composingState', confId, state, sender: peer })
    }
    if (request.method !== 'BYE') throw new SipError(405, 'Method Not Allowed')
    respond(200, 'OK')
    if (list.close(conference)) add({ event: 'participantRemoved', confId, uri: peer }, terminated(conference))
  }

  return { receiveInvite, receiveWithin }
}
