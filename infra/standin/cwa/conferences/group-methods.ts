import type { ConferenceMethod, CwaAnswer, CwaError } from '../../../../shared/cwa/model.ts'
import { C3P_TYPE, printRoleChange } from '../../lcs/conferences/conference-info.ts'
import { within } from '../../lcs/sip/dialogs.ts'
import type { Incoming } from '../../lcs/incoming.ts'
import { FACTORY } from '../../lcs/conferences/room.ts'
import type { SipHeaders } from '../../lcs/sip/sip.ts'
import { accepted, failed } from '../http/answers.ts'
import type { Conference, ConferenceList, ConferenceParts } from './conference-list.ts'
import { escalation } from './escalation.ts'
import { focusPlaces } from './focus-place.ts'
import type { FocusPlaces } from './focus-place.ts'
import { bring, entered, escalated, refer } from './group-focus.ts'
import type { GroupParts } from './group-focus.ts'
import { failureOf, invalidOperation } from '../http/failures.ts'
import { textFormat } from './im-format.ts'
import type { Talk } from './talk.ts'

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

export function groupMethods(conversations: ConferenceParts, list: ConferenceList, talk: Talk): GroupMethods {
  const { add } = conversations
  /** A conference is connected as soon as somebody else is there, or when it is one that was there before. */
  const places = focusPlaces({
    ...conversations,
    list,
    onRoster(conference, place) {
      if (conference.state !== 'inviting' || (place.others.size === 0 && conference.peer !== place.uri)) return
      escalated({ add, talk }, conference)
      add({ event: 'imSessionState', confId: conference.confId, state: 'connected' })
    },
  })
  const parts: GroupParts = { ...conversations, list, talk, places }
  const growth = escalation(parts)

  return {
    ...places,
    begin: (method) => begin(parts, method),
    comeBack(method) {
      const { rid } = method
      const uri = (method.uris[0] ?? '').toLowerCase()
      const conference = opened(parts, method, uri)
      void entered(parts, conference, uri, rid)
      return { answer: 'initiateImSessionAccepted', rid, confId: conference.confId }
    },
    invite(conference, { rid, uris, confId }) {
      if (conference.state !== 'connected' || conference.mode === 'escalating') {
        return failed(rid, invalidOperation('The conversation is not connected, or escalating'))
      }
      if (conference.mode === 'escalated') void bring(parts, conference, rid, uris, [])
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
      void leading(parts, conference, { ...method, uri })
      return accepted(rid)
    },
    receiveRefer: growth.receiveRefer,
  }
}

function begin(parts: GroupParts, method: Method<'initiateImSession'>): CwaAnswer {
  const { rid, uris, message, subject } = method
  const others = [...new Set(uris.map((uri) => uri.toLowerCase()))].filter((uri) => uri !== parts.endpoint.uri)
  const [first] = others
  if (first === undefined) return failed(rid, invalidOperation('There is no other user in uris'))
  const conference = opened(parts, method, first)
  const headers: SipHeaders = [
    ['Ms-Text-Format', textFormat(message)],
    ...(subject === undefined || subject === '' ? [] : [['Subject', subject] as const]),
  ]
  void entered(parts, conference, FACTORY, rid).then((isIn) =>
    isIn ? bring(parts, conference, rid, others, headers) : undefined,
  )
  return { answer: 'initiateImSessionAccepted', rid, confId: conference.confId }
}

function opened({ add, list }: GroupParts, method: Method<'initiateImSession'>, peer: string): Conference {
  const conference = list.open(method.confId, peer, 'inviting')
  conference.mode = 'escalating'
  const { confId } = conference
  add({ event: 'initiateImSessionAccepted', confId, rid: method.rid })
  add({ event: 'escalationMode', confId, mode: 'escalating' })
  return conference
}

/** Sends a participant out, or makes one a leader. */
async function leading(
  parts: GroupParts,
  conference: Conference,
  { method, rid, uri }: Parameters<GroupMethods['lead']>[1],
): Promise<void> {
  const { endpoint, add } = parts
  const { focus } = conference
  if (focus === undefined) return
  const headers: SipHeaders = [['Content-Type', C3P_TYPE]]
  const body = printRoleChange(focus.uri, uri, 'presenter')
  const outcome =
    method === 'ejectParticipant'
      ? await refer(parts, conference, focus.dialog, uri, { method: 'BYE' })
      : await endpoint.ask(within(focus.dialog, 'INFO', { headers, body }))
  if (outcome.status < 300) add({ event: 'requestSucceeded', rid })
  else add({ event: 'requestFailed', rid, error: failureOf(outcome) })
}

const notLeader: CwaError = invalidOperation('Only the leader of the conversation may do that')
