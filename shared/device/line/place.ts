import type { Connection } from './connection.ts'

/**
 * Where a session is.
 *
 *   nowhere ── a connection is kept ──→ on ── the gateway ends it soon ──→ moving ── the next one is kept ──→ on
 *      ↑                                │                                    │
 *      ╰───────── it broke ─────────────╯                                    ╰── it broke: moving, from nothing
 */
export type Place =
  /** On no connection: the device has not logged in yet, or the connection broke. */
  | { readonly kind: 'nowhere' }
  /** `since`: when the session came to this connection, in epoch milliseconds. */
  | { readonly kind: 'on'; readonly connection: Connection; readonly since: number }
  /** Between two connections: new questions wait. `from` is undefined once the old connection broke, too. */
  | { readonly kind: 'moving'; readonly from: Connection | undefined; readonly since: number }

export const NOWHERE: Place = { kind: 'nowhere' }

/** The connection that the session is on, or is about to leave. */
export function connectionAt(place: Place): Connection | undefined {
  if (place.kind === 'moving') return place.from
  return place.kind === 'on' ? place.connection : undefined
}

/** The place once its connection is gone. A move that is under way goes on. */
export function withoutConnection(place: Place): Place {
  return place.kind === 'moving' ? { ...place, from: undefined } : NOWHERE
}

/** The place as the move from `old` begins; undefined where the session has left `old` already. */
export function leaving(place: Place, old: Connection): Place | undefined {
  return place.kind === 'on' && place.connection === old ? { kind: 'moving', from: old, since: place.since } : undefined
}

/** The place after a move that failed. */
export function afterFailedMove(place: Place): Place {
  if (place.kind !== 'moving') return place
  return place.from === undefined ? NOWHERE : { kind: 'on', connection: place.from, since: place.since }
}
