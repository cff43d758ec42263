import { randomInt } from 'node:crypto'
import type { CwaError, PresenceOfUser, SessionMethod } from '../../../shared/cwa/model.ts'
import type { Clock } from '../clock.ts'
import type { Incoming } from '../lcs/incoming.ts'
import { conferences } from './conferences.ts'
import type { Conferences } from './conferences.ts'
import type { ContactBook } from './contacts.ts'
import { endpoint } from './endpoint.ts'
import type { Endpoint } from './endpoint.ts'
import { eventQueue } from './event-queue.ts'
import type { EventQueue, NewEvent } from './event-queue.ts'
import { failureOf } from './failures.ts'
import { sessionPresence, state } from './presence.ts'
import type { SessionPresence } from './presence.ts'
import type { Trunk } from './trunk.ts'
import type { Account } from './users.ts'
import { tagOf } from '../lcs/address.ts'
import { header } from '../lcs/sip.ts'

export type InitiateSession = Extract<SessionMethod, { method: 'initiateSession' }>

export interface Session {
  readonly sid: string
  readonly uri: string
  readonly queue: EventQueue
  readonly conferences: Conferences
  readonly presence: SessionPresence
  readonly book: ContactBook
  /** Whether contacts that are added are watched without being asked. */
  readonly watchesContacts: boolean
  /** The client has shown itself: the session lives on for its timeout. */
  readonly touch: () => void
  /** What the data channel says of the user; CWA publishes it as machine state. */
  readonly setActive: (active: boolean) => void
}

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

export interface SessionsOptions {
  readonly clock: Clock
  readonly trunk: () => Trunk
  readonly bookOf: (account: Account) => ContactBook
  readonly timeoutMs: number
  readonly onHeld: (session: Session) => void
}

const ACTIVE = 3500
const INACTIVE = 5000
const ONLINE = 3500

const CONFIGURATION: NewEvent = {
  event: 'configuration',
  imComposingTimers: { refreshInterval: 60, timeout: 120 },
  search: { defaultFunction: 'or', defaultFields: 12 },
  enableAppearOffline: true,
}

export function sessions(options: SessionsOptions): Sessions {
  const { clock, timeoutMs } = options
  const bySid = new Map<string, Session>()
  const endpoints = new Map<Session, Endpoint>()
  const stopTimers = new Map<Session, () => void>()

  function forget(session: Session): void {
    bySid.delete(session.sid)
    endpoints.delete(session)
    stopTimers.get(session)?.()
    stopTimers.delete(session)
    session.presence.end()
    session.queue.end()
  }

  async function end(session: Session): Promise<void> {
    const endpoint = endpoints.get(session)
    if (endpoint === undefined) return
    session.conferences.end()
    forget(session)
    await endpoint.leave()
  }

  function touch(session: Session): void {
    if (!bySid.has(session.sid)) return
    stopTimers.get(session)?.()
    const expire = () => {
      // A held GET is a client that is there.
      if (session.queue.isHeld()) touch(session)
      else void end(session)
    }
    stopTimers.set(session, clock.after(timeoutMs, expire))
  }

  function newSid(): string {
    const sid = String(randomInt(1, 2 ** 31))
    return bySid.has(sid) ? newSid() : sid
  }

  function build(account: Account, method: InitiateSession, endpoint: Endpoint): Session {
    const queue = eventQueue(clock, () => options.onHeld(session))
    const onChange = (user: PresenceOfUser) =>
      queue.add(
        user.uri === account.uri
          ? { event: 'selfPresence', categories: user.categories }
          : { event: 'userPresence', users: [user] },
      )
    const presence = sessionPresence({ clock, endpoint, onChange })
    let isActive = true
    const session: Session = {
      sid: newSid(),
      uri: account.uri,
      queue,
      presence,
      conferences: conferences({ clock, endpoint, add: queue.add }),
      book: options.bookOf(account),
      watchesContacts: method.autoSubscribePresenceForContacts ?? true,
      touch: () => touch(session),
      setActive(active) {
        if (active === isActive || method.autoPublishMachineState === false) return
        isActive = active
        void presence.publish([state('machineState', active ? ACTIVE : INACTIVE)])
      },
    }
    return session
  }

  async function open(account: Account, method: InitiateSession): Promise<Session | CwaError> {
    const trunk = options.trunk()
    const link = await trunk.link()
    if (link === undefined) return { code: 18_301, reason: 'The communications server cannot be reached' }
    const { uri, displayName } = account
    const own = endpoint({ clock, trunk, link, uri, displayName, receive: (incoming) => receive(session, incoming) })
    const session = build(account, method, own)
    const response = await own.register()
    if (response.status >= 300) {
      own.detach()
      return failureOf(response)
    }
    bySid.set(session.sid, session)
    endpoints.set(session, own)
    touch(session)
    const error = await begin(session, method)
    if (error !== undefined) await end(session)
    return error ?? session
  }

  return {
    open,
    end,
    find(sid, uri) {
      const session = sid === undefined ? undefined : bySid.get(sid)
      return session?.uri === uri ? session : undefined
    },
    of: (uri) => [...bySid.values()].filter((session) => session.uri === uri),
    all: () => [...bySid.values()],
    lose() {
      for (const [session, endpoint] of endpoints) {
        endpoint.detach()
        forget(session)
      }
    },
  }
}

/** Publishes the first state, looks at the contacts, and queues the events every session begins with (bb969520). */
async function begin(session: Session, method: InitiateSession): Promise<CwaError | undefined> {
  const { presence, book, queue } = session
  const machine = method.autoPublishMachineState === false ? [] : [state('machineState', ACTIVE)]
  const user = state('userState', method.userStateAvailability ?? ONLINE)
  const error = await presence.publish([user, ...machine])
  if (error !== undefined) return error
  const watched = session.watchesContacts ? book.subscribed().filter((uri) => uri !== session.uri) : []
  const [self, ...users] = await Promise.all([presence.watch(session.uri), ...watched.map(presence.watch)])
  queue.add(
    book.whole(),
    { event: 'selfPresence', categories: self.categories },
    ...(users.length > 0 ? [{ event: 'userPresence', users } as const] : []),
    CONFIGURATION,
  )
  return undefined
}

/** Where a request of the LCS goes: presence, a conversation that is, or one that begins. */
function receive({ presence, conferences }: Session, incoming: Incoming): void {
  const { request } = incoming
  if (request.method === 'NOTIFY') presence.receiveNotify(incoming)
  else if (request.method === 'INVITE' && tagOf(header(request, 'To')) === undefined)
    conferences.receiveInvite(incoming)
  else conferences.receiveWithin(incoming)
}
