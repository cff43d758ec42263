import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose'

/** Longest life of a token, in seconds. It opens one connection; the connection then lives without it. */
export const TOKEN_LIFE_S = 60

/** How far a device's clock may be off, in seconds. */
const CLOCK_SKEW_S = 30

/**
 * The token in a device's connection URL: a JWT (RFC 7519), HS256 under a key derived from the transport key.
 *
 * @param now epoch milliseconds
 */
export async function deviceToken(device: string, transportKey: Uint8Array, now: number): Promise<string> {
  const issuedAt = Math.floor(now / 1000)
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256', kid: device })
    .setSubject(device)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + TOKEN_LIFE_S)
    .sign(await tokenKey(transportKey))
}

/** The device that a token names, before anything of it is believed: it only says whose key to verify with. */
export function deviceNamedBy(token: string): string | undefined {
  try {
    const { kid }: { kid?: unknown } = decodeProtectedHeader(token)
    return typeof kid === 'string' ? kid : undefined
  } catch {
    return undefined
  }
}

/** Whether the token was made with this device's transport key, for this device, not longer ago than its life. */
export async function isGenuine(
  token: string,
  device: string,
  transportKey: Uint8Array,
  now: number,
): Promise<boolean> {
  try {
    await jwtVerify(token, await tokenKey(transportKey), {
      algorithms: ['HS256'],
      subject: device,
      requiredClaims: ['exp', 'iat'],
      maxTokenAge: TOKEN_LIFE_S,
      clockTolerance: CLOCK_SKEW_S,
      currentDate: new Date(now),
    })
    return true
  } catch {
    return false
  }
}

/** HKDF (RFC 5869): the key that signs tokens is not the key that wraps frames' keys. */
async function tokenKey(transportKey: Uint8Array): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', new Uint8Array(transportKey), 'HKDF', false, ['deriveKey'])
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: new TextEncoder().encode('device token') },
    material,
    { name: 'HMAC', hash: 'SHA-256', length: 256 },
    false,
    ['sign', 'verify'],
  )
}
