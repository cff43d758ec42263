import type { Availability, Command, ImEvent, Uri } from '../../../shared/rules/messaging.ts'
import { UpstreamFault } from '../../../shared/upstream/fault.ts'
import type { Brought, LoggedIn, Sent, SentOutcome, UpstreamState } from '../../../shared/upstream/upstream.ts'
import { rooms, type Rooms } from './rooms.ts'

/** Who a server in memory knows: users and their passwords. */
export interface MemoryUser {
  readonly user: string
  readonly password: string
}

/** What is chance with a server: without it, all goes well, and every event comes at once. */
export interface Luck {
  /** Whether it says no to a command. */
  readonly refuses: () => boolean
  /** Whether it gives a session another state with this answer. */
  readonly renews: () => boolean
  /** How many of so many events it tells in one answer. */
  readonly tells: (events: number) => number
  /** How long it wants to be left alone, in milliseconds. */
  readonly pauseMs: () => number
}

/** What is watched: a message goes to sessions, each with its number there; a session is asked for what came after one. */
export interface Seen {
  readonly said: (text: string, places: ReadonlyMap<string, number>) => void
  readonly asked: (session: string, after: number) => void
}

export interface ServerOptions {
  readonly users: readonly MemoryUser[]
  readonly luck?: Luck
  readonly seen?: Seen
}

/**
 * A web IM server in memory: rooms, presence and sessions, with no word of any real protocol. Names of conversations are
 * words, a cursor is a number in a session's log, a state is renewed now and then, and a command under a key that was
 * used is answered again and not done twice. Everything happens at once: what lies between it and a client is upstream.ts.
 */
export interface MemoryServer {
  readonly uriOf: (user: string) => Uri
  /** Opens a session of a user without a password, with the user's own presence as its first event. Those until now end. */
  readonly open: (user: string) => UpstreamState
  readonly logIn: (user: string, password: string, availability: Availability) => LoggedIn
  readonly logOut: (state: UpstreamState) => void
  readonly send: (state: UpstreamState, command: Command, key: number) => Sent
  /** Begins to wait for what comes after a cursor: a wait of the session that is held ends. */
  readonly ask: (state: UpstreamState, after: string) => { readonly isThere: boolean; readonly hold: Hold }
  readonly tellAfter: (state: UpstreamState, after: string) => Brought
  readonly publish: (user: string, availability: Availability) => void
  readonly room: Rooms['open']
  /** How many sessions are open. */
  readonly sessions: () => number
  /** Lets every state that is known by now be refused, but for those that are renewed after. */
  readonly expire: (user: string) => void
}

/** Notes what ends a wait of a session. The returned function forgets it. */
export type Hold = (end: () => void) => () => void

interface Session {
  readonly id: string
  readonly user: string
  readonly log: ImEvent[]
  /** The newest state that there is, and the newest that was used. */
  issued: number
  used: number
  over: boolean
  wake: (() => void) | undefined
}

const GOOD: Luck = { refuses: () => false, renews: () => false, tells: (events) => events, pauseMs: () => 10 }
const UNSEEN: Seen = { said: () => {}, asked: () => {} }
const REFUSED = { refused: 'this server does not do that' }

const uriOf = (user: string): Uri => `memory:${encodeURIComponent(user)}`

export function memoryServer({ users, luck = GOOD, seen = UNSEEN }: ServerOptions): MemoryServer {
  const sessions = new Map<string, Session>()
  const done = new Map<string, SentOutcome>()
  const presence = new Map<string, Availability>()
  const live = (user: string) => [...sessions.values()].filter((each) => each.user === user && !each.over)

  const put = (session: Session, event: ImEvent) => {
    session.log.push(event)
    session.wake?.()
  }
  const tell = (user: string, event: ImEvent) => live(user).forEach((session) => put(session, event))

  const talk = rooms({
    tell,
    uriOf,
    userOf: (uri) => users.find(({ user }) => uriOf(user) === uri)?.user,
    said: (text, to) => seen.said(text, new Map(to.flatMap(live).map(({ id, log }) => [id, log.length + 1] as const))),
  })

  const publish = (user: string, availability: Availability) => {
    presence.set(user, availability)
    for (const { user: other } of users) {
      const isOwn = other === user
      tell(other, isOwn ? { kind: 'own-presence', availability } : { kind: 'presence', uri: uriOf(user), availability })
    }
  }

  const begin = (user: string): Session => {
    const id = `session-${sessions.size + 1}-${user}`
    const session: Session = { id, user, log: [], issued: 1, used: 1, over: false, wake: undefined }
    sessions.set(id, session)
    return session
  }

  const entered = ({ public: id, secret }: UpstreamState): Session => {
    const session = sessions.get(id)
    if (session === undefined || session.over) throw new UpstreamFault('sign-in', 'there is no such session')
    if (Number(secret) < session.used) throw new UpstreamFault('sign-in', 'the state is not accepted')
    session.used = Number(secret)
    return session
  }

  const stateOf = (session: Session): UpstreamState => {
    if (!luck.renews()) return { public: session.id, secret: String(session.used) }
    session.issued += 1
    return { public: session.id, secret: String(session.issued) }
  }

  const carriedOut = (user: string, command: Command, key: number): SentOutcome => {
    if (luck.refuses()) return { refused: 'the server does not want to' }
    if (command.kind === 'presence') publish(user, command.availability)
    if (command.kind === 'presence') return {}
    const { kind } = command
    return kind === 'start' || kind === 'accept' || kind === 'message' || kind === 'leave'
      ? talk.carryOut(user, command, key)
      : REFUSED
  }

  return {
    uriOf,
    publish,
    room: talk.open,
    open(user) {
      for (const former of live(user)) former.over = true
      const session = begin(user)
      put(session, { kind: 'own-presence', availability: presence.get(user) ?? 'available' })
      return stateOf(session)
    },
    logIn(name, password, availability) {
      const known = users.find((each) => each.user.toLowerCase() === name.toLowerCase())
      if (known?.password !== password) throw new UpstreamFault('wrong-password', 'the password is wrong')
      const { user } = known
      const session = begin(user)
      for (const [other, its] of presence) {
        if (other !== user) put(session, { kind: 'presence', uri: uriOf(other), availability: its })
      }
      publish(user, availability)
      return { state: stateOf(session), address: uriOf(user), cursor: '0', steps: ['password: accepted'] }
    },
    logOut({ public: id }) {
      const session = sessions.get(id)
      if (session === undefined || session.over) return
      session.over = true
      session.wake?.()
      publish(session.user, 'offline')
    },
    send(state, command, key) {
      const session = entered(state)
      const name = `${session.id} ${key}`
      const outcome = done.get(name) ?? carriedOut(session.user, command, key)
      done.set(name, outcome)
      return { outcome, state: stateOf(session) }
    },
    ask(state, after) {
      const session = entered(state)
      seen.asked(session.id, Number(after))
      session.wake?.()
      const hold: Hold = (end) => {
        session.wake = end
        return () => {
          if (session.wake === end) session.wake = undefined
        }
      }
      return { isThere: session.log.length > Number(after), hold }
    },
    tellAfter(state, after) {
      const session = entered(state)
      const from = Number(after)
      const news = session.log.slice(from)
      const arrived = news
        .slice(0, luck.tells(news.length))
        .map((event, index) => ({ cursor: String(from + index + 1), events: [event] }))
      const cursor = arrived.at(-1)?.cursor ?? after
      return { arrived, cursor, state: stateOf(session), waitMs: luck.pauseMs(), oddities: {} }
    },
    sessions: () => [...sessions.values()].filter(({ over }) => !over).length,
    expire(user) {
      for (const session of live(user)) session.used = session.issued += 1
    },
  }
}
