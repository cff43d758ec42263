import { UpstreamFault } from '../../upstream/fault.ts'
import type { UnreadParts } from '../../upstream/unread.ts'
import { isObject, listIn, membersOf, textIn, wholeIn, type Json } from '../json.ts'

/** An event of a room ("Room Event Format"). */
export interface RoomEvent {
  readonly type: string
  readonly sender: string
  readonly id: string
  readonly content: Json
  /** Epoch milliseconds, as the sender's server has it. */
  readonly at?: number
  /** Only of state. */
  readonly stateKey?: string
  readonly unsigned: Json
  /** Of a redaction, before room version 11. */
  readonly redacts?: string
}

/** State of a room that the user is not in yet ("Stripped state"). */
export type StrippedEvent = Pick<RoomEvent, 'type' | 'sender' | 'content' | 'stateKey'>

/** What there is of a kind that has no id: presence, typing, receipts, account data. */
export interface Note {
  readonly type: string
  readonly sender?: string
  readonly content: Json
}

export interface Room {
  readonly id: string
  readonly timeline: readonly RoomEvent[]
  /** Events before the timeline were left out. */
  readonly limited: boolean
  /** From where those are asked for. */
  readonly before?: string
  readonly state: readonly RoomEvent[]
  readonly ephemeral: readonly Note[]
  readonly accountData: readonly Note[]
  readonly joined?: number
  readonly invited?: number
  readonly heroes: readonly string[]
}

/** An answer of `GET /sync`, as far as it is used. */
export interface SyncAnswer {
  readonly next: string
  readonly joined: readonly Room[]
  readonly left: readonly Room[]
  readonly invited: readonly { readonly id: string; readonly state: readonly StrippedEvent[] }[]
  readonly presence: readonly Note[]
  readonly accountData: readonly Note[]
}

/**
 * @param unread gets each part that cannot be read: the events leave it out
 * @throws UpstreamFault where the answer does not say from where to go on
 */
export function syncAnswerIn(said: Json, unread: UnreadParts): SyncAnswer {
  const next = textIn(said['next_batch'])
  if (next === undefined) throw new UpstreamFault('give-up', 'waiting for events: the answer has no next_batch')
  const rooms = membersOf(said['rooms'])
  return {
    next,
    joined: roomsIn(rooms['join'], 'rooms.join', unread),
    left: roomsIn(rooms['leave'], 'rooms.leave', unread),
    invited: entriesIn(rooms['invite'], 'rooms.invite', unread).map(([id, room]) => ({
      id,
      state: eventsIn(membersOf(room['invite_state'])['events'], 'rooms.invite', strippedIn, unread),
    })),
    presence: eventsIn(membersOf(said['presence'])['events'], 'presence', noteIn, unread),
    accountData: eventsIn(membersOf(said['account_data'])['events'], 'account_data', noteIn, unread),
  }
}

/** Events of a list, as `GET /messages` answers it. */
export function roomEventsIn(said: unknown, place: string, unread: UnreadParts): RoomEvent[] {
  return eventsIn(said, place, roomEventIn, unread)
}

function roomsIn(said: unknown, place: string, unread: UnreadParts): Room[] {
  return entriesIn(said, place, unread).map(([id, room]) => {
    const timeline = membersOf(room['timeline'])
    const summary = membersOf(room['summary'])
    const before = textIn(timeline['prev_batch'])
    const joined = wholeIn(summary['m.joined_member_count'])
    const invited = wholeIn(summary['m.invited_member_count'])
    return {
      id,
      timeline: roomEventsIn(timeline['events'], `${place}.timeline`, unread),
      limited: timeline['limited'] === true,
      ...(before !== undefined && { before }),
      state: roomEventsIn(membersOf(room['state'])['events'], `${place}.state`, unread),
      ephemeral: eventsIn(membersOf(room['ephemeral'])['events'], `${place}.ephemeral`, noteIn, unread),
      accountData: eventsIn(membersOf(room['account_data'])['events'], `${place}.account_data`, noteIn, unread),
      ...(joined !== undefined && { joined }),
      ...(invited !== undefined && { invited }),
      heroes: listIn(summary['m.heroes']).filter((each) => typeof each === 'string'),
    }
  })
}

function entriesIn(said: unknown, place: string, unread: UnreadParts): [string, Json][] {
  return Object.entries(membersOf(said)).flatMap(([id, room]): [string, Json][] => {
    if (isObject(room)) return [[id, room]]
    unread.note(`${place}: a room should be an object`)
    return []
  })
}

/** Why a part cannot be read, in words that hold nothing of it. */
interface Unreadable {
  readonly wrong: string
}

function eventsIn<T extends object>(
  said: unknown,
  place: string,
  read: (event: Json) => T | Unreadable,
  unread: UnreadParts,
): T[] {
  if (said !== undefined && !Array.isArray(said)) unread.note(`${place}: the events should be a list`)
  return listIn(said).flatMap((each) => {
    const event = isObject(each) ? read(each) : { wrong: 'an event should be an object' }
    if (!('wrong' in event)) return [event]
    unread.note(`${place}: ${event.wrong}`)
    return []
  })
}

function roomEventIn(said: Json): RoomEvent | Unreadable {
  const stripped = strippedIn(said)
  if ('wrong' in stripped) return stripped
  const id = textIn(said['event_id'])
  if (id === undefined || id === '') return { wrong: 'an event should have an event_id' }
  const at = wholeIn(said['origin_server_ts'])
  const redacts = textIn(said['redacts'])
  return {
    ...stripped,
    id,
    unsigned: membersOf(said['unsigned']),
    ...(at !== undefined && { at }),
    ...(redacts !== undefined && { redacts }),
  }
}

function strippedIn(said: Json): StrippedEvent | Unreadable {
  const note = noteIn(said)
  if ('wrong' in note) return note
  const { type, content, sender } = note
  if (sender === undefined) return { wrong: 'an event should have a sender' }
  const stateKey = textIn(said['state_key'])
  return { type, sender, content, ...(stateKey !== undefined && { stateKey }) }
}

function noteIn(said: Json): Note | Unreadable {
  const type = textIn(said['type'])
  if (type === undefined) return { wrong: 'an event should have a type' }
  const { content } = said
  if (!isObject(content)) return { wrong: 'an event should have a content' }
  const sender = textIn(said['sender'])
  return { type, content, ...(sender !== undefined && { sender }) }
}
