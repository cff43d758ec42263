import type { CwaError, PresenceOfUser, SessionMethod } from '../../../shared/cwa/model.ts'
import type { Clock } from '../../../shared/clock.ts'
import { tagOf } from '../lcs/sip/address.ts'
import { ROAMING_EVENT } from '../lcs/presence/containers.ts'
import { header } from '../lcs/sip/sip.ts'
import type { Incoming } from '../lcs/incoming.ts'
import { conferences } from './conferences/conferences.ts'
import type { ConferenceTimers } from './conferences/conference-list.ts'
import type { Conferences } from './conferences/conferences.ts'
import type { Activity, Offer } from './conferences/invitations.ts'
import type { Endpoint } from './endpoint.ts'
import { eventQueue } from './event-queue.ts'
import type { EventQueue, NewEvent } from './event-queue.ts'
import type { ContactBook } from './presence/contacts.ts'
import { sessionPresence, state } from './presence/presence.ts'
import type { SessionPresence } from './presence/presence.ts'
import { ownRoaming } from './presence/roaming-self.ts'
import type { OwnRoaming } from './presence/roaming-self.ts'
import type { Account } from './users.ts'

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

export interface SessionParts {
  readonly clock: Clock
  readonly endpoint: Endpoint
  readonly account: Account
  readonly method: InitiateSession
  readonly sid: string
  readonly book: ContactBook
  readonly conferenceTimers: ConferenceTimers
  /** A GET of it is held. */
  readonly onHeld: (session: Session) => void
  readonly touch: (session: Session) => void
}

const ACTIVE = 3500
const INACTIVE = 5000
const ONLINE = 3500

/** A session of an endpoint that is about to register: nothing is published or watched yet. */
export function newSession(parts: SessionParts): Session {
  const { clock, endpoint, account, method, book } = parts
  const queue = eventQueue(clock, () => parts.onHeld(session))
  const onChange = (user: PresenceOfUser) =>
    queue.add(
      user.uri === account.uri
        ? { event: 'selfPresence', categories: user.categories }
        : { event: 'userPresence', users: [user] },
    )
  const presence = sessionPresence({ clock, endpoint, onChange })
  let activity: Activity = { isActive: true, activeAt: clock.now() }
  const session: Session = {
    sid: parts.sid,
    uri: account.uri,
    queue,
    presence,
    roaming: ownRoaming({ clock, endpoint, add: queue.add, isContact: book.has }),
    book,
    conferences: conferences({ clock, endpoint, add: queue.add, ...parts.conferenceTimers }),
    watchesContacts: method.autoSubscribePresenceForContacts ?? true,
    touch: () => parts.touch(session),
    activity: () => activity,
    setActive(isActive) {
      const before = activity
      activity = { isActive, activeAt: isActive ? clock.now() : before.activeAt }
      if (isActive === before.isActive || method.autoPublishMachineState === false) return
      void presence.publish([state('machineState', isActive ? ACTIVE : INACTIVE)])
    },
  }
  return session
}

/** Publishes the first state, looks at the contacts, and queues the events every session begins with (bb969520). */
export async function begin(
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

/** Where a request of the LCS goes: presence, a conversation that is, or one that begins. */
export function receive(session: Session, offer: (call: string, offer: Offer) => void, incoming: Incoming): void {
  const { uri, presence, roaming, conferences, activity } = session
  const { request } = incoming
  const event = header(request, 'Event')
  if (event === 'presence') presence.receiveNotify(incoming)
  else if (event === ROAMING_EVENT) roaming.receiveNotify(incoming)
  else if (event === 'conference') conferences.receiveRoster(incoming)
  else if (request.method === 'INVITE' && tagOf(header(request, 'To')) === undefined) {
    offer(`${uri} ${header(request, 'Call-ID')}`, { ...conferences.receiveInvite(incoming), activity })
  } else conferences.receiveWithin(incoming)
}
