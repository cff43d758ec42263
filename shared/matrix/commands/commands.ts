import type { Clock } from '../../clock.ts'
import type { Command, Uri } from '../../rules/messaging.ts'
import { NotPossible } from '../../upstream/not-possible.ts'
import type { SentOutcome } from '../../upstream/upstream.ts'
import { isRoomId, userIdOf } from '../identity.ts'
import { membersOf, textIn } from '../json.ts'
import { presenceBody } from '../presence.ts'
import { LEVELS } from '../sync/roles.ts'
import { encryptedRooms } from './encrypted.ts'
import { history, search } from './questions.ts'
import { inRoom, membershipOf, sendEvent, stateOf, unlessDone, type Calls } from './room-calls.ts'
import { inviteTo, start } from './start.ts'
import { typingNotices } from './typing.ts'

/**
 * Carries out commands, each as often as it is asked and done once: by a transaction id, by an alias, or as it says how
 * things are to be.
 *
 * @throws NotPossible for what is no user or no room of Matrix, or would be said in the clear where all is encrypted
 */
export function commands(
  clock: Pick<Clock, 'now'>,
): (command: Command, key: number, calls: Calls) => Promise<SentOutcome> {
  const encrypted = encryptedRooms(clock)
  const typing = typingNotices()
  return async (command, key, calls) => {
    if ('conversation' in command && command.kind !== 'join') mustBeRoom(command.conversation)
    switch (command.kind) {
      case 'start':
        return start(command, command.to.map(userOf), calls, encrypted)
      case 'message': {
        await encrypted.refuse(command.conversation, calls)
        const sending = sendEvent(command.conversation, { msgtype: 'm.text', body: command.text }, calls)
        const [message] = await Promise.all([sending, typing.ends(command.conversation, calls)])
        return said(message)
      }
      case 'edit': {
        await encrypted.refuse(command.conversation, calls)
        return said(await sendEvent(command.conversation, replacement(command), calls))
      }
      case 'history':
        return { events: [await history(command, key, calls)] }
      case 'search':
        return { events: [await search(command, key, calls)] }
      case 'accept':
      case 'join':
        return { conversation: await joined(command.conversation, calls) }
      case 'typing':
        await typing.tell(command.conversation, command.typing, calls)
        return {}
      case 'leave':
      case 'presence':
      case 'note':
      case 'invite':
      case 'eject':
      case 'role':
      case 'delete':
      case 'read':
      case 'add-contact':
      case 'update-contact':
      case 'delete-contact':
      case 'access':
      case 'add-group':
      case 'rename-group':
      case 'delete-group':
      default:
        await carriedOut(command, calls)
        return {}
    }
  }
}

type Rest = Exclude<
  Command,
  { kind: 'start' | 'message' | 'edit' | 'history' | 'search' | 'accept' | 'join' | 'typing' }
>

async function carriedOut(command: Rest, calls: Calls): Promise<void> {
  const { ask, session, transaction } = calls
  switch (command.kind) {
    case 'leave':
      return leave(command.conversation, calls)
    case 'presence': {
      const path = `/_matrix/client/v3/presence/${encodeURIComponent(session.userId)}/status`
      await ask({ method: 'PUT', path, body: presenceBody(command.availability), doing: 'telling presence' })
      return
    }
    case 'invite':
      for (const uri of command.to) await inviteTo(command.conversation, userOf(uri), calls)
      return
    case 'eject':
      return eject(command.conversation, userOf(command.uri), calls)
    case 'role':
      return setLevel(command.conversation, userOf(command.uri), LEVELS[command.role], calls)
    case 'delete': {
      // `#put_matrixclientv3roomsroomidredacteventidtxnid`
      const rest = `redact/${encodeURIComponent(command.message)}/${encodeURIComponent(transaction)}`
      await ask({ method: 'PUT', path: inRoom(command.conversation, rest), body: {}, doing: 'taking a message back' })
      return
    }
    case 'read': {
      // `#post_matrixclientv3roomsroomidread_markers`: how far the user is, and what others see of it.
      const body = { 'm.fully_read': command.message, 'm.read': command.message }
      await ask({
        method: 'POST',
        path: inRoom(command.conversation, 'read_markers'),
        body,
        doing: 'telling what was read',
      })
      return
    }
    case 'access':
      throw new NotPossible('this server has no levels of access')
    case 'note':
      throw new NotPossible('the notes of this server are not read here, and so not written')
    case 'add-contact':
    case 'update-contact':
    case 'delete-contact':
    case 'add-group':
    case 'rename-group':
    case 'delete-group':
    default:
      throw new NotPossible(
        'this server keeps no contact list: those with whom there is a conversation are the contacts',
      )
  }
}

/** `#post_matrixclientv3joinroomidoralias`; a user who is there already stays. */
async function joined(room: string, { ask }: Calls): Promise<string> {
  if (!isRoomId(room) && !/^#[^\s:]+:\S+$/.test(room))
    throw new NotPossible('a room to join is named by an address such as #team:contoso.test')
  const path = `/_matrix/client/v3/join/${encodeURIComponent(room)}`
  return textIn((await ask({ method: 'POST', path, body: {}, doing: 'joining' }))['room_id']) ?? room
}

/** `#post_matrixclientv3roomsroomidleave`, which also says no to an invitation. */
async function leave(room: string, calls: Calls): Promise<void> {
  const { userId } = calls.session
  await unlessDone(
    calls.ask({ method: 'POST', path: inRoom(room, 'leave'), body: {}, doing: 'leaving' }),
    async () => (await membershipOf(room, userId, calls)) === 'leave',
  )
}

/** `#post_matrixclientv3roomsroomidkick` */
async function eject(room: string, userId: string, calls: Calls): Promise<void> {
  await unlessDone(
    calls.ask({ method: 'POST', path: inRoom(room, 'kick'), body: { user_id: userId }, doing: 'ejecting' }),
    async () => ['leave', 'ban'].includes((await membershipOf(room, userId, calls)) ?? ''),
  )
}

/** Levels are one event for all ("m.room.power_levels"), which is read and written: the last writer's stands. */
async function setLevel(room: string, userId: string, level: number, calls: Calls): Promise<void> {
  const levels = await stateOf(room, 'm.room.power_levels', '', calls)
  if (levels === undefined) throw new NotPossible('there is no such conversation')
  const users = { ...membersOf(levels['users']), [userId]: level }
  const path = inRoom(room, 'state/m.room.power_levels/')
  await calls.ask({ method: 'PUT', path, body: { ...levels, users }, doing: 'giving a role' })
}

/** "Event replacements": clients that know none show the text with a star before it. */
function replacement({ message, text }: Extract<Command, { kind: 'edit' }>) {
  return {
    msgtype: 'm.text',
    body: `* ${text}`,
    'm.new_content': { msgtype: 'm.text', body: text },
    'm.relates_to': { rel_type: 'm.replace', event_id: message },
  }
}

function said(message: string | undefined): SentOutcome {
  return message === undefined ? {} : { message }
}

function userOf(uri: Uri): string {
  const userId = userIdOf(uri)
  if (userId !== undefined) return userId
  throw new NotPossible('this server knows users by addresses such as matrix:u/ann:contoso.test')
}

function mustBeRoom(conversation: string): void {
  if (!isRoomId(conversation)) throw new NotPossible('there is no such conversation')
}
