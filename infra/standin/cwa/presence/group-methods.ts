import type { ConferenceMethod, CwaAnswer, CwaError } from '../../../../shared/cwa/model.ts'
import { C3P_TYPE, printRoleChange } from '../../lcs/conferences/conference-info.ts'
import { within } from '../../lcs/sip/dialogs.ts'
import type { Dialog } from '../../lcs/sip/dialogs.ts'
import type { Incoming } from '../../lcs/incoming.ts'
import { printReferTo } from '../../lcs/conferences/refer.ts'
import type { Referral } from '../../lcs/conferences/refer.ts'
import { FACTORY } from '../../lcs/conferences/room.ts'
import type { SipHeaders, SipResponse } from '../../lcs/sip/sip.ts'
import { accepted, failed } from '../http/answers.ts'
import { terminated } from '../conferences/conference-list.ts'
import type { Conference, ConferenceList, ConferenceParts, FocusPlace } from '../conferences/conference-list.ts'
import { escalation } from '../conferences/escalation.ts'
import { focusPlaces } from '../conferences/focus-place.ts'
import type { FocusPlaces } from '../conferences/focus-place.ts'
import { failureOf, invalidOperation } from '../http/failures.ts'
import { textFormat } from '../conferences/im-format.ts'
import type { Talk } from '../conferences/talk.ts'

type Method<Name> = Extract<ConferenceMethod, { readonly method: Name }>

/** Conversations of several people: begun as such, entered again, or grown out of one of two. */
export interface GroupMethods extends FocusPlaces {
  /** `initiateImSession` with several URIs. */
  readonly begin: (method: Method<'initiateImSession'>) => CwaAnswer
  /** `initiateImSession` with the URI of a conference. */
  readonly comeBack: (method: Method<'initiateImSession'>) => CwaAnswer
  readonly invite: (conference: Conference, method: Method<'inviteParticipants'>) => CwaAnswer
  readonly lead: (
    conference: Conference,
    method: Extract<ConferenceMethod, { readonly method: 'ejectParticipant' | 'promoteParticipant' }>,
  ) => CwaAnswer
  /** The other one of two asks to go on in a conference. */
  readonly receiveRefer: (conference: Conference, incoming: Incoming) => void
}

export function groupMethods(parts: ConferenceParts, list: ConferenceList, talk: Talk): GroupMethods {
  const { endpoint, add } = parts
  const places = focusPlaces({ ...parts, list, onRoster })

  /** A conference is connected as soon as somebody else is there, or when it is one that was there before. */
  function onRoster(conference: Conference, place: FocusPlace): void {
    if (conference.state !== 'inviting' || (place.others.size === 0 && conference.peer !== place.uri)) return
    escalated(conference)
    add({ event: 'imSessionState', confId: conference.confId, state: 'connected' })
  }

  function escalated(conference: Conference): void {
    conference.mode = 'escalated'
    talk.connect(conference)
    add({ event: 'escalationMode', confId: conference.confId, mode: 'escalated' })
  }

  async function refer(
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

  function end(conference: Conference): void {
    talk.sayBye(conference)
    if (list.close(conference)) add(terminated(conference))
  }

  const inviteFailed = ({ confId }: Conference, uri: string, rid: string, response: SipResponse) =>
    add({ event: 'inviteFailed', confId, uri }, { event: 'requestFailed', rid, error: failureOf(response) })

  /** Has the focus ring at everybody. Ends the conversation if it has nobody in it then. */
  async function bring(conference: Conference, rid: string, uris: readonly string[], headers: SipHeaders) {
    const { focus } = conference
    if (focus === undefined) return
    const one = async (uri: string) => {
      const outcome = await refer(conference, focus.dialog, uri, { headers })
      if (outcome.status >= 300 && conference.state !== 'ended') inviteFailed(conference, uri, rid, outcome)
      return outcome.status < 300
    }
    const came = await Promise.all(uris.map(one))
    if (conference.state === 'inviting' && !came.includes(true)) end(conference)
  }

  const growth = escalation({ endpoint, add, places, refer, bring, escalated, inviteFailed })

  function opened(method: Method<'initiateImSession'>, peer: string): Conference {
    const conference = list.open(method.confId, peer, 'inviting')
    conference.mode = 'escalating'
    const { confId } = conference
    add({ event: 'initiateImSessionAccepted', confId, rid: method.rid })
    add({ event: 'escalationMode', confId, mode: 'escalating' })
    return conference
  }

  /** Enters, or says why that is not possible and ends. */
  async function entered(conference: Conference, uri: string, rid: string): Promise<boolean> {
    const { confId } = conference
    const response = await places.enter(conference, uri)
    if (conference.state === 'ended') return false
    if (response.status < 300) {
      add({ event: 'imSessionState', confId, state: 'connecting' })
      return true
    }
    add({ event: 'escalationMode', confId, mode: 'none' })
    inviteFailed(conference, uri === FACTORY ? conference.peer : uri, rid, response)
    if (list.close(conference)) add(terminated(conference))
    return false
  }

  async function leading(conference: Conference, { method, rid, uri }: Parameters<GroupMethods['lead']>[1]) {
    const { focus } = conference
    if (focus === undefined) return
    const headers: SipHeaders = [['Content-Type', C3P_TYPE]]
    const body = printRoleChange(focus.uri, uri, 'presenter')
    const outcome =
      method === 'ejectParticipant'
        ? await refer(conference, focus.dialog, uri, { method: 'BYE' })
        : await endpoint.ask(within(focus.dialog, 'INFO', { headers, body }))
    if (outcome.status < 300) add({ event: 'requestSucceeded', rid })
    else add({ event: 'requestFailed', rid, error: failureOf(outcome) })
  }

  return {
    ...places,
    begin(method) {
      const { rid, uris, message, subject } = method
      const others = [...new Set(uris.map((uri) => uri.toLowerCase()))].filter((uri) => uri !== endpoint.uri)
      const [first] = others
      if (first === undefined) return failed(rid, invalidOperation('Nobody else is in uris'))
      const conference = opened(method, first)
      const headers: SipHeaders = [
        ['Ms-Text-Format', textFormat(message)],
        ...(subject === undefined || subject === '' ? [] : [['Subject', subject] as const]),
      ]
      void entered(conference, FACTORY, rid).then((isIn) =>
        isIn ? bring(conference, rid, others, headers) : undefined,
      )
      return { answer: 'initiateImSessionAccepted', rid, confId: conference.confId }
    },
    comeBack(method) {
      const { rid } = method
      const uri = (method.uris[0] ?? '').toLowerCase()
      const conference = opened(method, uri)
      void entered(conference, uri, rid)
      return { answer: 'initiateImSessionAccepted', rid, confId: conference.confId }
    },
    invite(conference, { rid, uris, confId }) {
      if (conference.state !== 'connected' || conference.mode === 'escalating') {
        return failed(rid, invalidOperation('The conversation is not connected, or escalating'))
      }
      if (conference.mode === 'escalated') void bring(conference, rid, uris, [])
      else {
        conference.mode = 'escalating'
        add({ event: 'escalationMode', confId, mode: 'escalating' })
        void growth.grow(conference, rid, uris)
      }
      return accepted(rid)
    },
    lead(conference, method) {
      const { rid } = method
      const uri = method.uri.toLowerCase()
      if (conference.focus === undefined)
        return failed(rid, invalidOperation('The conversation has no leader: it is of two'))
      if (conference.focus.role !== 'presenter') return failed(rid, notLeader)
      if (!conference.focus.others.has(uri)) return failed(rid, invalidOperation(`${uri} is not in the conversation`))
      void leading(conference, { ...method, uri })
      return accepted(rid)
    },
    receiveRefer: growth.receiveRefer,
  }
}

const notLeader: CwaError = invalidOperation('Only the leader of the conversation may do that')
