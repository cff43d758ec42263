import type { Registrar } from '../registrar.ts'
import { addressOfRecord, printAddress } from '../sip/address.ts'
import { callersDialog, newCallId, newTag, within } from '../sip/dialogs.ts'
import type { SipRequest, SipResponse } from '../sip/sip.ts'
import type { ClientTransaction } from '../sip/transactions.ts'
import type { Referral } from './refer.ts'
import { contactOf } from './room.ts'
import type { Participant, Room } from './room.ts'
import type { Rooms } from './rooms.ts'

export interface BringingParts {
  readonly registrar: () => Registrar
  readonly rooms: Rooms
  /** Rings at a user's endpoints. */
  readonly call: (callee: string, request: SipRequest) => ClientTransaction
}

/** What an invitation may take over from a Refer-To; anything else could speak in the server's name (RFC 3261, 19.1.5). */
const REFERRED = new Set(['subject', 'ms-text-format'])

const HERE: SipResponse = { status: 200, reason: 'OK', headers: [], body: '' }

/** Has the focus ring at the user who is referred to, on behalf of `by`, and lets him in. @returns how that went */
export async function bring(parts: BringingParts, where: Room, by: string, referral: Referral): Promise<SipResponse> {
  const user = addressOfRecord(referral.uri)
  if (where.participants.some((each) => each.user === user)) return HERE
  where.ejected.delete(user)
  const request = invitation(where, by, parts.registrar().displayName(by), referral)
  const response = await parts.call(user, request).response
  if (response.status >= 300) return response
  const dialog = callersDialog(request, response)
  const binding = parts.registrar().bindingAt(dialog.remoteTarget)
  if (binding === undefined) return { ...HERE, status: 480, reason: 'Temporarily Unavailable' }
  const { link } = binding
  link.send(within(dialog, 'ACK'))
  const participant: Participant = { user, dialog, link, isHere: true, stopTimer: () => {} }
  where.add(participant)
  // The last of the others may have gone while it rang.
  if (parts.rooms.find(where.uri) === undefined) parts.rooms.sayBye(where, participant)
  else where.tell()
  return HERE
}

function invitation(where: Room, by: string, display: string | undefined, { uri, headers }: Referral): SipRequest {
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
