import { randomBytes } from 'node:crypto'
import type { Clock } from '../../../../shared/clock.ts'

/** The `CWA-Ticket`s: who holds one may act as its user. Each sign-in starts a line of tickets that follow each other. */
export interface Tickets {
  readonly issue: (uri: string) => string
  /** Whose ticket it is, and which one to use from now on; undefined for one that is unknown or expired. */
  readonly check: (ticket: string | undefined) => { readonly uri: string; readonly newest: string } | undefined
  /** Puts a new ticket in the place of each one of this user. The old ones work on for the overlap. */
  readonly rotate: (uri: string) => void
  readonly expire: (uri: string) => void
  readonly clear: () => void
}

export interface TicketOptions {
  readonly clock: Clock
  /** Age at which a ticket is replaced, with the next request that carries it. */
  readonly rotateMs: number
  /** How long a replaced ticket still works. */
  readonly overlapMs: number
  /** A ticket that no client showed for this long has expired. */
  readonly idleMs: number
}

interface Line {
  readonly uri: string
  newest: string
  since: number
  usedAt: number
}

export function tickets({ clock, rotateMs, overlapMs, idleMs }: TicketOptions): Tickets {
  const byTicket = new Map<string, { readonly line: Line; until: number }>()

  function add(line: Line): string {
    const ticket = randomBytes(48).toString('base64')
    line.newest = ticket
    line.since = clock.now()
    byTicket.set(ticket, { line, until: Infinity })
    return ticket
  }

  function renew(line: Line): void {
    const old = byTicket.get(line.newest)
    if (old !== undefined) old.until = clock.now() + overlapMs
    add(line)
  }

  function forget(gone: (line: Line, until: number) => boolean): void {
    for (const [ticket, { line, until }] of byTicket) if (gone(line, until)) byTicket.delete(ticket)
  }

  return {
    issue: (uri) => add({ uri, newest: '', since: 0, usedAt: clock.now() }),
    check(ticket) {
      const now = clock.now()
      forget((line, until) => until <= now || line.usedAt + idleMs <= now)
      const found = ticket === undefined ? undefined : byTicket.get(ticket)
      if (found === undefined) return undefined
      const { line } = found
      line.usedAt = now
      if (now - line.since >= rotateMs) renew(line)
      return { uri: line.uri, newest: line.newest }
    },
    rotate(uri) {
      for (const line of new Set([...byTicket.values()].map(({ line }) => line))) if (line.uri === uri) renew(line)
    },
    expire: (uri) => forget((line) => line.uri === uri),
    clear: () => byTicket.clear(),
  }
}
