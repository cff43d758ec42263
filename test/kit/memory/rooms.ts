import type { Command, ImEvent, Uri } from '../../../shared/rules/messaging.ts'
import type { SentOutcome } from '../../../shared/upstream/upstream.ts'

interface Room {
  readonly id: string
  readonly members: Set<string>
}

export interface RoomsOptions {
  /** Tells all sessions of a user. */
  readonly tell: (user: string, event: ImEvent) => void
  readonly uriOf: (user: string) => Uri
  readonly userOf: (uri: Uri) => string | undefined
  /** A message goes to these users. */
  readonly said: (text: string, to: readonly string[]) => void
}

export type InRoom = Extract<Command, { kind: 'start' | 'accept' | 'message' | 'leave' }>

/** The conversations of a server in memory: a room for each, whose members hear each other. */
export interface Rooms {
  readonly open: (id: string, members: readonly string[]) => void
  readonly carryOut: (user: string, command: InRoom, key: number) => SentOutcome
}

const NONE = { refused: 'there is no such conversation' }

export function rooms({ tell, uriOf, userOf, said }: RoomsOptions): Rooms {
  const all = new Map<string, Room>()
  const open = (id: string, members: readonly string[]) => void all.set(id, { id, members: new Set(members) })

  const ofMember = (user: string, id: string): Room | undefined => {
    const room = all.get(id)
    return room?.members.has(user) ? room : undefined
  }

  const start = (user: string, { to, text }: Extract<InRoom, { kind: 'start' }>): SentOutcome => {
    const invited = to.map(userOf)
    if (invited.some((each) => each === undefined)) return { refused: 'there is no such user' }
    const conversation = `room-${all.size + 1}`
    open(conversation, [user])
    for (const other of invited) {
      if (other !== undefined) tell(other, { kind: 'invitation', conversation, from: uriOf(user), text })
    }
    tell(user, { kind: 'conversation', conversation, state: 'connecting' })
    return { conversation }
  }

  const message = (user: string, { conversation, text }: Extract<InRoom, { kind: 'message' }>, key: number) => {
    const room = ofMember(user, conversation)
    if (room === undefined) return NONE
    const others = [...room.members].filter((member) => member !== user)
    said(text, others)
    for (const other of others) tell(other, { kind: 'message', conversation, from: uriOf(user), text })
    tell(user, { kind: 'delivered', conversation, number: key })
    return {}
  }

  return {
    open,
    carryOut(user, command, key) {
      if (command.kind === 'start') return start(user, command)
      if (command.kind === 'message') return message(user, command, key)
      const { conversation } = command
      const room = command.kind === 'accept' ? all.get(conversation) : ofMember(user, conversation)
      if (room === undefined) return NONE
      if (command.kind === 'accept') {
        room.members.add(user)
        for (const member of room.members) tell(member, { kind: 'conversation', conversation, state: 'connected' })
      } else {
        room.members.delete(user)
        for (const member of room.members) tell(member, { kind: 'left', conversation, uri: uriOf(user) })
      }
      return {}
    },
  }
}
