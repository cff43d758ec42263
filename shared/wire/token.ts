import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import { tokenKey, type TransportKey } from './transport-key.ts'

/** Longest life of a token, in seconds. It opens one connection; the connection then lives without it. */
export const TOKEN_LIFE_S = 60

/** How far a device's clock may be off, in seconds. */
export const CLOCK_SKEW_S = 30

/**
 * A device's id, or the name under which one redeems an enrolment code (enrolment.ts): it is part of a DynamoDB key, of each
 * frame's header, and of log lines, before it is believed.
 */
const DEVICE_ID = /^[\w.-]{1,64}(?:\/[\w-]{12}\/[\w-]{16})?$/

/** The members of a token's header: what else there might be, a key in it say, is not even ignored. */
const HEADER_MEMBERS: ReadonlySet<string> = new Set(['alg', 'kid', 'typ'])

/** What a token is for: one device, at one API's stage. */
export interface TokenFor {
  readonly device: string
  /** `HOST/STAGE` of the URL that the device connects to, or `API/STAGE` by the API's id. */
  readonly audience: string
}

/**
 * The audience of a URL such as `wss://abc123.execute-api.eu-west-1.amazonaws.com/live`: host and stage. Where a custom
 * domain's path is not the stage's name, the device must be told `API/STAGE` instead.
 */
export function audienceOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname.replace(/\/+$/, '')}`
}

/**
 * The token in a device's connection URL: a JWT (RFC 7519), HS256 under a key derived from the transport key.
 *
 * @param now epoch milliseconds
 */
export async function deviceToken(
  { device, audience }: TokenFor,
  transportKey: TransportKey,
  now: number,
): Promise<string> {
  const issuedAt = Math.floor(now / 1000)
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256', kid: device })
    .setSubject(device)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + TOKEN_LIFE_S)
    .sign(await tokenKey(transportKey))
}

/** The device that a token names, before anything of it is believed: it only says whose key to verify with. */
export function deviceNamedBy(token: string): string | undefined {
  try {
    const { kid }: { kid?: unknown } = decodeProtectedHeader(token)
    return typeof kid === 'string' && DEVICE_ID.test(kid) ? kid : undefined
  } catch {
    return undefined
  }
}

/** `offByS`: it was made with the device's key and for this API, but not within its life: by how much its clock is ahead. */
export type Verdict = { readonly genuine: true } | { readonly genuine: false; readonly offByS?: number }

/**
 * Whether a token was made with this device's transport key, for this device and one of these audiences, not longer ago
 * than its life.
 *
 * A token is not remembered. Within its life it opens further connections for whoever has it, and nothing more: what is
 * said and what is told over a connection is sealed under the transport key. Remembering it would cost a write unit a
 * connection, about twice what authorizing it costs now.
 */
export async function verdictOn(
  token: string,
  expected: { readonly device: string; readonly audiences: readonly string[] },
  transportKey: Uint8Array,
  now: number,
): Promise<Verdict> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, await tokenKey(transportKey), {
      algorithms: ['HS256'],
      subject: expected.device,
      audience: [...expected.audiences],
      requiredClaims: ['exp', 'iat'],
      maxTokenAge: TOKEN_LIFE_S,
      clockTolerance: CLOCK_SKEW_S,
      currentDate: new Date(now),
    })
    const { exp = Infinity, iat = 0 } = payload
    const isPlain = Object.keys(protectedHeader).every((name) => HEADER_MEMBERS.has(name))
    return { genuine: isPlain && exp - iat <= TOKEN_LIFE_S }
  } catch (thrown) {
    return { genuine: false, ...offBy(thrown, now) }
  }
}

/** The library looks at the signature first, at subject and audience then, and at the time last. */
function offBy(thrown: unknown, now: number): { offByS?: number } {
  const isTime =
    thrown instanceof errors.JWTExpired ||
    (thrown instanceof errors.JWTClaimValidationFailed && ['exp', 'iat', 'nbf'].includes(thrown.claim))
  const issuedAt = isTime ? thrown.payload.iat : undefined
  return typeof issuedAt === 'number' ? { offByS: Math.round(issuedAt - now / 1000) } : {}
}
