import { bodyOf, type Body } from './request.ts'
import { membershipIn, stateIn, type Stored, type StoredRoom } from './rooms.ts'

/** What `GET /sync` says of a user, beside rooms. */
export interface Presence {
  readonly presence: string
  readonly statusMsg: string
  readonly at: number
}

export interface Syncing {
  readonly userId: string
  readonly device: string
  /** The place in the stream after which the answer begins; undefined: all. */
  readonly since: number | undefined
  readonly now: number
  readonly filter: Body
  readonly rooms: Iterable<StoredRoom>
  readonly presences: ReadonlyMap<string, Presence>
  /** The user's account data: of all, and of a room, by type. */
  readonly accountData: Iterable<{
    readonly type: string
    readonly room?: string
    readonly content: Body
    readonly at: number
  }>
  /** Most events of a room, where a test wants gaps. */
  readonly limit?: number
}

/** The answer to `GET /sync`; undefined where there is nothing to tell. */
export function syncAnswer(asked: Syncing): Body | undefined {
  const { filter, since, now, presences } = asked
  const inRooms = bodyOf(filter['room'])
  const wanted = Array.isArray(inRooms['rooms']) && inRooms['rooms'].length === 0 ? [] : [...asked.rooms]
  const join = Object.fromEntries(wanted.flatMap((room) => joined(room, asked)))
  const leave = Object.fromEntries(wanted.flatMap((room) => left(room, asked)))
  const invite = Object.fromEntries(wanted.flatMap((room) => invited(room, asked)))
  const presence = types(filter['presence'], 'm.presence')
    ? [...presences].filter(([, { at }]) => at > (since ?? -1)).map(([sender, each]) => presenceOf(sender, each))
    : []
  const data = [...asked.accountData].filter(
    ({ room, at, type }) => room === undefined && at > (since ?? -1) && types(filter['account_data'], type),
  )
  const isNews = [join, leave, invite].some((each) => Object.keys(each).length > 0) || presence.length + data.length > 0
  if (!isNews && since !== undefined) return undefined
  return {
    next_batch: `s${now}`,
    rooms: { join, leave, invite },
    presence: { events: presence },
    account_data: { events: data.map(({ type, content }) => ({ type, content })) },
  }
}

/** An event as a client gets it. */
export function eventFor(event: Stored, room: StoredRoom, device: string): Body {
  const { id, type, sender, content, ts, stateKey, before, redacts, redactedBy, transaction } = event
  const edit = room.events.findLast(
    (each) =>
      each.sender === sender &&
      bodyOf(each.content['m.relates_to'])['rel_type'] === 'm.replace' &&
      bodyOf(each.content['m.relates_to'])['event_id'] === id,
  )
  return {
    event_id: id,
    type,
    sender,
    content,
    origin_server_ts: ts,
    ...(stateKey !== undefined && { state_key: stateKey }),
    ...(redacts !== undefined && { redacts }),
    unsigned: {
      ...(before !== undefined && { prev_content: before }),
      ...(redactedBy !== undefined && { redacted_because: redactedBy }),
      ...(transaction?.device === device && { transaction_id: transaction.id }),
      ...(edit !== undefined && {
        'm.relations': { 'm.replace': { sender, event_id: edit.id, content: edit.content } },
      }),
    },
  }
}

function joined(room: StoredRoom, asked: Syncing): [string, Body][] {
  const { userId, since, device, filter } = asked
  if (membershipIn(room, userId) !== 'join') return []
  const from = since ?? -1
  const isNew = (ownMove(room, userId)?.at ?? 0) > from
  const { typing, receipts, timeline, state } = partsOf(filter)
  const limit = Math.min(asked.limit ?? Infinity, Number(timeline['limit'] ?? 10))
  const news = room.events.filter(({ at, type }) => (isNew || at > from) && types(timeline, type))
  const events = news.slice(-limit)
  const first = events[0]
  const accountData = [...asked.accountData].filter((each) => each.room === room.id && each.at > from)
  const ephemeral = [
    ...(typing && room.typedAt > from && (room.typedAt > 0 || !isNew)
      ? [{ type: 'm.typing', content: { user_ids: [...room.typing] } }]
      : []),
    ...(receipts ? receiptsOf(room, isNew ? -1 : from) : []),
  ]
  if (events.length + ephemeral.length + accountData.length === 0 && since !== undefined) return []
  const members = [
    ...new Set(room.events.flatMap(({ type, stateKey }) => (type === 'm.room.member' && stateKey ? [stateKey] : []))),
  ]
  const count = (wanted: string) => members.filter((each) => membershipIn(room, each) === wanted).length
  const shown = (event: Stored) => eventFor(event, room, device)
  return [
    [
      room.id,
      {
        timeline: {
          events: events.map(shown),
          limited: news.length > events.length,
          prev_batch: `t${first?.at ?? asked.now + 1}`,
        },
        state: { events: stateFor(room, events, isNew, members, state).map(shown) },
        ephemeral: { events: ephemeral },
        account_data: { events: accountData.map(({ type, content }) => ({ type, content })) },
        summary: {
          'm.heroes': members
            .filter((each) => each !== userId && ['join', 'invite'].includes(String(membershipIn(room, each))))
            .slice(0, 5),
          'm.joined_member_count': count('join'),
          'm.invited_member_count': count('invite'),
        },
      },
    ],
  ]
}

/** Lazy members: those who speak; with a room that is new, those whose names make the room's, and the rest of its state. */
function stateFor(
  room: StoredRoom,
  timeline: readonly Stored[],
  isNew: boolean,
  members: readonly string[],
  filter: Body,
) {
  const speak = new Set(timeline.map(({ sender }) => sender))
  const people = isNew ? members.slice(0, 6) : [...speak]
  const keys = new Set(room.events.filter(({ stateKey }) => stateKey === '').map(({ type }) => type))
  const all = [
    ...people.flatMap((each) => stateIn(room, 'm.room.member', each) ?? []),
    ...(isNew ? [...keys].flatMap((type) => stateIn(room, type) ?? []) : []),
  ]
  return all.filter((event) => types(filter, event.type) && !timeline.includes(event))
}

function left(room: StoredRoom, { userId, since, device, filter }: Syncing): [string, Body][] {
  const own = ownMove(room, userId)
  const is = membershipIn(room, userId)
  if (since === undefined || own === undefined || (is !== 'leave' && is !== 'ban') || own.at <= since) return []
  const wasIn = own.before?.['membership'] === 'join'
  const { timeline } = partsOf(filter)
  const events = room.events.filter(
    ({ at, type }) => at > since && at <= own.at && types(timeline, type) && (wasIn || at === own.at),
  )
  return [
    [
      room.id,
      {
        timeline: { events: events.map((each) => eventFor(each, room, device)), limited: false },
        state: { events: [] },
      },
    ],
  ]
}

function invited(room: StoredRoom, { userId, since }: Syncing): [string, Body][] {
  const own = ownMove(room, userId)
  if (own === undefined || membershipIn(room, userId) !== 'invite' || own.at <= (since ?? -1)) return []
  const parts = [stateIn(room, 'm.room.member', own.sender), stateIn(room, 'm.room.name'), own]
  const events = parts.flatMap((each) =>
    each === undefined
      ? []
      : [{ type: each.type, sender: each.sender, state_key: each.stateKey, content: each.content }],
  )
  return [[room.id, { invite_state: { events } }]]
}

function ownMove(room: StoredRoom, userId: string): Stored | undefined {
  return room.events.findLast(
    ({ type, stateKey, content, before }) =>
      type === 'm.room.member' && stateKey === userId && content['membership'] !== before?.['membership'],
  )
}

function receiptsOf({ receipts }: StoredRoom, from: number): Body[] {
  const news = [...receipts].filter(([, { at }]) => at > from)
  if (news.length === 0) return []
  const content: Record<string, Record<string, Record<string, unknown>>> = {}
  for (const [userId, { event, ts }] of news) {
    const read = (content[event] ??= { 'm.read': {} })
    read['m.read'] = { ...read['m.read'], [userId]: { ts } }
  }
  return [{ type: 'm.receipt', content }]
}

function presenceOf(sender: string, { presence, statusMsg }: Presence): Body {
  return { type: 'm.presence', sender, content: { presence, ...(statusMsg !== '' && { status_msg: statusMsg }) } }
}

function partsOf(filter: Body) {
  const room = bodyOf(filter['room'])
  const { timeline, state, ephemeral } = room
  return {
    timeline: bodyOf(timeline),
    state: bodyOf(state),
    typing: types(ephemeral, 'm.typing'),
    receipts: types(ephemeral, 'm.receipt'),
  }
}

/** Whether a filter lets a type through ("Filtering", `types`). */
export function types(filter: unknown, type: string): boolean {
  const { types: wanted } = bodyOf(filter)
  return !Array.isArray(wanted) || wanted.includes(type)
}
