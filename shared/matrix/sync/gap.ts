import type { UnreadParts } from '../../upstream/unread.ts'
import { isRefusal } from '../faults.ts'
import { textIn, type Json } from '../json.ts'
import type { MatrixServer } from '../server.ts'
import type { MatrixSession } from '../session.ts'
import { roomEventsIn, type Room, type RoomEvent } from './answer.ts'
import { digestOf } from './cursor.ts'
import { MESSAGES } from './filter.ts'

/** How much is fetched of what one room's timeline left out. */
export interface GapBounds {
  /** Events in all: some pages. */
  readonly most: number
  /** Events at once. */
  readonly page: number
}

/** A mailbox holds no more to any use. */
export const GAP_EVENTS: GapBounds = { most: 500, page: 100 }

export interface Filled {
  /** What came after what is kept, in the room's order. */
  readonly events: readonly RoomEvent[]
  /** There is more before that, which is not fetched: too much, or the server does not give it. It is in the history. */
  readonly lost: boolean
}

/** From where to where, and by whose means. */
export interface Filling {
  readonly since: string
  /** The event that is kept already, by its digest. */
  readonly kept: string | undefined
  readonly bounds: GapBounds
  readonly session: MatrixSession
  readonly server: MatrixServer
  readonly unread: UnreadParts
}

/**
 * What a room's timeline left out (`limited`), page by page backwards from where it begins (`GET /rooms/{roomId}/messages`,
 * `#get_matrixclientv3roomsroomidmessages`) to where the answer before ended:
 *
 *   since ─── 1 2 3 ── … ── 40 ──┊── 41 … 90   the timeline, limited
 *         ╰── page 2 ──╯╰ page 1 ╯             until `since`, or the event that is kept already, or the bound
 */
export async function filled(room: Room, filling: Filling): Promise<Filled> {
  const { kept, bounds, unread } = filling
  const isKept = ({ id }: RoomEvent) => kept !== undefined && digestOf(id) === kept
  const at = room.timeline.findLastIndex(isKept)
  if (at >= 0) return { events: room.timeline.slice(at + 1), lost: false }
  if (!room.limited) return { events: room.timeline, lost: false }
  const pages: (readonly RoomEvent[])[] = []
  let from = room.before
  for (let left = bounds.most; from !== undefined && left >= 0; left -= bounds.page) {
    // A page that is full may be the last one. One event more says whether it was.
    const said = await page(room.id, { from, limit: left === 0 ? 1 : bounds.page }, filling)
    if (said === undefined) break
    const events = roomEventsIn(said['chunk'], 'messages', unread).toReversed()
    const before = events.findLastIndex(isKept)
    if (left === 0 && before < 0 && events.length > 0) break
    pages.push(events.slice(before + 1))
    const end = textIn(said['end'])
    // A page may be empty and not the last one: the server looks through so many events, whatever it shows of them.
    if (before >= 0 || end === undefined || end === from) return { events: together(pages, room), lost: false }
    from = end
  }
  return { events: together(pages, room), lost: true }
}

/** Undefined where the server says no: it has forgotten what was said, or never lets this user see it. */
async function page(
  room: string,
  { from, limit }: { readonly from: string; readonly limit: number },
  { since, session, server }: Filling,
): Promise<Json | undefined> {
  const asked = {
    method: 'GET',
    path: `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/messages`,
    query: { dir: 'b', from, to: since, limit: String(limit), filter: MESSAGES },
    token: session.tokens.access,
    doing: 'fetching what an answer left out',
  } as const
  return server.ask(session.base, asked).catch((thrown: unknown) => {
    if (isRefusal(thrown)) return undefined
    throw thrown
  })
}

function together(pages: readonly (readonly RoomEvent[])[], { timeline }: Room): RoomEvent[] {
  return [...pages.toReversed().flat(), ...timeline]
}
