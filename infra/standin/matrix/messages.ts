import { bodyOf, No, type Body } from './request.ts'
import type { StoredRoom } from './rooms.ts'
import { eventFor, types } from './sync.ts'

/** A place in the stream: `s9` is after event 9 (of `GET /sync`), `t9` before it (`prev_batch`, and the end of a page). */
function placeOf(token: string | undefined, otherwise: number): number {
  if (token === undefined) return otherwise
  const [, kind, at] = /^([st])(\d+)$/.exec(token) ?? []
  if (at === undefined) throw new No(400, 'M_INVALID_PARAM', 'Invalid from parameter')
  return kind === 's' ? Number(at) + 1 : Number(at)
}

/** `GET /rooms/{roomId}/messages`, backwards: the newest first. */
export function messagesPage(room: StoredRoom, device: string, query: Readonly<Record<string, string>>): Body {
  const from = placeOf(query['from'], Infinity)
  const to = placeOf(query['to'], 0)
  const filter: unknown = JSON.parse(query['filter'] ?? '{}')
  const wanted = room.events.filter(({ at, type }) => at < from && at >= to && types(bodyOf(filter), type))
  const chunk = wanted.slice(-Number(query['limit'] ?? 10)).toReversed()
  const last = chunk.at(-1)
  const more = last !== undefined && wanted.length > chunk.length
  return {
    chunk: chunk.map((each) => eventFor(each, room, device)),
    start: query['from'] ?? '',
    ...(more && { end: `t${last.at}` }),
  }
}
