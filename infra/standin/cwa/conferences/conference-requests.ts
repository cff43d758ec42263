import type { ImMessage } from '../../../../shared/cwa/model.ts'
import { parseAddress } from '../../lcs/sip/address.ts'
import { keyOf, keyOfRequest, receivedWithin } from '../../lcs/sip/dialogs.ts'
import type { Incoming } from '../../lcs/incoming.ts'
import { parseFragment, referralIn } from '../../lcs/conferences/refer.ts'
import { header, SipError } from '../../lcs/sip/sip.ts'
import { terminated } from './conference-list.ts'
import type { Conference, ConferenceList, ConferenceParts } from './conference-list.ts'
import { unsupported } from '../endpoint.ts'
import type { GroupMethods } from './group-methods.ts'
import { KEYBOARD_TYPE, readKeyboardActivity, readMessage } from './im-format.ts'
import type { Talk } from './talk.ts'

/** What the other side of a conversation does, as it arrives from the LCS. */
export interface ConferenceRequests {
  readonly receiveInvite: (incoming: Incoming) => Conference
  readonly receiveWithin: (incoming: Incoming) => void
}

export interface RequestParts extends Pick<ConferenceParts, 'endpoint' | 'add'> {
  readonly list: ConferenceList
  readonly talk: Talk
  readonly group: GroupMethods
}

export function conferenceRequests(parts: RequestParts): ConferenceRequests {
  const { list, talk, group } = parts
  return {
    receiveInvite: (incoming) => invited(parts, incoming),
    receiveWithin(incoming) {
      const { request, respond } = incoming
      const { conference, isFocus, dialog } = place(list, keyOfRequest(request))
      if (conference === undefined || dialog === undefined) {
        if (request.method === 'ACK') return
        throw new SipError(481, 'Call Leg/Transaction Does Not Exist')
      }
      receivedWithin(dialog, request)
      // A focus says who speaks; of two it is the other one.
      const asserted = header(request, 'P-Asserted-Identity')
      const sender = isFocus && asserted !== undefined ? parseAddress(asserted).uri : conference.peer
      switch (request.method) {
        case 'ACK':
          return acknowledged(parts, conference)
        case 'MESSAGE': {
          const type = header(request, 'Content-Type') ?? ''
          if (!/^text\/plain\b/i.test(type)) return unsupported(incoming, 'text/plain')
          respond(200, 'OK')
          return talk.hear(conference, sender, readMessage(type, request.body))
        }
        case 'INFO': {
          const state = readKeyboardActivity(request.body)
          if (state === undefined) return unsupported(incoming, KEYBOARD_TYPE)
          respond(200, 'OK')
          return talk.seeTyping(conference, sender, state)
        }
        case 'REFER':
          return group.receiveRefer(conference, incoming)
        case 'NOTIFY':
          return receiveOutcome(conference, incoming)
        case 'BYE':
          respond(200, 'OK')
          return receiveBye(parts, conference, isFocus)
        default:
          throw new SipError(405, 'Method Not Allowed')
      }
    },
  }
}

/** The conversation that has this dialog, and whether the dialog is the one with its focus. */
function place(list: ConferenceList, key: string | undefined) {
  const conference = list.ofDialog(key)
  const { focus } = conference ?? {}
  const isFocus = focus !== undefined && keyOf(focus.dialog) === key
  return { conference, isFocus, dialog: isFocus ? focus.dialog : conference?.dialog }
}

function invited({ list, add }: RequestParts, incoming: Incoming): Conference {
  const { request, respond } = incoming
  const isGroup = parseAddress(header(request, 'Contact') ?? '').params.has('isfocus')
  // The focus calls for somebody, and says for whom (RFC 3892).
  const { uri, display } = parseAddress(header(request, isGroup ? 'Referred-By' : 'From') ?? '')
  const conference = list.open(0, uri, 'incoming')
  if (isGroup) conference.mode = 'escalated'
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
      ...(isGroup ? { role: 'attendee', escalationMode: 'escalated' } : { escalationMode: 'invitingPeer' }),
      ...(subject === undefined ? {} : { subject }),
      ...(format === undefined ? {} : { message: firstMessage(format, isGroup) }),
    },
    { event: 'imSessionState', confId, state: 'incoming' },
  )
  return conference
}

function acknowledged({ add, talk, group }: RequestParts, conference: Conference): void {
  const { confId, dialog, mode } = conference
  if (conference.state !== 'accepting' || dialog === undefined) return
  talk.connect(conference)
  if (mode === 'escalated') {
    conference.dialog = undefined
    group.take(conference, dialog)
  }
  add({ event: 'escalationMode', confId, mode }, { event: 'imSessionState', confId, state: 'connected' })
}

/** BYE: of the dialog of two, which may be over because the conversation goes on in a conference, or of the whole. */
function receiveBye({ endpoint, add, list }: RequestParts, conference: Conference, isFocus: boolean): void {
  const { confId, peer, mode } = conference
  if (!isFocus && mode !== 'peer') {
    conference.dialog = undefined
    return
  }
  const uri = isFocus ? endpoint.uri : peer
  if (list.close(conference)) add({ event: 'participantRemoved', confId, uri }, terminated(conference))
}

/** How a REFER of this side went. */
function receiveOutcome({ referrals }: Conference, { request, respond }: Incoming): void {
  const id = referralIn(header(request, 'Event'))
  const tell = id === undefined ? undefined : referrals.get(id)
  if (id === undefined || tell === undefined) throw new SipError(481, 'Subscription does not exist')
  const outcome = parseFragment(request.body)
  respond(200, 'OK')
  referrals.delete(id)
  tell(outcome)
}

/** Only a conversation of two shows the format of its first message (bb969471). */
function firstMessage(format: string, isGroup: boolean): ImMessage {
  const message = readMessage(format)
  return isGroup ? { content: message.content } : message
}
