import { discovery } from '../../../shared/matrix/discovery.ts'
import { waysIn } from '../../../shared/matrix/log-in.ts'
import { MatrixFault } from '../../../shared/matrix/faults.ts'
import { listIn, membersOf, textIn } from '../../../shared/matrix/json.ts'
import { httpExchange, matrixServer, type MatrixServer } from '../../../shared/matrix/server.ts'
import { sessionOf, type MatrixSession } from '../../../shared/matrix/session.ts'
import { matrixUpstream } from '../../../shared/matrix/upstream.ts'
import { UpstreamFault } from '../../../shared/upstream/fault.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Upstream } from '../target/target.ts'
import { ok, warning, wrong, type Check, type Finding } from './check.ts'

/** The oldest version that has all that the client asks for (`to` of `GET /messages`, tokens that are refreshed). */
const LEAST_MINOR = 3
/** So many messages a person may write at once. */
const BURST = 12

function asked({ url, ca, legacyTls }: Upstream, clock: Clock) {
  const http = httpExchange({ clock, ...(ca !== undefined && { ca }), ...(legacyTls !== undefined && { legacyTls }) })
  return { http, server: matrixServer(http.exchange, clock, http.close), url }
}

/** What a Matrix server says of itself to anybody: versions, ways in, and whether its clients encrypt by default. */
export const matrixCheck: Check = {
  looksAt: 'the Matrix server',
  async findings({ target: { upstream }, clock }) {
    if (upstream?.kind !== 'matrix') return []
    const { server, url } = asked(upstream, clock)
    try {
      const base = await discovery(url, server)()
      return [...(await versions(base, server)), ...(await ways(base, server)), ...(await clients(url, server))]
    } catch (thrown) {
      if (!(thrown instanceof UpstreamFault)) throw thrown
      return [wrong('Matrix', thrown.message, 'check that collaboration:upstreamUrl leads to a Matrix server')]
    } finally {
      server.close()
    }
  },
}

async function versions(base: string, { ask }: MatrixServer): Promise<Finding[]> {
  const said = await ask(base, { method: 'GET', path: '/_matrix/client/versions', doing: 'asking for versions' })
  const minors = listIn(said['versions']).flatMap((each) => Number(/^v1\.(\d+)$/.exec(String(each))?.[1] ?? NaN))
  const newest = Math.max(-1, ...minors.filter((each) => !Number.isNaN(each)))
  if (newest >= LEAST_MINOR) return [ok('Matrix versions', `at ${base}, up to v1.${newest}`)]
  return [wrong('Matrix versions', `at ${base}, none from v1.${LEAST_MINOR} on`, 'use a newer version of the server')]
}

async function ways(base: string, { ask }: MatrixServer): Promise<Finding[]> {
  const path = '/_matrix/client/v3/login'
  const offered = waysIn(await ask(base, { method: 'GET', path, doing: 'asking for the ways in' }).catch(() => ({})))
  const check = 'Matrix sign-in'
  if (offered.includes('m.login.password')) return [ok(check, `offers ${offered.join(', ')}`)]
  const says = offered.length === 0 ? 'offers no way of its own (OAuth, perhaps)' : `offers ${offered.join(', ')}`
  return [warning(check, says, 'users log in with login-token:… or access-token:… of your sign-on as the password')]
}

/** `io.element.e2ee` of the discovery is Element's: whether its users' new rooms are encrypted. */
async function clients(url: string, { ask }: MatrixServer): Promise<Finding[]> {
  const asked = { method: 'GET', path: '/.well-known/matrix/client', doing: 'reading the discovery' } as const
  const element = membersOf(membersOf(await ask(url, asked).catch(() => ({})))['io.element.e2ee'])
  if (element['default'] === false) return [ok('Matrix clients', 'Element makes new rooms without encryption')]
  const says = 'Element encrypts new rooms by default: what is said there cannot be read on devices of this service'
  return [warning('Matrix clients', says, 'set "io.element.e2ee": {"default": false} in /.well-known/matrix/client')]
}

/** What shows only to a user: whether new rooms are encrypted by the server, and how much it takes at once. In a room of their own, which is left. */
export function matrixTrial(user: string, password: string): Check {
  return {
    looksAt: `a room of ${user} alone`,
    async findings({ target: { upstream }, clock }) {
      if (upstream?.kind !== 'matrix') return []
      const { http, server, url } = asked(upstream, clock)
      const client = matrixUpstream({ url, clock, ...http })
      try {
        const { state } = await client.logIn(user, password, { availability: 'offline' })
        const found = await inRoom(sessionOf(state), server)
        await client.logOut(state)
        return found
      } catch (thrown) {
        if (!(thrown instanceof UpstreamFault)) throw thrown
        // The check of the sign-in says so.
        if (thrown.kind === 'wrong-password') return []
        return [wrong('Matrix room', thrown.message, 'see what the server allows this user')]
      } finally {
        client.close()
      }
    },
  }
}

async function inRoom({ base, tokens }: MatrixSession, { ask }: MatrixServer): Promise<Finding[]> {
  const call = async (method: 'GET' | 'POST' | 'PUT', path: string, body: object = {}) =>
    ask(base, {
      method,
      path: `/_matrix/client/v3/${path}`,
      token: tokens.access,
      doing: 'trying a room',
      ...(method !== 'GET' && { body: { ...body } }),
    })
  const made = await call('POST', 'createRoom', { preset: 'private_chat' })
  const room = `rooms/${encodeURIComponent(textIn(made['room_id']) ?? '')}`
  try {
    const encrypted = await call('GET', `${room}/state/m.room.encryption/`).catch((thrown: unknown) => {
      if (thrown instanceof MatrixFault && thrown.status === 404) return undefined
      throw thrown
    })
    return [
      encryption(encrypted !== undefined),
      await pace((at) => call('PUT', `${room}/send/m.room.message/doctor${at}`, NOTICE)),
    ]
  } finally {
    await call('POST', `${room}/leave`)
    await call('POST', `${room}/forget`)
  }
}

const NOTICE = { msgtype: 'm.notice', body: 'how much may be sent at once?' }

function encryption(isOn: boolean): Finding {
  if (!isOn) return ok('Matrix rooms', 'new rooms are not encrypted by the server')
  const todo = "set the server's encryption_enabled_by_default_for_room_type to off"
  return wrong(
    'Matrix rooms',
    'the server encrypts every new room: this service holds no keys, and cannot write there',
    todo,
  )
}

async function pace(send: (at: number) => Promise<unknown>): Promise<Finding> {
  for (let at = 0; at < BURST; at += 1) {
    try {
      await send(at)
    } catch (thrown) {
      if (!(thrown instanceof MatrixFault) || thrown.status !== 429) throw thrown
      const says = `the server takes ${at} messages at once, then asks to wait ${thrown.retryAfterMs ?? 0} ms`
      return warning(
        'Matrix pace',
        says,
        "devices wait as long; set the setting sendsPerMinute no higher than the server's limit",
      )
    }
  }
  return ok('Matrix pace', `takes ${BURST} messages at once`)
}
