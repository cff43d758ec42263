import type { Referral } from '../../lcs/conferences/refer.ts'
import { printReferTo } from '../../lcs/conferences/refer.ts'
import { FACTORY } from '../../lcs/conferences/room.ts'
import { within } from '../../lcs/sip/dialogs.ts'
import type { Dialog } from '../../lcs/sip/dialogs.ts'
import type { SipHeaders, SipResponse } from '../../lcs/sip/sip.ts'
import { failureOf } from '../http/failures.ts'
import { terminated } from './conference-list.ts'
import type { Conference, ConferenceList, ConferenceParts } from './conference-list.ts'
import type { FocusPlaces } from './focus-place.ts'
import type { Talk } from './talk.ts'

export interface GroupParts extends Pick<ConferenceParts, 'endpoint' | 'add'> {
  readonly list: ConferenceList
  readonly talk: Talk
  readonly places: FocusPlaces
}

/** REFER in a dialog of the conversation. Resolves with how that went, as the NOTIFY says, or with its refusal. */
export async function refer(
  { endpoint }: Pick<GroupParts, 'endpoint'>,
  conference: Conference,
  dialog: Dialog,
  uri: string,
  how: Partial<Omit<Referral, 'uri'>>,
): Promise<SipResponse> {
  const request = within(dialog, 'REFER', { headers: [['Refer-To', printReferTo(uri, how)]] })
  const { promise, resolve } = Promise.withResolvers<SipResponse>()
  const number = dialog.localNumber
  conference.referrals.set(number, resolve)
  const response = await endpoint.ask(request)
  if (response.status < 300) return promise
  conference.referrals.delete(number)
  return response
}

/** Has the focus ring at everybody. Ends the conversation if it has no other participant then. */
export async function bring(
  parts: GroupParts,
  conference: Conference,
  rid: string,
  uris: readonly string[],
  headers: SipHeaders,
): Promise<void> {
  const { focus } = conference
  if (focus === undefined) return
  const one = async (uri: string) => {
    const outcome = await refer(parts, conference, focus.dialog, uri, { headers })
    if (outcome.status >= 300 && conference.state !== 'ended') inviteFailed(parts, conference, uri, rid, outcome)
    return outcome.status < 300
  }
  const came = await Promise.all(uris.map(one))
  if (conference.state !== 'inviting' || came.includes(true)) return
  parts.talk.sayBye(conference)
  if (parts.list.close(conference)) parts.add(terminated(conference))
}

/** Enters a conference, or says why that is not possible and ends. */
export async function entered(parts: GroupParts, conference: Conference, uri: string, rid: string): Promise<boolean> {
  const { add, list, places } = parts
  const { confId } = conference
  const response = await places.enter(conference, uri)
  if (conference.state === 'ended') return false
  if (response.status < 300) {
    add({ event: 'imSessionState', confId, state: 'connecting' })
    return true
  }
  add({ event: 'escalationMode', confId, mode: 'none' })
  inviteFailed(parts, conference, uri === FACTORY ? conference.peer : uri, rid, response)
  if (list.close(conference)) add(terminated(conference))
  return false
}

export function inviteFailed(
  { add }: Pick<GroupParts, 'add'>,
  { confId }: Conference,
  uri: string,
  rid: string,
  response: SipResponse,
): void {
  add({ event: 'inviteFailed', confId, uri }, { event: 'requestFailed', rid, error: failureOf(response) })
}

/** Goes on in the conference. */
export function escalated({ add, talk }: Pick<GroupParts, 'add' | 'talk'>, conference: Conference): void {
  conference.mode = 'escalated'
  talk.connect(conference)
  add({ event: 'escalationMode', confId: conference.confId, mode: 'escalated' })
}
