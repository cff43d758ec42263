import { isRefusal, MatrixFault } from '../faults.ts'
import type { Json } from '../json.ts'
import { membersOf, textIn } from '../json.ts'
import type { Asked, MatrixServer } from '../server.ts'
import type { MatrixSession } from '../session.ts'

/** A session's requests of a room. */
export interface Calls {
  readonly session: MatrixSession
  readonly ask: (asked: Omit<Asked, 'token'>) => Promise<Json>
  /** A transaction's id: the same in a repeat ("Transaction identifiers"). `part` tells apart what one command sends. */
  readonly transaction: string
}

export function callsOf(session: MatrixSession, { ask }: MatrixServer, key: number): Calls {
  return {
    session,
    transaction: `${session.nonce}.${key}`,
    ask: (asked) => ask(session.base, { ...asked, token: session.tokens.access }),
  }
}

export function inRoom(room: string, rest: string): string {
  return `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/${rest}`
}

/** Sends an event into a room (`#put_matrixclientv3roomsroomidsendeventtypetxnid`). @returns its id */
export async function sendEvent(room: string, content: Json, { ask, transaction }: Calls): Promise<string | undefined> {
  const path = inRoom(room, `send/m.room.message/${encodeURIComponent(transaction)}`)
  return textIn((await ask({ method: 'PUT', path, body: content, doing: 'sending' }))['event_id'])
}

/** A state event's content (`#get_matrixclientv3roomsroomidstateeventtypestatekey`); undefined where there is none, or none for us. */
export async function stateOf(room: string, type: string, key: string, { ask }: Calls): Promise<Json | undefined> {
  const path = inRoom(room, `state/${type}/${encodeURIComponent(key)}`)
  return ask({ method: 'GET', path, doing: 'looking at a room' }).catch((thrown: unknown) => {
    if (isRefusal(thrown)) return undefined
    throw thrown
  })
}

/** `join`, `invite`, `leave`, `ban` or `knock`; undefined where the room knows nothing of the user, or is none. */
export async function membershipOf(room: string, userId: string, calls: Calls): Promise<string | undefined> {
  return textIn(membersOf(await stateOf(room, 'm.room.member', userId, calls))['membership'])
}

/**
 * Does what a repeat may find done already: where the server refuses, it is asked whether all is as it should be.
 *
 *   POST kick ✔ (answer lost) ── POST kick again: 403, "not in the room" ── is out: done
 */
export async function unlessDone(act: Promise<unknown>, isDone: () => Promise<boolean>): Promise<void> {
  try {
    await act
  } catch (thrown) {
    if (!(thrown instanceof MatrixFault) || !isRefusal(thrown) || !(await isDone())) throw thrown
  }
}
