import { within } from '../sip/dialogs.ts'
import { SipError } from '../sip/sip.ts'
import type { SipLink } from '../sip/transactions.ts'
import { room } from './room.ts'
import type { Participant, Room, RoomOptions } from './room.ts'

/** The conferences that have somebody in them. */
export interface Rooms {
  readonly open: () => Room
  readonly find: (uri: string) => Room | undefined
  /** Throws 404 where there is none. */
  readonly found: (uri: string) => Room
  /** Takes a participant out; a conference without any is over. */
  readonly leave: (where: Room, participant: Participant) => void
  /** As leave, and says BYE. */
  readonly sayBye: (where: Room, participant: Participant) => void
  readonly dropLink: (link: SipLink) => void
}

export function rooms(options: RoomOptions): Rooms {
  const byUri = new Map<string, Room>()
  const find = (uri: string) => byUri.get(uri.toLowerCase())

  function leave(where: Room, participant: Participant): void {
    where.remove(participant)
    if (where.participants.length === 0) byUri.delete(where.uri)
  }

  return {
    find,
    leave,
    open() {
      const made = room(options)
      byUri.set(made.uri, made)
      return made
    },
    found(uri) {
      const there = find(uri)
      if (there === undefined) throw new SipError(404, 'The conference does not exist')
      return there
    },
    sayBye(where, participant) {
      void participant.link.request(within(participant.dialog, 'BYE'))
      leave(where, participant)
    },
    dropLink(link) {
      for (const where of byUri.values()) {
        for (const each of where.participants) if (each.link === link) leave(where, each)
      }
    },
  }
}
