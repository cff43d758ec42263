import { randomBytes } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import { bodyOf, No, textOf, type Body } from './request.ts'

/** Somebody whom the stand-in knows. */
export interface MatrixUser {
  /** `ann`: the local part of `@ann:contoso.test`. */
  readonly user: string
  readonly password: string
  readonly displayName?: string
}

/** One sign-in ("Client Authentication"): its tokens are over with it. */
export interface Device {
  readonly id: string
  readonly userId: string
  /** The access tokens that are good, with when each expires. */
  readonly tokens: Map<string, number | undefined>
  refresh: string | undefined
  /** A pair that was handed out and not used: until it is, the pair before it stays good. */
  next: { readonly access: string; readonly refresh: string } | undefined
  presence: string
}

export interface Users {
  readonly logIn: (body: Body) => Body
  readonly refresh: (refreshToken: string) => Body
  readonly logOut: (device: Device) => void
  /** @throws No (401) for a token that is not good */
  readonly deviceOf: (token: string | undefined) => Device
  readonly devicesOf: (userId: string) => readonly Device[]
  readonly nameOf: (userId: string) => string | undefined
  readonly isUser: (userId: string) => boolean
  readonly search: (text: string) => readonly { readonly user_id: string; readonly display_name: string }[]
  /** A token for `m.login.token`, as a team's own sign-on would hand it out. */
  readonly loginToken: (userId: string) => string
  /** Lets each access token of the user expire; refresh tokens stay. */
  readonly expire: (userId: string) => void
  /** Ends the user's sessions. */
  readonly signOut: (userId: string) => void
}

export interface UsersOptions {
  readonly users: readonly MatrixUser[]
  readonly server: string
  readonly clock: Pick<Clock, 'now'>
  /** How long an access token is good, in milliseconds, for who asks for a refresh token; absent: for ever. */
  readonly tokenLifeMs?: number
}

/** What the server remembers of its users. */
interface Known {
  readonly users: ReadonlyMap<string, MatrixUser>
  readonly server: string
  readonly devices: Set<Device>
  readonly loginTokens: Map<string, string>
  readonly now: () => number
  readonly tokenLifeMs: number | undefined
}

export function knownUsers({ users, server, clock, tokenLifeMs }: UsersOptions): Users {
  const known: Known = {
    users: new Map(users.map((each) => [`@${each.user}:${server}`, each])),
    server,
    devices: new Set(),
    loginTokens: new Map(),
    now: clock.now,
    tokenLifeMs,
  }
  const { devices, loginTokens } = known
  const of = (userId: string) => [...devices].filter((device) => device.userId === userId)
  return {
    logIn: (body) => loggedIn(body, known),
    refresh: (token) => refreshed(token, known),
    logOut: (device) => end(device, known),
    deviceOf: (token) => deviceOf(token, known),
    devicesOf: of,
    nameOf: (userId) => known.users.get(userId)?.displayName,
    isUser: (userId) => known.users.has(userId),
    search: (text) =>
      [...known.users]
        .map(([userId, { displayName, user }]) => ({ user_id: userId, display_name: displayName ?? user }))
        .filter(({ user_id: id, display_name: name }) => `${id} ${name}`.toLowerCase().includes(text.toLowerCase())),
    loginToken(userId) {
      const token = newToken('login')
      loginTokens.set(token, userId)
      return token
    },
    expire(userId) {
      for (const { tokens } of of(userId)) for (const token of tokens.keys()) tokens.set(token, 0)
    },
    signOut(userId) {
      for (const device of of(userId)) end(device, known)
    },
  }
}

/** `POST /login`: a new device. */
function loggedIn(body: Body, known: Known): Body {
  const userId = whoSignsIn(body, known)
  const [access, refresh] = [newToken('syt'), newToken('syr')]
  const isExpiring = body['refresh_token'] === true
  const tokens = new Map([[access, isExpiring ? untilOf(known) : undefined]])
  const device: Device = { id: newToken('D'), userId, tokens, refresh, next: undefined, presence: 'offline' }
  known.devices.add(device)
  return { user_id: userId, access_token: access, device_id: device.id, ...(isExpiring && expiring(refresh, known)) }
}

function whoSignsIn({ type, identifier, user, password, token }: Body, { users, server, loginTokens }: Known): string {
  if (type === 'm.login.token') {
    const userId = loginTokens.get(textOf(token))
    loginTokens.delete(textOf(token))
    if (userId === undefined) throw new No(403, 'M_FORBIDDEN', 'Invalid login token')
    return userId
  }
  if (type !== 'm.login.password') throw new No(400, 'M_UNKNOWN', `Unknown login type ${textOf(type)}`)
  const name = textOf(bodyOf(identifier)['user']) || textOf(user)
  const userId = (name.startsWith('@') ? name : `@${name}:${server}`).toLowerCase()
  if (users.get(userId)?.password !== password) throw new No(403, 'M_FORBIDDEN', 'Invalid username or password')
  return userId
}

function untilOf({ now, tokenLifeMs }: Known): number | undefined {
  return tokenLifeMs === undefined ? undefined : now() + tokenLifeMs
}

function expiring(refresh: string, { tokenLifeMs }: Known): Body {
  return tokenLifeMs === undefined ? {} : { refresh_token: refresh, expires_in_ms: tokenLifeMs }
}

/** `POST /refresh`: until the new pair is used, the one before it stays good, and may be refreshed again. */
function refreshed(refreshToken: string, known: Known): Body {
  const device = [...known.devices].find(
    ({ refresh, next }) => refresh === refreshToken || next?.refresh === refreshToken,
  )
  if (device === undefined) throw new No(401, 'M_UNKNOWN_TOKEN', 'Invalid refresh token', { soft_logout: false })
  const next = { access: newToken('syt'), refresh: newToken('syr') }
  device.next = next
  return { access_token: next.access, ...expiring(next.refresh, known) }
}

function deviceOf(token: string | undefined, known: Known): Device {
  if (token === undefined) throw new No(401, 'M_MISSING_TOKEN', 'Missing access token')
  for (const device of known.devices) {
    use(device, token, known)
    if (!device.tokens.has(token)) continue
    const until = device.tokens.get(token)
    if (until === undefined || until > known.now()) return device
    throw new No(401, 'M_UNKNOWN_TOKEN', 'Access token has expired', { soft_logout: true })
  }
  throw new No(401, 'M_UNKNOWN_TOKEN', 'Invalid access token passed.', { soft_logout: false })
}

/** A new token's first use ends those before it. */
function use(device: Device, token: string, known: Known): void {
  const { next, tokens } = device
  if (next?.access !== token) return
  tokens.clear()
  tokens.set(token, untilOf(known))
  device.refresh = next.refresh
  device.next = undefined
}

function end(device: Device, { devices }: Known): void {
  device.tokens.clear()
  devices.delete(device)
}

function newToken(kind: string): string {
  return `${kind}_${randomBytes(9).toString('base64url')}`
}
