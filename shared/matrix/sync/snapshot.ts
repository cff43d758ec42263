import type { Contact, ImEvent } from '../../rules/messaging.ts'
import { DEVICE_BOUNDS, runs } from '../../upstream/bounds.ts'
import { isUserId, localpartOf, uriOf } from '../identity.ts'
import { listIn, nameIn, textIn } from '../json.ts'
import type { Room, StrippedEvent, SyncAnswer } from './answer.ts'
import { presenceEvents, readEvents } from './notes.ts'
import { rolesIn } from './roles.ts'
import { ENCRYPTED_ROOM } from './said.ts'
import { memberOf, namesIn } from './timeline.ts'

/** With whom the user has a conversation of two, and which ("Direct Messaging", `m.direct`). */
export type Direct = ReadonlyMap<string, readonly string[]>

export function directIn({ accountData }: Pick<SyncAnswer, 'accountData'>): Direct | undefined {
  const note = accountData.find(({ type }) => type === 'm.direct')
  if (note === undefined) return undefined
  return directOf(note.content)
}

export function directOf(content: Readonly<Record<string, unknown>>): Direct {
  return new Map(
    Object.entries(content)
      .filter(([user]) => isUserId(user))
      .map(([user, rooms]) => [user, listIn(rooms).filter((each) => typeof each === 'string')] as const),
  )
}

/** Those with whom the user has a conversation of two are the contacts: Matrix has no list of its own. */
export function contactEvents(direct: Direct, names: ReadonlyMap<string, string>, whole: boolean): ImEvent[] {
  const contacts = [...direct.keys()].map((user): Contact => ({
    uri: uriOf(user),
    name: names.get(user) ?? localpartOf(user),
    groups: [],
  }))
  const lists = runs(contacts, DEVICE_BOUNDS.contacts)
  if (lists.length === 0 && whole) return [{ kind: 'contacts', whole, contacts: [], removed: [] }]
  return lists.map((list, part) => ({ kind: 'contacts', whole: whole && part === 0, contacts: list, removed: [] }))
}

/** An invitation, by the state that comes with it. Undefined where it does not say whom it is from. */
export function invitationEvents(
  { id: conversation, state }: { readonly id: string; readonly state: readonly StrippedEvent[] },
  userId: string,
): ImEvent[] {
  const own = state.findLast(({ type, stateKey }) => type === 'm.room.member' && stateKey === userId)
  if (own === undefined || own.content['membership'] !== 'invite' || !isUserId(own.sender)) return []
  const inviter = state.findLast(({ type, stateKey }) => type === 'm.room.member' && stateKey === own.sender)
  const room = state.findLast(({ type }) => type === 'm.room.name')
  const name = nameIn(inviter?.content['displayname'])
  const subject = nameIn(room?.content['name'])
  const text = nameIn(own.content['reason'])
  return [
    {
      kind: 'invitation',
      conversation,
      from: uriOf(own.sender),
      ...(name !== undefined && { name }),
      ...(subject !== undefined && { subject }),
      ...(text !== undefined && { text }),
      ...(own.content['is_direct'] !== true && { several: true }),
    },
  ]
}

/** What a session begins with: contacts, how people are, rooms with their names and people, invitations. */
export function snapshotEvents(answer: SyncAnswer, userId: string): ImEvent[] {
  const direct = directIn(answer) ?? new Map<string, readonly string[]>()
  const names = new Map(answer.joined.flatMap((room) => [...namesIn(room)]))
  const inDirect = new Set([...direct.values()].flat())
  return [
    ...contactEvents(direct, names, true),
    ...presenceEvents(answer.presence, userId),
    ...answer.joined.flatMap((room) => roomEvents(room, inDirect, userId)),
    ...answer.invited.flatMap((invited) => invitationEvents(invited, userId)),
  ]
}

function roomEvents(room: Room, direct: ReadonlySet<string>, userId: string): ImEvent[] {
  const { id: conversation, state, heroes } = room
  const stateOf = (wanted: string) => state.findLast(({ type, stateKey }) => type === wanted && stateKey === '')
  const names = namesIn(room)
  const roles = rolesIn(stateOf('m.room.power_levels')?.content ?? {})
  const subject = nameIn(stateOf('m.room.name')?.content['name'])
  const people = [...new Set([...heroes, ...roles.keys()])].filter((each) => isUserId(each) && each !== userId)
  const members = people.slice(0, 20).map((each) => {
    const role = roles.get(each)
    return { ...memberOf(each, names.get(each)), ...(role !== undefined && { role }) }
  })
  const isEncrypted = textIn(stateOf('m.room.encryption')?.content['algorithm']) !== undefined
  return [
    {
      kind: 'conversation',
      conversation,
      state: 'connected',
      ...(subject !== undefined && { subject }),
      ...(!direct.has(conversation) && { several: true }),
    },
    ...(members.length > 0 ? [{ kind: 'members', conversation, whole: false, members } as const] : []),
    ...(isEncrypted
      ? [{ kind: 'message', conversation, from: uriOf(userId), text: ENCRYPTED_ROOM, as: 'notice' } as const]
      : []),
    ...readEvents(room, userId),
  ]
}
