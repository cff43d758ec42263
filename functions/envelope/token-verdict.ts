import { createHmac, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto'
import { CLOCK_SKEW_S, HEADER_MEMBERS, TOKEN_LIFE_S } from '../../shared/wire/token.ts'
import { TOKEN_KEY_INFO } from '../../shared/wire/transport-key.ts'

/*
 * Stands in the authorizer for `jwtVerify` of the library jose, for the one kind of token that devices make: HS256 with a
 * life. test/envelope/token-verdict.test.ts holds it to that one, and test/wire/token.test.ts to the cases.
 * RFC 7515, 5.2 and RFC 7519, 7.2.
 */

/** `offByS`: it was made with the device's key and for this API, but not within its life: by how much its clock is ahead. */
export type Verdict = { readonly genuine: true } | { readonly genuine: false; readonly offByS?: number }

/** The device that a token must be from, and the audiences that it may be for. */
export interface Expected {
  readonly device: string
  readonly audiences: readonly string[]
}

/**
 * Whether a token was made with this device's transport key, for this device and one of these audiences, not longer ago
 * than its life.
 *
 * The authorizer remembers no token. Within its life a token opens further connections for its holder, and nothing more:
 * every frame of a connection, both ways, is sealed under the transport key. Remembering it would cost a write unit a
 * connection, about twice what authorizing it costs now.
 *
 * @param transportKey 32 bytes
 * @param now epoch milliseconds
 */
export function verdictOn(token: string, expected: Expected, transportKey: Uint8Array, now: number): Verdict {
  const claims = claimsIn(token, transportKey)
  if (claims === undefined || !isFor(expected, claims)) return { genuine: false }
  const { iat, exp } = claims
  if (typeof iat !== 'number' || typeof exp !== 'number') return { genuine: false }
  if (!isInTime({ ...claims, iat, exp }, Math.floor(now / 1_000)))
    return { genuine: false, offByS: Math.round(iat - now / 1_000) }
  return { genuine: exp - iat <= TOKEN_LIFE_S }
}

type Claims = Readonly<Record<string, unknown>>

/** Epoch seconds. */
interface Life {
  readonly iat: number
  readonly exp: number
}

/** base64url without padding, as devices write it; a signature of 32 bytes. */
const TOKEN = /^([\w-]+)\.([\w-]+)\.([\w-]{43})$/

/** What a token says that is signed with this key. Undefined for every other. */
function claimsIn(token: string, transportKey: Uint8Array): Claims | undefined {
  const [, header = '', payload = '', signature = ''] = TOKEN.exec(token) ?? []
  if (!isPlain(objectIn(header))) return undefined
  const key = hkdfSync('sha256', createSecretKey(transportKey), new Uint8Array(), TOKEN_KEY_INFO, 32)
  const ours = createHmac('sha256', createSecretKey(new Uint8Array(key)))
    .update(`${header}.${payload}`)
    .digest()
  return timingSafeEqual(Buffer.from(signature, 'base64url'), ours) ? objectIn(payload) : undefined
}

/** HS256, and nothing that a library might obey: a key in it, say, is not even ignored. */
function isPlain(header: Claims | undefined): boolean {
  return header?.['alg'] === 'HS256' && Object.keys(header).every((name) => HEADER_MEMBERS.has(name))
}

function objectIn(encoded: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString())
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of an object, its members are what they are
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : undefined
  } catch {
    return undefined
  }
}

function isFor({ device, audiences }: Expected, { sub, aud }: Claims): boolean {
  const named: unknown[] = Array.isArray(aud) ? aud : [aud]
  return sub === device && named.some((each) => typeof each === 'string' && audiences.includes(each))
}

/** By a clock that may be off by CLOCK_SKEW_S. @param now epoch seconds */
function isInTime({ iat, exp, nbf }: Claims & Life, now: number): boolean {
  const age = now - iat
  if (exp <= now - CLOCK_SKEW_S || age > TOKEN_LIFE_S + CLOCK_SKEW_S || age < -CLOCK_SKEW_S) return false
  return nbf === undefined || (typeof nbf === 'number' && nbf <= now + CLOCK_SKEW_S)
}
