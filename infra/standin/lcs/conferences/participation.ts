import { addressOfRecord, printAddress } from '../sip/address.ts'
import { C3P_TYPE, parseRoleChange } from './conference-info.ts'
import { keyOfRequest, receivedWithin, within } from '../sip/dialogs.ts'
import type { Incoming } from '../incoming.ts'
import { fragmentHeaders, parseReferTo, printFragment } from './refer.ts'
import type { Referral } from './refer.ts'
import type { Participant, Room } from './room.ts'
import type { Rooms } from './rooms.ts'
import { header, SipError } from '../sip/sip.ts'
import type { SipHeaders, SipRequest, SipResponse } from '../sip/sip.ts'

export interface ParticipationOptions {
  readonly rooms: Rooms
  /** Rings at the user who is referred to, on behalf of `by`, and lets him in. */
  readonly bring: (room: Room, by: string, referral: Referral) => Promise<SipResponse>
}

/** What a participant asks of a focus, in the dialog the two have. */
export function participation(options: ParticipationOptions): (incoming: Incoming) => void {
  const { find, leave } = options.rooms
  return (incoming) => {
    const { request, respond } = incoming
    const where = find(request.uri)
    const from = where?.find(keyOfRequest(request))
    if (where === undefined || from === undefined) {
      if (request.method === 'ACK') return
      throw new SipError(481, 'Call Leg/Transaction Does Not Exist')
    }
    receivedWithin(from.dialog, request)
    switch (request.method) {
      case 'ACK':
        from.stopTimer()
        from.isHere = true
        return where.tell()
      case 'REFER':
        return refer(options, where, from, incoming)
      case 'MESSAGE':
      case 'INFO':
        if (header(request, 'Content-Type') === C3P_TYPE) return changeRole(where, from, incoming)
        respond(200, 'OK')
        return spread(options.rooms, where, from, request)
      case 'BYE':
        respond(200, 'OK')
        return leave(where, from)
      default:
        throw new SipError(405, 'Method Not Allowed')
    }
  }
}

/** REFER: has somebody invited, or sent out. A NOTIFY in the same dialog says how that went (RFC 3515). */
function refer(
  { rooms, bring }: ParticipationOptions,
  where: Room,
  from: Participant,
  { request, respond }: Incoming,
): void {
  const referral = parseReferTo(header(request, 'Refer-To'))
  const id = Number(header(request, 'CSeq')?.split(/\s+/)[0])
  const report = (response: SipResponse) => {
    const parts = { headers: fragmentHeaders(id), body: printFragment(response) }
    void from.link.request(within(from.dialog, 'NOTIFY', parts))
  }
  if (referral.method === 'INVITE') {
    respond(202, 'Accepted')
    void bring(where, from.user, referral).then(report)
    return
  }
  if (!where.isLeader(from.user)) throw new SipError(403, 'Only the leader of a conference sends somebody out')
  const user = addressOfRecord(referral.uri)
  const legs = where.participants.filter((each) => each.user === user)
  if (legs.length === 0) throw new SipError(404, 'The user is not in the conference')
  respond(202, 'Accepted')
  where.ejected.add(user)
  for (const leg of legs) rooms.sayBye(where, leg)
  report({ status: 200, reason: 'OK', headers: [], body: '' })
}

/** Everybody else hears it. One who does not answer as a participant does is one no longer. */
function spread({ leave }: Rooms, where: Room, from: Participant, { method, headers, body }: SipRequest): void {
  const more: SipHeaders = [
    ['Content-Type', header({ headers }, 'Content-Type') ?? 'text/plain'],
    ['P-Asserted-Identity', printAddress(from.user)],
  ]
  for (const each of where.participants) {
    if (each === from || !each.isHere) continue
    void each.link.request(within(each.dialog, method, { headers: more, body })).response.then(({ status }) => {
      if ((status === 481 || status === 408) && where.participants.includes(each)) leave(where, each)
    })
  }
}

function changeRole(where: Room, from: Participant, { request, respond }: Incoming): void {
  if (!where.isLeader(from.user)) throw new SipError(403, 'Only the leader of a conference changes roles')
  const { uri, role } = parseRoleChange(request.body)
  const user = addressOfRecord(uri)
  if (!where.participants.some((each) => each.user === user))
    throw new SipError(404, 'The user is not in the conference')
  where.setRole(user, role)
  respond(200, 'OK')
  where.tell()
}
