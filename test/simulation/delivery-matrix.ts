import { homeserver } from '../../infra/standin/matrix/homeserver.ts'
import { No, type Answer, type Body, type Request } from '../../infra/standin/matrix/request.ts'
import { uriOf } from '../../shared/matrix/identity.ts'
import { stateOf } from '../../shared/matrix/session.ts'
import { printCursor } from '../../shared/matrix/sync/cursor.ts'
import { matrixUpstream } from '../../shared/matrix/upstream.ts'
import { presenceBody } from '../../shared/matrix/presence.ts'
import type { Arrived } from '../../shared/rules/batches.ts'
import type { Command } from '../../shared/rules/messaging.ts'
import type { Upstream } from '../../shared/upstream/upstream.ts'
import type { ServerOptions, SimulatedServer } from './delivery-server.ts'
import { simulatedExchange } from './matrix-exchange.ts'

const BASE = 'http://memory'
const userIdOf = (user: string) => `@${user}:contoso.test`

/**
 * The stand-in Matrix server (which Synapse judges) with the whole client on it, but for its sockets: a network loses
 * requests and answers, the server says now and then that it is too much, and leaves gaps in its answers.
 *
 * How the presence of a user's devices comes together is no part of it: each user has a desktop that says how they are.
 */
export function simulatedMatrix({ world, oracle, users, conversation }: ServerOptions): SimulatedServer {
  const { random, clock } = world
  const server = homeserver({ users: users.map((user) => ({ user, password: 'secret' })), clock })
  if (random.chance(0.4)) server.control.timelineOf(1 + random.below(4))
  const sessions = new Map<string, { readonly sid: string; readonly user: string }>()
  const posted = new Set<unknown>()
  const desktops = new Map(users.map((user) => [user, String(logIn(user)['access_token'])] as const))
  const room = together()

  function at(method: string, path: string, body: Body = {}, token?: string): Body {
    const asked = { method, path: `/_matrix/client/v3/${path}`, query: {}, body, token }
    const answer = server.handle(asked)
    if (!('status' in answer) || answer.status !== 200) throw new TypeError(`the stand-in does not do ${path}`)
    return answer.body
  }

  function logIn(user: string): Body {
    return at('POST', 'login', { type: 'm.login.password', user, password: 'secret' })
  }

  function together(): string {
    const [first = '', ...rest] = users
    const invite = rest.map(userIdOf)
    const made = String(at('POST', 'createRoom', { invite, name: 'All' }, desktops.get(first))['room_id'])
    for (const user of rest) at('POST', `join/${encodeURIComponent(made)}`, {}, desktops.get(user))
    return made
  }

  /** What the server does for a request, and what the oracle is to know of it. */
  const effect = (request: Request) => {
    const own = sessions.get(request.token ?? '')
    const since = /^s(\d+)$/.exec(request.query['since'] ?? '')?.[1]
    if (own !== undefined && since !== undefined) oracle.acknowledged(own.sid, Number(since))
    if (random.chance(0.02))
      return new No(429, 'M_LIMIT_EXCEEDED', 'Too Many Requests', { retry_after_ms: 500 }).answer()
    const answer = server.handle(request)
    if (own !== undefined && 'status' in answer) noted(request, answer, own.user)
    return answer
  }

  const noted = ({ path, body }: Request, { status, body: { event_id: id } }: Answer, user: string) => {
    if (status !== 200 || !path.includes('/send/m.room.message/') || posted.has(id)) return
    posted.add(id)
    const others = [...sessions.values()].filter((each) => each.user !== user)
    oracle.posted(String(body['body']), new Map(others.map(({ sid }) => [sid, server.place()] as const)))
  }

  const unseen = ({ query, ...request }: Request) =>
    effect({ ...request, query: request.path.endsWith('/sync') ? { ...query, set_presence: 'offline' } : query })
  const exchange = simulatedExchange(world, unseen)

  const open = (user: string) => {
    for (const [token, session] of sessions) {
      if (session.user !== user) continue
      sessions.delete(token)
      at('POST', 'logout', {}, token)
    }
    const { access_token: access, device_id: deviceId } = logIn(user)
    const tokens = { access: String(access) }
    const userId = userIdOf(user)
    const state = stateOf({ base: BASE, userId, deviceId: String(deviceId), nonce: `n${server.place()}`, tokens })
    sessions.set(tokens.access, { sid: state.public, user })
    return { state, cursor: printCursor({ since: `s${server.place()}`, isNew: false, chosen: 'available', kept: {} }) }
  }

  return {
    upstream: calling(room, conversation, matrixUpstream({ url: BASE, exchange, clock, close: () => {} })),
    uriOf: (user) => uriOf(userIdOf(user)),
    open,
    publish(user, availability) {
      oracle.presence(user, uriOf(userIdOf(user)), availability)
      const path = `presence/${encodeURIComponent(userIdOf(user))}/status`
      at('PUT', path, presenceBody(availability), desktops.get(user))
    },
  }
}

/** The same server, where the room has the name that the schedule has for it. */
function calling(room: string, name: string, upstream: Upstream): Upstream {
  const named = ({ cursor, events }: Arrived): Arrived => ({
    cursor,
    events: events.map((event) => ('conversation' in event ? { ...event, conversation: name } : event)),
  })
  const meant = (command: Command): Command =>
    'conversation' in command ? { ...command, conversation: room } : command
  return {
    ...upstream,
    send: (state, command, key) => upstream.send(state, meant(command), key),
    listen() {
      const own = upstream.listen()
      return {
        async next(...asked) {
          const brought = await own.next(...asked)
          return { ...brought, arrived: brought.arrived.map(named) }
        },
      }
    },
  }
}
