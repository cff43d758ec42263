import { randomBytes } from 'node:crypto'
import { UpstreamFault } from '../upstream/fault.ts'
import type { LoggedIn, LogInOptions } from '../upstream/upstream.ts'
import { MatrixFault } from './faults.ts'
import { isCalled, isUserId, uriOf } from './identity.ts'
import { listIn, membersOf, textIn } from './json.ts'
import { presenceBody } from './presence.ts'
import { tokensIn } from './refresh.ts'
import type { MatrixServer } from './server.ts'
import { stateOf, type MatrixSession } from './session.ts'
import { printCursor } from './sync/cursor.ts'
import { PLACE } from './sync/filter.ts'

/** What may stand in the place of a password: a token that a team's own sign-on hands out. */
const LOGIN_TOKEN = 'login-token:'
const ACCESS_TOKEN = 'access-token:'

/** What other devices of the user are shown. */
const DEVICE_NAME = 'Collaboration Service'

/**
 * Signs a user in ("Login", `#post_matrixclientv3login`) by password, by `login-token:` and an `m.login.token`, or by
 * `access-token:` and an access token; then takes the place from which the session hears everything.
 *
 *   POST login ── PUT presence ── GET sync, of nothing: `next_batch` ── … the rooms come with the first wait
 *
 * @param base where the server's API is
 * @throws UpstreamFault: `wrong-password` where the server does not take it, or takes it for somebody else
 */
export async function logIn(
  { user, password, availability = 'available' }: LogInOptions & { readonly user: string; readonly password: string },
  base: string,
  server: MatrixServer,
): Promise<LoggedIn> {
  const { session, step } = await signedIn(user, password, base, server)
  const { userId, tokens } = session
  const { ask } = server
  if (!isCalled(userId, user)) {
    await ask(base, { method: 'POST', path: LOGOUT, body: {}, token: tokens.access, doing: 'signing out' }).catch(
      () => {},
    )
    throw new UpstreamFault('wrong-password', `${step}: it is another user's`, { steps: [`${step}: refused`] })
  }
  await ask(base, {
    method: 'PUT',
    path: `/_matrix/client/v3/presence/${encodeURIComponent(userId)}/status`,
    body: presenceBody(availability),
    token: tokens.access,
    doing: 'telling presence',
  }).catch((thrown: unknown) => {
    // A server may have no presence, or limit how often it is set: no reason to keep somebody out.
    if (!(thrown instanceof MatrixFault) || thrown.kind === 'sign-in') throw thrown
  })
  const place = await ask(base, {
    method: 'GET',
    path: '/_matrix/client/v3/sync',
    query: { filter: PLACE, timeout: '0', set_presence: 'offline' },
    token: tokens.access,
    doing: 'taking a place to listen from',
  })
  const since = textIn(place['next_batch'])
  if (since === undefined) throw new UpstreamFault('give-up', 'taking a place to listen from: the answer has none')
  return {
    state: stateOf(session),
    address: uriOf(userId),
    cursor: printCursor({ since, isNew: true, chosen: availability, kept: {} }),
    steps: [`${step}: accepted`],
  }
}

export const LOGOUT = '/_matrix/client/v3/logout'

async function signedIn(user: string, password: string, base: string, server: MatrixServer) {
  const { ask } = server
  const nonce = randomBytes(6).toString('base64url')
  if (password.startsWith(ACCESS_TOKEN)) {
    const access = password.slice(ACCESS_TOKEN.length)
    const step = 'access token'
    // `#get_matrixclientv3accountwhoami`
    const path = '/_matrix/client/v3/account/whoami'
    const said = await ask(base, { method: 'GET', path, token: access, doing: step }).catch((thrown: unknown) => {
      throw asWrongPassword(thrown, step)
    })
    return { session: sessionIn({ ...said, access_token: access }, base, nonce, server), step }
  }
  const isToken = password.startsWith(LOGIN_TOKEN)
  const step = isToken ? 'm.login.token' : 'm.login.password'
  const proof = isToken
    ? { token: password.slice(LOGIN_TOKEN.length) }
    : { identifier: { type: 'm.id.user', user }, password }
  const body = { type: step, ...proof, initial_device_display_name: DEVICE_NAME, refresh_token: true }
  const asked = { method: 'POST', path: '/_matrix/client/v3/login', body, doing: step } as const
  const said = await ask(base, asked).catch(async (thrown: unknown) => {
    throw isUnknownWay(thrown) ? await otherWays(step, base, server) : asWrongPassword(thrown, step)
  })
  return { session: sessionIn(said, base, nonce, server), step }
}

function sessionIn(said: Readonly<Record<string, unknown>>, base: string, nonce: string, { clock }: MatrixServer) {
  const userId = textIn(said['user_id'])
  const tokens = tokensIn(said, clock.now())
  if (userId === undefined || !isUserId(userId) || tokens === undefined)
    throw new UpstreamFault('give-up', 'signing in: the answer has no user or no token')
  const session: MatrixSession = { base, userId, deviceId: textIn(said['device_id']) ?? '-', nonce, tokens }
  return session
}

function asWrongPassword(thrown: unknown, step: string): unknown {
  const isNo = thrown instanceof MatrixFault && (thrown.status === 403 || thrown.status === 401)
  if (!isNo) return thrown
  const steps = [`${step}: refused (${thrown.errcode || thrown.status})`]
  return new UpstreamFault('wrong-password', thrown.message, { steps })
}

/** `M_UNKNOWN`: "the login type is not supported"; servers that leave sign-in to OAuth have no such path at all. */
function isUnknownWay(thrown: unknown): boolean {
  return (
    thrown instanceof MatrixFault && [400, 404, 405].includes(thrown.status) && thrown.errcode !== 'M_LIMIT_EXCEEDED'
  )
}

/** `#get_matrixclientv3login` */
async function otherWays(step: string, base: string, { ask }: MatrixServer): Promise<UpstreamFault> {
  const said = await ask(base, {
    method: 'GET',
    path: '/_matrix/client/v3/login',
    doing: 'asking for the ways in',
  }).catch(() => ({}))
  const offered = waysIn(said)
  const words = offered.length === 0 ? 'no way that it names' : offered.join(', ')
  const todo = 'a token of its own sign-on can stand in the place of the password (login-token:…, access-token:…)'
  return new UpstreamFault('give-up', `the server does not take ${step}, but ${words}: ${todo}`)
}

/** The types of `GET /login`. */
export function waysIn(said: Readonly<Record<string, unknown>>): string[] {
  return listIn(said['flows']).flatMap((flow) => textIn(membersOf(flow)['type']) ?? [])
}
