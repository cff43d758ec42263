import type { ImEvent } from '../../rules/messaging.ts'
import { membersOf, textIn } from '../json.ts'
import { isRefusal } from '../faults.ts'
import type { MatrixServer } from '../server.ts'
import type { MatrixSession } from '../session.ts'
import type { RoomEvent } from './answer.ts'
import { editIn } from './said.ts'

/** Of how many messages a listener remembers who said them. */
const REMEMBERED = 500

export interface Editors {
  /** What is left of an event's meaning: an edit by somebody who did not say the message is none. */
  readonly genuine: (meant: readonly ImEvent[], event: RoomEvent, session: MatrixSession) => Promise<readonly ImEvent[]>
}

/**
 * Holds edits to their authors. The server checks who takes a message back, and not who replaces it: that is the client's
 * ("Event replacements", "Validity of replacement events"). What this listener did not see is asked for
 * (`#get_matrixclientv3roomsroomideventeventid`).
 */
export function editorsOf({ ask }: Pick<MatrixServer, 'ask'>): Editors {
  const senders = new Map<string, string>()

  const remember = (id: string, sender: string) => {
    senders.set(id, sender)
    for (const oldest of senders.keys()) {
      if (senders.size <= REMEMBERED) break
      senders.delete(oldest)
    }
  }

  const senderOf = async (room: string, id: string, { base, tokens }: MatrixSession): Promise<string | undefined> => {
    const known = senders.get(id)
    if (known !== undefined) return known
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/event/${encodeURIComponent(id)}`
    const doing = 'looking who said a message'
    try {
      const sender = textIn(membersOf(await ask(base, { method: 'GET', path, token: tokens.access, doing }))['sender'])
      if (sender !== undefined) remember(id, sender)
      return sender
    } catch (thrown) {
      if (isRefusal(thrown)) return undefined
      throw thrown
    }
  }

  return {
    async genuine(meant, event, session) {
      const edit = editIn(event)
      if (edit === undefined) {
        if (meant.some(({ kind }) => kind === 'message')) remember(event.id, event.sender)
        return meant
      }
      const [edited] = meant
      if (edited?.kind !== 'edited') return meant
      return (await senderOf(edited.conversation, edit.of, session)) === event.sender ? meant : []
    },
  }
}
