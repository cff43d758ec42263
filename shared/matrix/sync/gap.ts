import { unreadParts } from '../../upstream/unread.ts'
import { listIn, textIn } from '../json.ts'
import type { MatrixServer } from '../server.ts'
import type { MatrixSession } from '../session.ts'
import { roomEventsIn, type Room, type RoomEvent } from './answer.ts'
import { digestOf } from './cursor.ts'
import { MESSAGES } from './filter.ts'

/** Most events of one room that are fetched for a gap, and how many at once: a mailbox holds no more to any use. */
export const GAP_EVENTS = { most: 500, page: 100 } as const

export interface Filled {
  /** What came after what is kept, in the room's order. */
  readonly events: readonly RoomEvent[]
  /** What came before that was too much: it is in the history. */
  readonly lost: boolean
}

/**
 * What a room's timeline left out (`limited`), page by page backwards from where it begins (`GET /rooms/{roomId}/messages`,
 * `#get_matrixclientv3roomsroomidmessages`) to where the answer before ended:
 *
 *   since ─── 1 2 3 ── … ── 40 ──┊── 41 … 90   the timeline, limited
 *         ╰── page 2 ──╯╰ page 1 ╯             until `since`, or the event that is kept already, or the bound
 */
export async function filled(
  room: Room,
  { since, kept }: { readonly since: string; readonly kept: string | undefined },
  { base, tokens }: MatrixSession,
  { ask }: MatrixServer,
): Promise<Filled> {
  const isKept = ({ id }: RoomEvent) => kept !== undefined && digestOf(id) === kept
  const at = room.timeline.findLastIndex(isKept)
  if (at >= 0) return { events: room.timeline.slice(at + 1), lost: false }
  if (!room.limited || room.before === undefined) return { events: room.timeline, lost: false }
  const pages: (readonly RoomEvent[])[] = []
  let from: string | undefined = room.before
  while (from !== undefined) {
    if (pages.length >= GAP_EVENTS.most / GAP_EVENTS.page) return { events: together(pages, room), lost: true }
    const said = await ask(base, {
      method: 'GET',
      path: `/_matrix/client/v3/rooms/${encodeURIComponent(room.id)}/messages`,
      query: { dir: 'b', from, to: since, limit: String(GAP_EVENTS.page), filter: MESSAGES },
      token: tokens.access,
      doing: 'fetching what an answer left out',
    })
    const page = roomEventsIn(said['chunk'], 'messages', unreadParts()).toReversed()
    const before = page.findLastIndex(isKept)
    pages.push(page.slice(before + 1))
    if (before >= 0) break
    const end = textIn(said['end'])
    from = end === from || listIn(said['chunk']).length === 0 ? undefined : end
  }
  return { events: together(pages, room), lost: false }
}

function together(pages: readonly (readonly RoomEvent[])[], { timeline }: Room): RoomEvent[] {
  return [...pages.toReversed().flat(), ...timeline]
}
