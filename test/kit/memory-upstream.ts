import type { Clock } from '../../shared/clock.ts'
import type { Capability } from '../../shared/rules/capabilities.ts'
import type { Availability, Command, ImEvent, Uri } from '../../shared/rules/messaging.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'
import type { Brought, Listening, SentOutcome, Upstream, UpstreamState } from '../../shared/upstream/upstream.ts'

/** Who a server in memory knows: users and their passwords. */
export interface MemoryUser {
  readonly user: string
  readonly password: string
}

export interface MemoryUpstreamOptions {
  readonly users: readonly MemoryUser[]
  readonly clock: Clock
  /** How long a wait is held where nothing happens, in milliseconds. Default 20,000. */
  readonly holdMs?: number
}

export interface MemoryUpstream {
  readonly upstream: Upstream
  readonly uriOf: (user: string) => Uri
  /** How many sessions are open. */
  readonly sessions: () => number
  /** Lets every state that is known by now be refused, but for those that are renewed after. */
  readonly expire: (user: string) => void
}

interface Room {
  readonly id: string
  readonly members: Set<string>
}

interface Session {
  readonly user: string
  readonly log: ImEvent[]
  secret: number
  over: boolean
  wake: (() => void) | undefined
}

const PAUSE_MS = 10

/** What it does beside the core: a command under a key that was used is answered again, and not done twice. */
const CAPABILITIES: ReadonlySet<Capability> = new Set(['presence', 'idempotent-sends'])

const uriOf = (user: string): Uri => `memory:${encodeURIComponent(user)}`

/**
 * A web IM server in memory: rooms, presence and held waits, with no word of any real protocol. It shows that the port
 * asks for nothing that only CWA has: names of conversations are words, cursors count a log, a state is renewed now and
 * then, and a command under a key that was used is answered again and not done twice.
 */
export function memoryUpstream({ users, clock, holdMs = 20_000 }: MemoryUpstreamOptions): MemoryUpstream {
  const sessions = new Map<string, Session>()
  const rooms = new Map<string, Room>()
  const done = new Map<string, SentOutcome>()
  const presence = new Map<string, Availability>()
  let ids = 0

  const userOf = (uri: Uri) => users.find(({ user }) => uriOf(user) === uri)?.user

  function entered({ public: id, secret }: UpstreamState): Session {
    const session = sessions.get(id)
    if (session === undefined || session.over) throw new UpstreamFault('sign-in', 'there is no such session')
    if (Number(secret) !== session.secret) throw new UpstreamFault('sign-in', 'the state is not accepted')
    return session
  }

  function tell(user: string, event: ImEvent): void {
    for (const session of sessions.values()) {
      if (session.user !== user || session.over) continue
      session.log.push(event)
      session.wake?.()
    }
  }

  function publish(user: string, availability: Availability): void {
    presence.set(user, availability)
    for (const other of users) {
      const event: ImEvent =
        other.user === user
          ? { kind: 'own-presence', availability }
          : { kind: 'presence', uri: uriOf(user), availability }
      tell(other.user, event)
    }
  }

  function roomOf(user: string, id: string): Room | undefined {
    const room = rooms.get(id)
    return room?.members.has(user) ? room : undefined
  }

  function carriedOut(user: string, command: Command, key: number): SentOutcome {
    switch (command.kind) {
      case 'start': {
        const invited = command.to.map(userOf)
        if (invited.some((each) => each === undefined)) return { refused: 'there is no such user' }
        const id = `room-${(ids += 1)}`
        rooms.set(id, { id, members: new Set([user]) })
        for (const other of invited) {
          if (other !== undefined)
            tell(other, { kind: 'invitation', conversation: id, from: uriOf(user), text: command.text })
        }
        tell(user, { kind: 'conversation', conversation: id, state: 'connecting' })
        return { conversation: id }
      }
      case 'accept': {
        const room = rooms.get(command.conversation)
        if (room === undefined) return { refused: 'there is no such conversation' }
        room.members.add(user)
        for (const member of room.members)
          tell(member, { kind: 'conversation', conversation: room.id, state: 'connected' })
        return {}
      }
      case 'message': {
        const room = roomOf(user, command.conversation)
        if (room === undefined) return { refused: 'there is no such conversation' }
        const { text, conversation } = command
        for (const member of room.members) {
          if (member === user) tell(user, { kind: 'delivered', conversation, number: key })
          else tell(member, { kind: 'message', conversation, from: uriOf(user), text })
        }
        return {}
      }
      case 'leave': {
        const room = roomOf(user, command.conversation)
        room?.members.delete(user)
        for (const member of room?.members ?? [])
          tell(member, { kind: 'left', conversation: command.conversation, uri: uriOf(user) })
        return room === undefined ? { refused: 'there is no such conversation' } : {}
      }
      case 'presence':
        publish(user, command.availability)
        return {}
      case 'typing':
      case 'add-contact':
      case 'delete-contact':
      case 'invite':
      case 'eject':
      case 'role':
      case 'join':
      case 'edit':
      case 'delete':
      case 'read':
      case 'history':
      case 'search':
      default:
        return { refused: 'this server does not do that' }
    }
  }

  function listening(): Listening {
    return {
      async next(state, after, { signal, holdMs: most = holdMs }): Promise<Brought> {
        signal?.throwIfAborted()
        const session = entered(state)
        const from = Number(after)
        if (session.log.length <= from) await held(session, most, signal)
        signal?.throwIfAborted()
        entered(state)
        const arrived = session.log
          .slice(from)
          .map((event, index) => ({ cursor: String(from + index + 1), events: [event] }))
        return { arrived, cursor: String(session.log.length), state, waitMs: PAUSE_MS, oddities: {} }
      },
    }
  }

  function held(session: Session, ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel()
        signal?.removeEventListener('abort', end)
        if (session.wake === end) session.wake = undefined
        resolve()
      }
      const cancel = clock.after(ms, end)
      signal?.addEventListener('abort', end)
      // A second wait of a session ends the first.
      session.wake?.()
      session.wake = end
    })
  }

  const upstream: Upstream = {
    capabilities: CAPABILITIES,
    async logIn(user, password, { availability = 'available' } = {}) {
      const known = users.find((each) => each.user.toLowerCase() === user.toLowerCase())
      if (known?.password !== password) throw new UpstreamFault('wrong-password', 'the password is wrong')
      const id = `session-${(ids += 1)}`
      sessions.set(id, { user: known.user, log: [], secret: 1, over: false, wake: undefined })
      for (const [other, its] of presence) {
        if (other !== known.user) sessions.get(id)?.log.push({ kind: 'presence', uri: uriOf(other), availability: its })
      }
      publish(known.user, availability)
      return {
        state: { public: id, secret: '1' },
        address: uriOf(known.user),
        cursor: '0',
        steps: ['password: accepted'],
      }
    },
    listen: listening,
    async send(state, command, key) {
      const session = entered(state)
      const name = `${state.public} ${key}`
      const outcome = done.get(name) ?? carriedOut(session.user, command, key)
      done.set(name, outcome)
      return { outcome, state }
    },
    async logOut({ public: id }) {
      const session = sessions.get(id)
      if (session === undefined || session.over) return
      session.over = true
      session.wake?.()
      publish(session.user, 'offline')
    },
    close: () => {},
  }

  return {
    upstream,
    uriOf,
    sessions: () => [...sessions.values()].filter(({ over }) => !over).length,
    expire(user) {
      for (const session of sessions.values()) if (session.user === user) session.secret += 1
    },
  }
}
