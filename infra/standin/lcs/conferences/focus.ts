import type { Clock } from '../../../../shared/clock.ts'
import { addressOfRecord, parseAddress, printAddress } from '../sip/address.ts'
import { CONFERENCE_TYPE } from './conference-info.ts'
import {
  calleesDialog,
  callersDialog,
  keyOfRequest,
  newCallId,
  newTag,
  receivedWithin,
  within,
} from '../sip/dialogs.ts'
import type { Incoming } from '../incoming.ts'
import type { ClientTransaction, SipLink } from '../sip/transactions.ts'
import { participation } from './participation.ts'
import type { Referral } from './refer.ts'
import { seconds } from '../registrar.ts'
import type { Registrar } from '../registrar.ts'
import { FACTORY, isFocusUri, room } from './room.ts'
import type { Participant, Room } from './room.ts'
import { header, listHeader, SipError } from '../sip/sip.ts'
import type { SipHeaders, SipRequest, SipResponse } from '../sip/sip.ts'

/**
 * Conferences as RFC 4579 has them: a focus with a URI, to which every participant has a dialog.
 *
 * - INVITE to the factory makes one, INVITE to the focus enters it; `Contact` says `isfocus`.
 * - REFER within the dialog invites somebody (the focus rings, `Referred-By` says for whom), or sends out with `method=BYE`.
 * - A MESSAGE, or an INFO about typing, goes to all others, with `P-Asserted-Identity` for who said it (RFC 3325).
 * - Who is there is told by the conference event package (RFC 4575); roles change by MS-CONFBAS's modifyUserRoles in an INFO.
 */
export interface FocusServer {
  /** Whether a request is for a conference, and not for a user. */
  readonly isMine: (uri: string) => boolean
  readonly receive: (incoming: Incoming) => void
  /** Takes out everybody who came over a connection that is gone. */
  readonly dropLink: (link: SipLink) => void
}

export interface FocusOptions {
  readonly clock: Clock
  readonly registrar: () => Registrar
  /** Rings at a user's endpoints. */
  readonly call: (callee: string, request: SipRequest) => ClientTransaction
}

/** How long an ACK may take (RFC 3261, 13.3.1.4). */
const ACK_MS = 32_000
/** What an invitation may take over from a Refer-To; anything else could speak in the server's name (RFC 3261, 19.1.5). */
const REFERRED = new Set(['subject', 'ms-text-format'])

export function focusServer({ clock, registrar, call }: FocusOptions): FocusServer {
  const rooms = new Map<string, Room>()

  function found(uri: string): Room {
    const there = rooms.get(uri.toLowerCase())
    if (there === undefined) throw new SipError(404, 'The conference does not exist')
    return there
  }

  function leave(where: Room, participant: Participant): void {
    where.remove(participant)
    if (where.participants.length === 0) rooms.delete(where.uri)
  }

  function sayBye(where: Room, participant: Participant): void {
    void participant.link.request(within(participant.dialog, 'BYE'))
    leave(where, participant)
  }

  function enter(incoming: Incoming): void {
    const { request, link, localTo, respond } = incoming
    const { user } = registrar().senderOf(incoming)
    const isNew = request.uri.toLowerCase() === FACTORY
    const where = isNew ? room({ displayName: registrar().displayName }) : found(request.uri)
    if (where.ejected.has(user)) throw new SipError(403, 'The conference does not take the user back')
    if (isNew) {
      rooms.set(where.uri, where)
      where.setRole(user, 'presenter')
    }
    const dialog = calleesDialog(request, localTo)
    const participant: Participant = { user, dialog, link, isHere: false, stopTimer: () => {} }
    participant.stopTimer = clock.after(ACK_MS, () => sayBye(where, participant))
    where.add(participant)
    respond(200, 'OK', { headers: [contactOf(where)] })
  }

  function subscribe(incoming: Incoming): void {
    const { request, link, localTo, respond } = incoming
    const where = found(request.uri)
    const { user } = registrar().senderOf(incoming)
    if (header(request, 'Event') !== 'conference') throw new SipError(489, 'Bad Event')
    if (!listHeader(request, 'Accept').includes(CONFERENCE_TYPE)) throw new SipError(406, 'Not Acceptable')
    if (!where.participants.some((each) => each.user === user)) throw new SipError(403, 'Only participants are told')
    const key = keyOfRequest(request)
    const known = where.watcher(key)
    if (key !== undefined && known === undefined) throw new SipError(481, 'Subscription does not exist')
    if (known !== undefined) receivedWithin(known.dialog, request)
    const granted = seconds(header(request, 'Expires') ?? '3600')
    respond(200, 'OK', { headers: [contactOf(where), ['Expires', String(granted)]] })
    const dialog = known?.dialog ?? calleesDialog(request, localTo)
    // A watcher who does not refresh is told no more; a participant's watching ends with him anyhow.
    const forget = clock.after(granted * 1000, () =>
      where.remove({ user, link, dialog, isHere: false, stopTimer() {} }),
    )
    where.watch({ user, dialog, link, forget })
  }

  function invitation(where: Room, by: string, { uri, headers }: Referral): SipRequest {
    const display = registrar().displayName(by)
    return {
      method: 'INVITE',
      uri,
      headers: [
        ['Max-Forwards', '70'],
        ['From', printAddress(where.uri, { tag: newTag() })],
        ['To', `<${uri}>`],
        ['Call-ID', newCallId()],
        ['CSeq', '1 INVITE'],
        contactOf(where),
        ['Referred-By', printAddress(by, display === undefined ? {} : { display })],
        ...headers.filter(([name]) => REFERRED.has(name.toLowerCase())),
      ],
      body: '',
    }
  }

  async function bring(where: Room, by: string, referral: Referral): Promise<SipResponse> {
    const user = addressOfRecord(referral.uri)
    const here: SipResponse = { status: 200, reason: 'OK', headers: [], body: '' }
    if (where.participants.some((each) => each.user === user)) return here
    where.ejected.delete(user)
    const request = invitation(where, by, referral)
    const response = await call(user, request).response
    if (response.status >= 300) return response
    const dialog = callersDialog(request, response)
    const binding = registrar().bindingAt(dialog.remoteTarget)
    if (binding === undefined) return { ...here, status: 480, reason: 'Temporarily Unavailable' }
    const { link } = binding
    link.send(within(dialog, 'ACK'))
    const participant: Participant = { user, dialog, link, isHere: true, stopTimer: () => {} }
    where.add(participant)
    if (rooms.has(where.uri)) where.tell()
    else sayBye(where, participant)
    return here
  }

  const receiveWithin = participation({ find: (uri) => rooms.get(uri.toLowerCase()), bring, leave, sayBye })

  return {
    isMine: (uri) => uri.toLowerCase() === FACTORY || isFocusUri(uri),
    receive(incoming) {
      const { method, headers } = incoming.request
      if (method === 'SUBSCRIBE') return subscribe(incoming)
      const isInside = parseAddress(header({ headers }, 'To') ?? '').params.has('tag')
      if (method === 'INVITE' && !isInside) return enter(incoming)
      receiveWithin(incoming)
    },
    dropLink(link) {
      for (const where of rooms.values()) {
        for (const each of where.participants) if (each.link === link) leave(where, each)
      }
    },
  }
}

const contactOf = ({ uri }: Room): SipHeaders[number] => ['Contact', `<${uri}>;isfocus`]
