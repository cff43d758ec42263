import type { Clock } from '../../../../shared/clock.ts'
import { parseAddress } from '../sip/address.ts'
import { CONFERENCE_TYPE } from './conference-info.ts'
import { calleesDialog, keyOfRequest, receivedWithin } from '../sip/dialogs.ts'
import type { Incoming } from '../incoming.ts'
import type { SipLink } from '../sip/transactions.ts'
import { bring } from './bringing.ts'
import type { BringingParts } from './bringing.ts'
import { participation } from './participation.ts'
import { seconds } from '../registrar.ts'
import { contactOf, FACTORY, isFocusUri } from './room.ts'
import type { Participant } from './room.ts'
import { rooms } from './rooms.ts'
import { header, listHeader, SipError } from '../sip/sip.ts'

/**
 * Conferences as RFC 4579 has them: a focus with a URI, to which every participant has a dialog.
 *
 * - INVITE to the factory makes one, INVITE to the focus enters it; `Contact` says `isfocus`.
 * - REFER within the dialog invites somebody (the focus rings, `Referred-By` says for whom), or sends out with `method=BYE`.
 * - A MESSAGE, or an INFO about typing, goes to all others, with `P-Asserted-Identity` for who said it (RFC 3325).
 * - The conference event package says who is there (RFC 4575); roles change by MS-CONFBAS's modifyUserRoles in an INFO.
 */
export interface FocusServer {
  /** Whether a request is for a conference, and not for a user. */
  readonly isMine: (uri: string) => boolean
  readonly receive: (incoming: Incoming) => void
  /** Takes out everybody who came over a connection that is gone. */
  readonly dropLink: (link: SipLink) => void
}

export interface FocusOptions extends Omit<BringingParts, 'rooms'> {
  readonly clock: Clock
}

/** How long an ACK may take (RFC 3261, 13.3.1.4). */
const ACK_MS = 32_000

export function focusServer({ clock, registrar, call }: FocusOptions): FocusServer {
  const open = rooms({ displayName: (user) => registrar().displayName(user) })
  const receiveWithin = participation({
    rooms: open,
    bring: (where, by, referral) => bring({ registrar, call, rooms: open }, where, by, referral),
  })

  function enter(incoming: Incoming): void {
    const { request, link, localTo, respond } = incoming
    const { user } = registrar().senderOf(incoming)
    const isNew = request.uri.toLowerCase() === FACTORY
    const where = isNew ? open.open() : open.found(request.uri)
    if (where.ejected.has(user)) throw new SipError(403, 'The conference does not take the user back')
    if (isNew) where.setRole(user, 'presenter')
    const dialog = calleesDialog(request, localTo)
    const participant: Participant = { user, dialog, link, isHere: false, stopTimer: () => {} }
    participant.stopTimer = clock.after(ACK_MS, () => open.sayBye(where, participant))
    where.add(participant)
    respond(200, 'OK', { headers: [contactOf(where)] })
  }

  function subscribe(incoming: Incoming): void {
    const { request, link, localTo, respond } = incoming
    const where = open.found(request.uri)
    const { user } = registrar().senderOf(incoming)
    if (header(request, 'Event') !== 'conference') throw new SipError(489, 'Bad Event')
    if (!listHeader(request, 'Accept').includes(CONFERENCE_TYPE)) throw new SipError(406, 'Not Acceptable')
    if (!where.participants.some((each) => each.user === user)) throw new SipError(403, 'Only participants may watch')
    const key = keyOfRequest(request)
    const known = where.watcher(key)
    if (key !== undefined && known === undefined) throw new SipError(481, 'Subscription does not exist')
    if (known !== undefined) receivedWithin(known.dialog, request)
    const granted = seconds(header(request, 'Expires') ?? '3600')
    respond(200, 'OK', { headers: [contactOf(where), ['Expires', String(granted)]] })
    const dialog = known?.dialog ?? calleesDialog(request, localTo)
    // A watcher who does not refresh gets no more; a participant's watching ends with him anyhow.
    const forget = clock.after(granted * 1000, () =>
      where.remove({ user, link, dialog, isHere: false, stopTimer() {} }),
    )
    where.watch({ user, dialog, link, forget })
  }

  return {
    isMine: (uri) => uri.toLowerCase() === FACTORY || isFocusUri(uri),
    receive(incoming) {
      const { method, headers } = incoming.request
      if (method === 'SUBSCRIBE') return subscribe(incoming)
      const isInside = parseAddress(header({ headers }, 'To') ?? '').params.has('tag')
      if (method === 'INVITE' && !isInside) return enter(incoming)
      receiveWithin(incoming)
    },
    dropLink: open.dropLink,
  }
}
