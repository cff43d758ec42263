import { randomBytes } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import { bodyOf, No, type Body } from './request.ts'

/** An event as it is kept: `at` is its place in the one stream of all rooms. */
export interface Stored {
  readonly at: number
  readonly id: string
  readonly type: string
  readonly sender: string
  readonly stateKey?: string
  content: Body
  readonly ts: number
  readonly before?: Body
  readonly redacts?: string
  redactedBy?: string
  /** The device that sent it, and its transaction id there. */
  readonly transaction?: { readonly device: string; readonly id: string }
}

export interface StoredRoom {
  readonly id: string
  readonly events: Stored[]
  typing: ReadonlySet<string>
  typedAt: number
  readonly receipts: Map<string, { readonly event: string; readonly ts: number; readonly at: number }>
}

export type New = Pick<Stored, 'type' | 'sender' | 'content'> &
  Partial<Pick<Stored, 'stateKey' | 'redacts' | 'transaction'>>

export interface Rooms {
  readonly all: () => Iterable<StoredRoom>
  readonly make: (creator: string, body: Body) => StoredRoom
  readonly aliased: (alias: string) => StoredRoom | undefined
  /** @throws No (403) where the user is not in it, or there is none */
  readonly entered: (id: string, userId: string) => StoredRoom
  readonly find: (id: string) => StoredRoom | undefined
  readonly add: (room: StoredRoom, event: New) => Stored
  readonly setMembership: (room: StoredRoom, sender: string, userId: string, membership: string) => void
}

export interface RoomsOptions {
  readonly server: string
  readonly clock: Pick<Clock, 'now'>
  /** The next place in the stream; it answers the requests that wait. */
  readonly step: () => number
  readonly nameOf: (userId: string) => string | undefined
  readonly isUser: (userId: string) => boolean
}

export function stateIn(room: StoredRoom, type: string, key = ''): Stored | undefined {
  return room.events.findLast((event) => event.type === type && event.stateKey === key)
}

export function membershipIn(room: StoredRoom, userId: string): unknown {
  return stateIn(room, 'm.room.member', userId)?.content['membership']
}

export function levelIn(room: StoredRoom, userId: string): number {
  const users = bodyOf(stateIn(room, 'm.room.power_levels')?.content['users'])
  const level = users[userId]
  return typeof level === 'number' ? level : 0
}

export function rooms({ server, clock, step, nameOf, isUser }: RoomsOptions): Rooms {
  const all = new Map<string, StoredRoom>()
  const aliases = new Map<string, StoredRoom>()

  const add = (room: StoredRoom, event: New): Stored => {
    const { type, stateKey } = event
    const before = stateKey === undefined ? undefined : stateIn(room, type, stateKey)?.content
    const id = `$${randomBytes(12).toString('base64url')}`
    const stored: Stored = { ...event, at: step(), id, ts: clock.now(), ...(before !== undefined && { before }) }
    room.events.push(stored)
    return stored
  }

  const setMembership = (room: StoredRoom, sender: string, userId: string, membership: string, more: Body = {}) => {
    const displayname = nameOf(userId)
    const content = { membership, ...(displayname !== undefined && { displayname }), ...more }
    add(room, { type: 'm.room.member', sender, stateKey: userId, content })
  }

  const make = (creator: string, body: Body): StoredRoom => {
    const { room_alias_name: localpart, name, initial_state: initial, invite, is_direct: isDirect } = body
    const alias = typeof localpart === 'string' ? `#${localpart}:${server}` : undefined
    if (alias !== undefined && aliases.has(alias)) throw new No(400, 'M_ROOM_IN_USE', 'Room alias already taken')
    const invited = Array.isArray(invite) ? invite.map(String) : []
    for (const userId of invited) if (!isUser(userId)) throw new No(404, 'M_NOT_FOUND', `${userId} is not known`)
    const id = `!${randomBytes(12).toString('base64url')}:${server}`
    const room: StoredRoom = { id, events: [], typing: new Set(), typedAt: 0, receipts: new Map() }
    all.set(id, room)
    if (alias !== undefined) aliases.set(alias, room)
    const state = (type: string, content: Body) => add(room, { type, sender: creator, stateKey: '', content })
    state('m.room.create', { room_version: '10', creator })
    setMembership(room, creator, creator, 'join')
    const equals = body['preset'] === 'trusted_private_chat' ? invited : []
    state('m.room.power_levels', { users: Object.fromEntries([creator, ...equals].map((each) => [each, 100])) })
    state('m.room.join_rules', { join_rule: body['preset'] === 'public_chat' ? 'public' : 'invite' })
    for (const each of Array.isArray(initial) ? initial.map(bodyOf) : [])
      state(String(each['type']), bodyOf(each['content']))
    if (typeof name === 'string') state('m.room.name', { name })
    for (const userId of invited)
      setMembership(room, creator, userId, 'invite', isDirect === true ? { is_direct: true } : {})
    return room
  }

  return {
    all: () => all.values(),
    make,
    add,
    setMembership,
    aliased: (alias) => aliases.get(alias),
    find: (id) => all.get(id),
    entered(id, userId) {
      const room = all.get(id)
      if (room === undefined || membershipIn(room, userId) !== 'join')
        throw new No(403, 'M_FORBIDDEN', `User ${userId} not in room ${id}`)
      return room
    },
  }
}
