import { randomInt } from 'node:crypto'
import type { CwaError } from '../../../shared/cwa/model.ts'
import { invitations } from './conferences/invitations.ts'
import { endpoint } from './endpoint.ts'
import type { Endpoint } from './endpoint.ts'
import type { NewEvent } from './event-queue.ts'
import { failureOf } from './http/failures.ts'
import type { ContactBook } from './presence/contacts.ts'
import { begin, newSession, receive } from './session.ts'
import type { InitiateSession, Session, SessionParts } from './session.ts'
import type { Trunk } from './trunk.ts'
import type { Account } from './users.ts'

export interface Sessions {
  readonly open: (account: Account, method: InitiateSession) => Promise<Session | CwaError>
  readonly find: (sid: string | undefined, uri: string) => Session | undefined
  readonly of: (uri: string) => readonly Session[]
  readonly all: () => readonly Session[]
  /** Ends conversations, presence and registration, as the user's own wish or for want of activity. */
  readonly end: (session: Session) => Promise<void>
  /** Forgets every session without a word to anybody, as a server that breaks down does. */
  readonly lose: () => void
}

export interface SessionsOptions extends Pick<SessionParts, 'clock' | 'onHeld' | 'conferenceTimers'> {
  readonly trunk: () => Trunk
  readonly bookOf: (account: Account) => ContactBook
  readonly timeoutMs: number
  /** The event of that name, as every session gets it at its start. */
  readonly configuration: NewEvent
}

interface Open {
  readonly session: Session
  readonly endpoint: Endpoint
  stopTimer: () => void
}

export function sessions(options: SessionsOptions): Sessions {
  const { clock } = options
  const offer = invitations(clock)
  const { add, end, touch, all, lose } = openSessions(options)

  async function open(account: Account, method: InitiateSession): Promise<Session | CwaError> {
    const trunk = options.trunk()
    const link = await trunk.link()
    if (link === undefined) return { code: 18_301, reason: 'The communications server cannot be reached' }
    const { uri, displayName } = account
    const own = endpoint({
      clock,
      trunk,
      link,
      uri,
      displayName,
      receive: (request) => receive(session, offer, request),
    })
    const [sid, book] = [newSid(all()), options.bookOf(account)]
    const session = newSession({ ...options, endpoint: own, account, method, sid, book, touch })
    const response = await own.register()
    if (response.status >= 300) {
      own.detach()
      return failureOf(response)
    }
    add(session, own)
    const error = await begin(session, method, options.configuration)
    if (error !== undefined) await end(session)
    return error ?? session
  }

  return {
    open,
    end,
    all,
    lose,
    find: (sid, uri) => all().find((session) => session.sid === sid && session.uri === uri),
    of: (uri) => all().filter((session) => session.uri === uri),
  }
}

interface Open {
  readonly session: Session
  readonly endpoint: Endpoint
  stopTimer: () => void
}

interface OpenSessions extends Pick<Sessions, 'all' | 'end' | 'lose'> {
  readonly add: (session: Session, endpoint: Endpoint) => void
  readonly touch: (session: Session) => void
}

/** The sessions that are open, each until its client has been silent for `timeoutMs`. */
function openSessions({ clock, timeoutMs }: Pick<SessionsOptions, 'clock' | 'timeoutMs'>): OpenSessions {
  const bySid = new Map<string, Open>()

  function forget({ session, stopTimer }: Open): void {
    bySid.delete(session.sid)
    stopTimer()
    session.presence.end()
    session.roaming.end()
    session.queue.end()
  }

  async function end({ sid }: Session): Promise<void> {
    const open = bySid.get(sid)
    if (open === undefined) return
    open.session.conferences.end()
    forget(open)
    await open.endpoint.leave()
  }

  function touch(session: Session): void {
    const open = bySid.get(session.sid)
    if (open === undefined) return
    open.stopTimer()
    // A held GET is a client that is there.
    open.stopTimer = clock.after(timeoutMs, () => (session.queue.isHeld() ? touch(session) : void end(session)))
  }

  return {
    end,
    touch,
    all: () => [...bySid.values()].map(({ session }) => session),
    add(session, endpoint) {
      bySid.set(session.sid, { session, endpoint, stopTimer: () => {} })
      touch(session)
    },
    lose() {
      for (const each of bySid.values()) {
        each.endpoint.detach()
        forget(each)
      }
    },
  }
}

function newSid(open: readonly Session[]): string {
  const sid = String(randomInt(1, 2 ** 31))
  return open.some((session) => session.sid === sid) ? newSid(open) : sid
}
