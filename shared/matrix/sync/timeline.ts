import type { Conversation, ImEvent, Member, Uri } from '../../rules/messaging.ts'
import { isUserId, uriOf } from '../identity.ts'
import { membersOf, nameIn, textIn } from '../json.ts'
import type { Room, RoomEvent } from './answer.ts'
import { rolesIn } from './roles.ts'
import { editIn, redactedBy, saidIn } from './said.ts'

/** Who listens, and for whom. */
export interface Own {
  readonly userId: string
  /** Begins the transaction ids of this session's sends. */
  readonly nonce: string
}

/** Most members that one event names. */
const MEMBERS_MOST = 50

/** What people are called in a room, as far as an answer tells. */
export function namesIn({ state, timeline }: Pick<Room, 'state' | 'timeline'>): ReadonlyMap<string, string> {
  const members = [...state, ...timeline].filter(({ type, stateKey }) => type === 'm.room.member' && stateKey)
  return new Map(
    members.flatMap(({ stateKey = '', content }) => {
      const name = nameIn(content['displayname'])
      return name === undefined ? [] : [[stateKey, name] as const]
    }),
  )
}

/** What an event of a room's timeline means for a device: usually one event, often nothing. */
export function timelineEvents(event: RoomEvent, room: Room, names: ReadonlyMap<string, string>, own: Own): ImEvent[] {
  if (!isUserId(event.sender)) return []
  const conversation = room.id
  const number = numberOf(event, own)
  if (number !== undefined) return [{ kind: 'delivered', conversation, number }]
  if (event.type === 'm.room.member' && event.stateKey !== undefined) return memberEvents(event, room, own)
  if (event.type === 'm.room.name' && event.stateKey === '') return named(event, room)
  if (event.type === 'm.room.power_levels' && event.stateKey === '') return withRoles(event, conversation, names)
  const redacted = redactedBy(event)
  if (redacted !== undefined) return [{ kind: 'deleted', conversation, message: redacted }]
  const edit = editIn(event)
  const at = event.at === undefined ? {} : { at: event.at }
  if (edit !== undefined) return [{ kind: 'edited', conversation, message: edit.of, text: edit.text, ...at }]
  const said = saidIn(event)
  if (said === undefined) return []
  const name = names.get(event.sender)
  return [
    {
      kind: 'message',
      conversation,
      from: uriOf(event.sender),
      id: event.id,
      ...said,
      ...at,
      ...(name !== undefined && { name }),
      ...(event.sender === own.userId && { own: true }),
    },
  ]
}

/** The number of this session's own send: the server tells its transaction id to the device that made it alone. */
function numberOf({ unsigned }: RoomEvent, { nonce }: Own): number | undefined {
  const transaction = textIn(unsigned['transaction_id']) ?? ''
  const number = transaction.startsWith(`${nonce}.`) ? transaction.slice(nonce.length + 1) : ''
  return /^\d{1,15}$/.test(number) ? Number(number) : undefined
}

export function isOwnJoin({ type, stateKey, content, unsigned }: RoomEvent, { userId }: Pick<Own, 'userId'>): boolean {
  const was = membersOf(unsigned['prev_content'])['membership']
  return type === 'm.room.member' && stateKey === userId && content['membership'] === 'join' && was !== 'join'
}

function memberEvents(event: RoomEvent, room: Room, own: Own): ImEvent[] {
  const { stateKey: who = '', sender, content, unsigned } = event
  if (!isUserId(who)) return []
  const conversation = room.id
  const is = content['membership']
  const was = membersOf(unsigned['prev_content'])['membership']
  if (who === own.userId) {
    if (isOwnJoin(event, own)) return [{ kind: 'conversation', conversation, state: stateOf(room), ...several(room) }]
    return is === 'leave' || is === 'ban' ? [{ kind: 'conversation', conversation, state: 'ended' }] : []
  }
  if (is === 'leave' || is === 'ban') {
    const by: { by?: Uri } = sender !== who && isUserId(sender) ? { by: uriOf(sender) } : {}
    return was === 'leave' ? [] : [{ kind: 'left', conversation, uri: uriOf(who), ...by }]
  }
  if (is !== 'join') return []
  const member = memberOf(who, nameIn(content['displayname']))
  const came: ImEvent = { kind: 'members', conversation, whole: false, members: [member] }
  return was === 'join' ? [came] : [{ kind: 'conversation', conversation, state: 'connected', ...several(room) }, came]
}

/** Alone in a room, one waits for the others. */
function stateOf({ joined }: Room): 'connecting' | 'connected' {
  return joined === 1 ? 'connecting' : 'connected'
}

/** An event where the answer says how many there are: it does when that changes. */
function several({ joined, invited = 0 }: Room): { several?: true } {
  return joined !== undefined && joined + invited > 2 ? { several: true } : {}
}

function named({ content }: RoomEvent, room: Room): ImEvent[] {
  const subject = nameIn(content['name'])
  if (subject === undefined) return []
  return [{ kind: 'conversation', conversation: room.id, state: stateOf(room), subject, ...several(room) }]
}

function withRoles({ content }: RoomEvent, conversation: Conversation, names: ReadonlyMap<string, string>): ImEvent[] {
  const members = [...rolesIn(content)]
    .filter(([user]) => isUserId(user))
    .slice(0, MEMBERS_MOST)
    .map(([user, role]) => ({ ...memberOf(user, names.get(user)), role }))
  return members.length === 0 ? [] : [{ kind: 'members', conversation, whole: false, members }]
}

export function memberOf(userId: string, name: string | undefined): Member {
  return { uri: uriOf(userId), ...(name !== undefined && { name }) }
}
