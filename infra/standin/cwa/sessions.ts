import { randomInt } from 'node:crypto'
import type { CwaError, PresenceOfUser, SessionMethod } from '../../../shared/cwa/model.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Incoming } from '../lcs/incoming.ts'
import { conferences } from './conferences/conferences.ts'
import type { ConferenceTimers } from './conferences/conference-list.ts'
import type { Conferences } from './conferences/conferences.ts'
import type { ContactBook } from './presence/contacts.ts'
import { endpoint } from './http/endpoint.ts'
import type { Endpoint } from './http/endpoint.ts'
import { eventQueue } from './event-queue.ts'
import type { EventQueue, NewEvent } from './event-queue.ts'
import { failureOf } from './http/failures.ts'
import { invitations } from './conferences/invitations.ts'
import type { Activity } from './conferences/invitations.ts'
import { sessionPresence, state } from './presence/presence.ts'
import { ownRoaming } from './presence/roaming-self.ts'
import type { OwnRoaming } from './presence/roaming-self.ts'
import type { SessionPresence } from './presence/presence.ts'
import type { Trunk } from './trunk.ts'
import type { Account } from './users.ts'
import { tagOf } from '../lcs/sip/address.ts'
import { ROAMING_EVENT } from '../lcs/presence/containers.ts'
import { header } from '../lcs/sip/sip.ts'

export type InitiateSession = Extract<SessionMethod, { method: 'initiateSession' }>

export interface Session {
  readonly sid: string
  readonly uri: string
  readonly queue: EventQueue
  readonly conferences: Conferences
  readonly presence: SessionPresence
  readonly roaming: OwnRoaming
  readonly book: ContactBook
  /** Whether contacts that are added are watched without being asked. */
  readonly watchesContacts: boolean
  /** The client has shown itself: the session lives on for its timeout. */
  readonly touch: () => void
  /** What the data channel says of the user; CWA publishes it as machine state. */
  readonly setActive: (active: boolean) => void
  readonly activity: () => Activity
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
  readonly conferenceTimers: ConferenceTimers
  /** The event of that name, as every session gets it at its start. */
  readonly configuration: NewEvent
}

const ACTIVE = 3500
const INACTIVE = 5000
const ONLINE = 3500

export function sessions(options: SessionsOptions): Sessions {
  const { clock, timeoutMs } = options
  const bySid = new Map<string, Session>()
  const endpoints = new Map<Session, Endpoint>()
  const stopTimers = new Map<Session, () => void>()
  const offer = invitations(clock)

  function forget(session: Session): void {
    bySid.delete(session.sid)
    endpoints.delete(session)
    stopTimers.get(session)?.()
    stopTimers.delete(session)
    session.presence.end()
    session.roaming.end()
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
    const book = options.bookOf(account)
    const roaming = ownRoaming({ clock, endpoint, add: queue.add, isContact: book.has })
    let isActive = true
    let activeAt = clock.now()
    const session: Session = {
      sid: newSid(),
      uri: account.uri,
      queue,
      presence,
      roaming,
      book,
      conferences: conferences({ clock, endpoint, add: queue.add, ...options.conferenceTimers }),
      watchesContacts: method.autoSubscribePresenceForContacts ?? true,
      touch: () => touch(session),
      activity: () => ({ isActive, activeAt }),
      setActive(active) {
        if (active) activeAt = clock.now()
        if (active === isActive) return
        isActive = active
        if (method.autoPublishMachineState === false) return
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
    const error = await begin(session, method, options.configuration)
    if (error !== undefined) await end(session)
    return error ?? session
  }

  /** Where a request of the LCS goes: presence, a conversation that is, or one that begins. */
  function receive({ uri, presence, roaming, conferences, activity }: Session, incoming: Incoming): void {
    const { request } = incoming
    const event = header(request, 'Event')
    if (event === 'presence') presence.receiveNotify(incoming)
    else if (event === ROAMING_EVENT) roaming.receiveNotify(incoming)
    else if (event === 'conference') conferences.receiveRoster(incoming)
    else if (request.method === 'INVITE' && tagOf(header(request, 'To')) === undefined) {
      offer(`${uri} ${header(request, 'Call-ID')}`, { ...conferences.receiveInvite(incoming), activity })
    } else conferences.receiveWithin(incoming)
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
async function begin(
  session: Session,
  method: InitiateSession,
  configuration: NewEvent,
): Promise<CwaError | undefined> {
  const { presence, roaming, book, queue } = session
  const machine = method.autoPublishMachineState === false ? [] : [state('machineState', ACTIVE)]
  const user = state('userState', method.userStateAvailability ?? ONLINE)
  const error = await presence.publish([user, ...machine])
  if (error !== undefined) return error
  const watched = session.watchesContacts ? book.subscribed().filter((uri) => uri !== session.uri) : []
  const looks = Promise.all([presence.watch(session.uri), ...watched.map(presence.watch)])
  const [[self, ...users], own] = await Promise.all([looks, roaming.begin()])
  queue.add(
    book.whole(),
    { event: 'selfPresence', categories: self.categories },
    ...(users.length > 0 ? [{ event: 'userPresence', users } as const] : []),
    configuration,
    ...own,
  )
  return undefined
}
