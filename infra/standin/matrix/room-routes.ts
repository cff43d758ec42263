import type { Parts } from './homeserver.ts'
import { No, textOf, type Body } from './request.ts'
import { levelIn, membershipIn, stateIn, type New, type StoredRoom } from './rooms.ts'
import { at, userIn, type Asked, type Route } from './routes-path.ts'
import { messagesPage } from './messages.ts'
import { eventFor } from './sync.ts'

/** What is asked of a room by somebody who is in it. */
type InRoom = (asked: Asked & { readonly room: StoredRoom }, parts: Parts) => Body

function inRoom(method: string, rest: string, act: InRoom): Route {
  return {
    method,
    path: at(`rooms/*/${rest}`),
    act: (asked, parts) =>
      act({ ...asked, room: parts.rooms.entered(asked.values[0] ?? '', asked.device.userId) }, parts),
  }
}

/** Sends an event once for each transaction id of a device, room and kind ("Transaction identifiers"). */
function once(
  { device, request: { path } }: Asked,
  room: StoredRoom,
  id: string,
  event: Omit<New, 'sender'>,
  parts: Parts,
): Body {
  const key = `${device.id} ${path}`
  const before = parts.transactions.get(key)
  if (before !== undefined) return before
  const { id: eventId } = parts.rooms.add(room, {
    ...event,
    sender: device.userId,
    transaction: { device: device.id, id },
  })
  const answer = { event_id: eventId }
  parts.transactions.set(key, answer)
  return answer
}

function join({ device: { userId }, values: [named = ''] }: Asked, { rooms }: Parts): Body {
  const room = named.startsWith('#') ? rooms.aliased(named) : rooms.find(named)
  if (room === undefined) throw new No(404, 'M_NOT_FOUND', 'there is no such room')
  const is = membershipIn(room, userId)
  const isPublic = stateIn(room, 'm.room.join_rules')?.content['join_rule'] === 'public'
  if (is !== 'join') {
    if (is !== 'invite' && !isPublic) throw new No(403, 'M_FORBIDDEN', 'You are not invited to this room.')
    rooms.setMembership(room, userId, userId, 'join')
  }
  return { room_id: room.id }
}

function leave({ device: { userId }, values: [id = ''] }: Asked, { rooms }: Parts): Body {
  const room = rooms.find(id)
  const is = room && membershipIn(room, userId)
  if (room === undefined || (is !== 'join' && is !== 'invite'))
    throw new No(403, 'M_FORBIDDEN', `User ${userId} not in room`)
  rooms.setMembership(room, userId, userId, 'leave')
  return {}
}

/** Who left sees how things were then. */
function state({ device: { userId }, values: [id = '', type = '', key = ''] }: Asked, { rooms }: Parts): Body {
  const room = rooms.find(id)
  const is = room && membershipIn(room, userId)
  if (room === undefined || (is !== 'join' && is !== 'leave'))
    throw new No(403, 'M_FORBIDDEN', `User ${userId} not in room ${id}`)
  const found = stateIn(room, type, key)
  if (found === undefined) throw new No(404, 'M_NOT_FOUND', 'Event not found.')
  return found.content
}

export const ROOM_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: at('createRoom'),
    act: ({ device, request: { body } }, { rooms }) => ({ room_id: rooms.make(device.userId, body).id }),
  },
  { method: 'POST', path: at('join/*'), act: join },
  { method: 'POST', path: at('rooms/*/leave'), act: leave },
  { method: 'POST', path: at('rooms/*/forget'), act: () => ({}) },
  inRoom('POST', 'invite', ({ device, room, request: { body } }, { rooms }) => {
    const userId = userIn(body)
    if (membershipIn(room, userId) === 'join') throw new No(403, 'M_FORBIDDEN', `${userId} is already in the room.`)
    rooms.setMembership(room, device.userId, userId, 'invite')
    return {}
  }),
  inRoom('POST', 'kick', ({ device, room, request: { body } }, { rooms }) => {
    const userId = userIn(body)
    const level = levelIn(room, device.userId)
    if (level < 50 || level <= levelIn(room, userId))
      throw new No(403, 'M_FORBIDDEN', `You cannot kick user ${userId}.`)
    if (!['join', 'invite'].includes(String(membershipIn(room, userId))))
      throw new No(403, 'M_FORBIDDEN', `The target user is not in the room`)
    rooms.setMembership(room, device.userId, userId, 'leave')
    return {}
  }),
  inRoom('PUT', 'send/*/*', (asked, parts) => {
    const [, type = '', id = ''] = asked.values
    return once(asked, asked.room, id, { type, content: asked.request.body }, parts)
  }),
  inRoom('PUT', 'redact/*/*', (asked, parts) => {
    const [, redacts = '', id = ''] = asked.values
    const { room, device } = asked
    const event = room.events.find((each) => each.id === redacts)
    if (event === undefined) throw new No(404, 'M_NOT_FOUND', 'Could not find event')
    if (event.sender !== device.userId && levelIn(room, device.userId) < 50)
      throw new No(403, 'M_FORBIDDEN', "You don't have permission to redact events")
    const answer = once(asked, room, id, { type: 'm.room.redaction', content: {}, redacts }, parts)
    event.content = {}
    event.redactedBy = textOf(answer['event_id'])
    return answer
  }),
  { method: 'GET', path: at('rooms/*/state/*/*'), act: state },
  inRoom('PUT', 'state/*/*', ({ room, device, values: [, type = '', stateKey = ''], request: { body } }, { rooms }) => {
    if (levelIn(room, device.userId) < (type === 'm.room.power_levels' ? 100 : 50))
      throw new No(403, 'M_FORBIDDEN', "You don't have permission to post that to the room")
    return { event_id: rooms.add(room, { type, stateKey, sender: device.userId, content: body }).id }
  }),
  inRoom('GET', 'event/*', ({ room, device, values: [, id] }) => {
    const found = room.events.find((each) => each.id === id)
    if (found === undefined) throw new No(404, 'M_NOT_FOUND', 'Event not found.')
    return eventFor(found, room, device.id)
  }),
  inRoom('GET', 'messages', ({ room, device, request: { query } }) => messagesPage(room, device.id, query)),
  inRoom('PUT', 'typing/*', ({ room, device, request: { body } }, { step, clock }) => {
    const { userId } = device
    const stop = () => {
      if (!room.typing.has(userId)) return
      room.typing = new Set([...room.typing].filter((each) => each !== userId))
      room.typedAt = step()
    }
    if (body['typing'] !== true) stop()
    else {
      room.typing = new Set([...room.typing, userId])
      room.typedAt = step()
      clock.after(Number(body['timeout'] ?? 30_000), stop)
    }
    return {}
  }),
  inRoom('POST', 'read_markers', ({ room, device, request: { body } }, { step, clock, accounts }) => {
    const { 'm.read': event, 'm.fully_read': mark } = body
    if (typeof event === 'string') room.receipts.set(device.userId, { event, ts: clock.now(), at: step() })
    if (typeof mark === 'string') accounts.put(device.userId, 'm.fully_read', { event_id: mark }, room.id)
    return {}
  }),
]
