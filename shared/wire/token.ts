import { decodeProtectedHeader, SignJWT } from 'jose'
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
export const HEADER_MEMBERS: ReadonlySet<string> = new Set(['alg', 'kid', 'typ'])

/** What a token is for: one device, at one API's stage. */
export interface TokenFor {
  readonly device: string
  /** `HOST/STAGE` of the URL that the device connects to, or `API/STAGE` by the API's id. */
  readonly audience: string
}

/**
 * The audience of a URL such as `wss://abc123.execute-api.eu-west-1.amazonaws.com/live`: host and stage. Where a custom
 * domain's path is not the stage's name, the device must get `API/STAGE` instead.
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
