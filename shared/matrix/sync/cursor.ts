import { createHash } from 'node:crypto'
import { AVAILABILITIES, type Availability } from '../../rules/messaging.ts'
import { isObject, membersOf, textIn } from '../json.ts'

/** How far a session has come. The server's own place is a token of it (`since`, "Syncing"), which only it reads. */
export interface MatrixCursor {
  /** `next_batch` of the answer that is kept as a whole. */
  readonly since: string
  /** What the session begins with (rooms, contacts) was not brought yet. */
  readonly isNew: boolean
  /** How the user chose to be seen. It goes into each held GET, which would say something else otherwise. */
  readonly chosen: Availability
  /** What of the answer after `since` is kept already: of each room the last event, both by a digest of their ids. */
  readonly kept: Readonly<Record<string, string>>
}

/** As the service keeps it: JSON, with what goes without saying left out. */
export function printCursor({ since, isNew, chosen, kept }: MatrixCursor): string {
  return JSON.stringify({
    s: since,
    ...(isNew && { n: 1 }),
    ...(chosen !== 'available' && { p: chosen }),
    ...(Object.keys(kept).length > 0 && { k: kept }),
  })
}

/** @throws TypeError for a text that `printCursor` never wrote: the stack is of another upstream, or the item was changed */
export function cursorIn(text: string): MatrixCursor {
  const read = parsed(text)
  const since = textIn(read['s'])
  if (since === undefined) throw new TypeError(`${JSON.stringify(text.slice(0, 50))} is no cursor of Matrix`)
  const chosen = AVAILABILITIES.find((each) => each === read['p']) ?? 'available'
  const kept = Object.fromEntries(Object.entries(membersOf(read['k'])).map(([room, event]) => [room, String(event)]))
  return { since, isNew: read['n'] === 1, chosen, kept }
}

function parsed(text: string) {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

/** A short name of an id, for cursors: 48 bits. Two in one room's answer are the same once in some billions of answers. */
export function digestOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 8)
}
