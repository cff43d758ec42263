import type { Clock } from '../../../shared/clock.ts'
import { accounts, type Accounts } from './accounts.ts'
import { control, type Control, type Steered } from './control.ts'
import { presences, type Presences } from './presences.ts'
import { bodyOf, No, type Answer, type Body, type Held, type Request } from './request.ts'
import { rooms, type Rooms } from './rooms.ts'
import { ROUTES } from './routes.ts'
import type { Route } from './routes-path.ts'
import { syncAnswer } from './sync.ts'
import { knownUsers, type Device, type MatrixUser, type Users } from './users.ts'

export interface HomeserverOptions {
  readonly users: readonly MatrixUser[]
  readonly clock: Clock
  /** The name in its users' ids. Default `contoso.test`. */
  readonly server?: string
  /** How long an access token is good, in milliseconds, for who asks for a refresh token; absent: for ever. */
  readonly tokenLifeMs?: number
}

/** What the routes work on. */
export interface Parts {
  readonly server: string
  readonly users: Users
  readonly rooms: Rooms
  readonly presences: Presences
  readonly accounts: Accounts
  readonly clock: Clock
  /** What was answered to a transaction of a device, by both and the path. */
  readonly transactions: Map<string, Body>
  readonly step: () => number
  readonly now: () => number
}

export interface Homeserver {
  /** Does what is asked, at once; only a wait for events may not be answered yet. */
  readonly handle: (request: Request) => Answer | Held
  readonly steering: Steered
  readonly control: Control
  /** How far the stream of all that happened has come: the number in `next_batch`. */
  readonly place: () => number
}

/** Longest wait for events, in milliseconds, whatever is asked for. */
const HELD_MS = 60_000

/**
 * A Matrix server in memory: what the service uses of the Client-Server API (version 1.15), for users that all are here.
 * No federation, no keys, no media; rooms as old as version 10.
 */
export function homeserver({
  users: known,
  clock,
  server = 'contoso.test',
  tokenLifeMs,
}: HomeserverOptions): Homeserver {
  const waiting = new Set<() => void>()
  const held = new Map<string, number>()
  let at = 0
  const step = () => {
    at += 1
    // Once what happens at this place is there.
    queueMicrotask(() => {
      for (const wake of waiting) wake()
    })
    return at
  }
  const users = knownUsers({ users: known, server, clock, ...(tokenLifeMs !== undefined && { tokenLifeMs }) })
  const parts: Parts = {
    server,
    users,
    clock,
    rooms: rooms({ server, clock, step, nameOf: users.nameOf, isUser: users.isUser }),
    presences: presences({ clock, step, devicesOf: users.devicesOf }),
    accounts: accounts(step),
    transactions: new Map(),
    step,
    now: () => at,
  }
  const steering = control({ users, isHeld: (userId) => held.has(userId) })
  const waits = { waiting, held, steering }

  const handle = (request: Request): Answer | Held => {
    try {
      const forced = steering.faultFor(request)
      if (forced !== undefined) return forced
      const { route, values } = routeFor(request)
      if (route.open) return { status: 200, body: route.open(request, parts) }
      const device = users.deviceOf(request.token)
      if (route.sync) return sync(request, device, parts, waits)
      return { status: 200, body: route.act?.({ request, device, values }, parts) ?? {} }
    } catch (thrown) {
      if (thrown instanceof No) return thrown.answer()
      throw thrown
    }
  }
  return { handle, steering, control: steering.control, place: () => at }
}

interface Waits {
  readonly waiting: Set<() => void>
  /** How many waits of a user are held. */
  readonly held: Map<string, number>
  readonly steering: Steered
}

/** A wait for events: answered at once where there is something, else held. */
function sync(request: Request, device: Device, parts: Parts, { waiting, held, steering }: Waits): Answer | Held {
  const { userId } = device
  parts.presences.syncing(device, request.query['set_presence'] ?? 'online')
  const isOver = () => !parts.users.devicesOf(userId).includes(device)
  const answer = () => eventsFor(request, device, parts, steering.limit())
  const empty = (): Answer => ({ status: 200, body: { next_batch: `s${parts.now()}` } })
  const timeout = Math.min(Number(request.query['timeout'] ?? 0), HELD_MS)
  const first = answer()
  if (first !== undefined || timeout <= 0) return first ?? empty()
  return {
    async ready(signal) {
      held.set(userId, (held.get(userId) ?? 0) + 1)
      steering.listens(userId)
      await until(parts.clock, timeout, waiting, () => isOver() || answer() !== undefined, signal)
      const others = (held.get(userId) ?? 1) - 1
      if (others === 0) held.delete(userId)
      else held.set(userId, others)
    },
    answer: () => (isOver() ? signedOut() : (answer() ?? empty())),
  }
}

function eventsFor({ query }: Request, device: Device, parts: Parts, limit: number | undefined): Answer | undefined {
  const since = /^s(\d+)$/.exec(query['since'] ?? '')?.[1]
  const body = syncAnswer({
    userId: device.userId,
    device: device.id,
    since: since === undefined ? undefined : Number(since),
    now: parts.now(),
    filter: filterIn(query['filter']),
    rooms: parts.rooms.all(),
    presences: parts.presences.all(),
    accountData: parts.accounts.of(device.userId),
    ...(limit !== undefined && { limit }),
  })
  return body && { status: 200, body }
}

function signedOut(): Answer {
  return new No(401, 'M_UNKNOWN_TOKEN', 'Invalid access token passed.', { soft_logout: false }).answer()
}

function routeFor({ method, path }: Request): { readonly route: Route; readonly values: readonly string[] } {
  for (const route of ROUTES) {
    const found = route.method === method ? route.path.exec(path) : null
    if (found !== null) return { route, values: found.slice(1).map((each) => decodeURIComponent(each ?? '')) }
  }
  throw new No(404, 'M_UNRECOGNIZED', 'Unrecognized request')
}

function filterIn(text: string | undefined): Body {
  try {
    return bodyOf(JSON.parse(text ?? '{}'))
  } catch {
    throw new No(400, 'M_NOT_JSON', 'the filter is no JSON')
  }
}

function until(
  clock: Clock,
  ms: number,
  waiting: Set<() => void>,
  isSo: () => boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel()
      waiting.delete(wake)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const wake = () => {
      if (isSo()) end()
    }
    const cancel = clock.after(ms, end)
    waiting.add(wake)
    signal?.addEventListener('abort', end)
  })
}
