import type { Command, Conversation } from '../../rules/messaging.ts'
import { NotPossible } from '../../upstream/not-possible.ts'
import { isRefusal, MatrixFault } from '../faults.ts'
import { textIn, type Json } from '../json.ts'
import { directOf, type Direct } from '../sync/snapshot.ts'
import type { EncryptedRooms } from './encrypted.ts'
import { membershipOf, sendEvent, unlessDone, inRoom, type Calls } from './room-calls.ts'

type Start = Extract<Command, { kind: 'start' }>

/**
 * A conversation, begun: the room that the user has with somebody already, or a new one, and the first message in it.
 *
 * `POST /createRoom` (`#post_matrixclientv3createroom`) has no transaction id, so that a repeat would make another room.
 * The room's alias is made of the command's number instead, and an alias is had by one room:
 *
 *   function 1   createRoom #cs-k3J9.4 ✔ ─ dies
 *   function 2   createRoom #cs-k3J9.4 ✘ M_ROOM_IN_USE ─ asks which room has it ─ goes on there        two rooms, two texts
 *
 * The alias is not shown as the room's name: an empty m.room.canonical_alias takes its place.
 *
 * @param to their user ids
 */
export async function start(
  { text, subject }: Start,
  to: readonly string[],
  calls: Calls,
  encrypted: EncryptedRooms,
): Promise<{ readonly conversation: Conversation; readonly message?: string }> {
  const [first] = to
  const alone = to.length === 1 && subject === undefined ? first : undefined
  const direct = alone === undefined ? undefined : await directRooms(calls)
  const had = alone === undefined || direct === undefined ? undefined : await roomWith(alone, direct, calls)
  const room = had ?? (await created(to, subject, calls))
  if (alone !== undefined && direct !== undefined && had === undefined) await noteDirect(alone, room, calls)
  await encrypted.refuse(room, calls)
  const message = await sendEvent(room, { msgtype: 'm.text', body: text }, calls)
  return { conversation: room, ...(message !== undefined && { message }) }
}

/** `m.direct` of the account data (`#get_matrixclientv3useruseridaccount_datatype`). */
async function directRooms({ ask, session }: Calls): Promise<Direct> {
  const asked = { method: 'GET', path: directPath(session.userId), doing: 'looking for a conversation' } as const
  return directOf(await ask(asked).catch(emptyIfNone))
}

function directPath(userId: string): string {
  return `/_matrix/client/v3/user/${encodeURIComponent(userId)}/account_data/m.direct`
}

function emptyIfNone(thrown: unknown): Json {
  if (isRefusal(thrown) && thrown.status === 404) return {}
  throw thrown
}

/** The newest room of the two, if both are still in it, or the other is invited. */
async function roomWith(userId: string, direct: Direct, calls: Calls): Promise<string | undefined> {
  const room = direct.get(userId)?.at(-1)
  if (room === undefined) return undefined
  const is = await membershipOf(room, userId, calls)
  return is === 'join' || is === 'invite' ? room : undefined
}

async function created(invite: readonly string[], subject: string | undefined, calls: Calls): Promise<string> {
  const { ask, session, transaction } = calls
  const alias = `cs-${transaction}`
  const isDirect = invite.length === 1 && subject === undefined
  const body = {
    preset: isDirect ? 'trusted_private_chat' : 'private_chat',
    is_direct: isDirect,
    invite,
    room_alias_name: alias,
    initial_state: [{ type: 'm.room.canonical_alias', state_key: '', content: {} }],
    ...(subject !== undefined && { name: subject }),
  }
  try {
    const said = await ask({ method: 'POST', path: '/_matrix/client/v3/createRoom', body, doing: 'making a room' })
    const room = textIn(said['room_id'])
    if (room !== undefined) return room
  } catch (thrown) {
    if (!(thrown instanceof MatrixFault) || thrown.errcode !== 'M_ROOM_IN_USE') throw thrown
  }
  const server = session.userId.slice(session.userId.indexOf(':'))
  return found(`#${alias}${server}`, invite, calls)
}

/** The room that a function before this one made, with everybody invited: that one may have died while the server made it. */
async function found(alias: string, invite: readonly string[], calls: Calls): Promise<string> {
  // `#get_matrixclientv3directoryroomroomalias`
  const path = `/_matrix/client/v3/directory/room/${encodeURIComponent(alias)}`
  const room = textIn((await calls.ask({ method: 'GET', path, doing: 'looking for a room' }))['room_id'])
  if (room === undefined) throw new NotPossible('the server has a room of this name, and does not say which')
  for (const userId of invite) await inviteTo(room, userId, calls)
  return room
}

/** `#post_matrixclientv3roomsroomidinvite`; that somebody is there already is no refusal. */
export async function inviteTo(room: string, userId: string, calls: Calls): Promise<void> {
  await unlessDone(
    calls.ask({ method: 'POST', path: inRoom(room, 'invite'), body: { user_id: userId }, doing: 'inviting' }),
    async () => ['invite', 'join'].includes((await membershipOf(room, userId, calls)) ?? ''),
  )
}

/** Clients find a conversation of two by this; what others wrote there meanwhile stays. */
async function noteDirect(userId: string, room: string, calls: Calls): Promise<void> {
  const { ask, session } = calls
  const path = directPath(session.userId)
  const now = await ask({ method: 'GET', path, doing: 'noting a conversation' }).catch(emptyIfNone)
  const rooms = directOf(now).get(userId) ?? []
  if (rooms.includes(room)) return
  await ask({ method: 'PUT', path, body: { ...now, [userId]: [...rooms, room] }, doing: 'noting a conversation' })
}
