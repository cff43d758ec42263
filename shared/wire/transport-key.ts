import { base64url } from 'jose'

/** Bytes of a device's transport key. */
const KEY_BYTES = 32

/**
 * A transport key that was imported and is kept as Web Crypto keys: where they are not extractable, as in a browser, no
 * script can read them. The key that signs tokens is derived once, for a key that wraps cannot be derived from.
 */
export interface ImportedTransportKey {
  /** AES-KW, `wrapKey` and `unwrapKey`. */
  readonly wrapping: CryptoKey
  /** HMAC with SHA-256, `sign`: what `tokenKey` derives. */
  readonly token: CryptoKey
}

/** 32 bytes, or the keys that were made of them. */
export type TransportKey = Uint8Array | ImportedTransportKey

/** @param key 32 bytes. What is returned does not give them back. */
export async function importTransportKey(key: Uint8Array): Promise<ImportedTransportKey> {
  const [wrapping, token] = await Promise.all([
    crypto.subtle.importKey('raw', new Uint8Array(key), 'AES-KW', false, ['wrapKey', 'unwrapKey']),
    tokenKey(key),
  ])
  return { wrapping, token }
}

/** What HKDF (RFC 5869, SHA-256, no salt) derives the key of tokens for. */
export const TOKEN_KEY_INFO = 'device token'

/** HKDF (RFC 5869): the key that signs tokens is not the key that wraps frames' keys. */
export async function tokenKey(transportKey: TransportKey): Promise<CryptoKey> {
  if (!(transportKey instanceof Uint8Array)) return transportKey.token
  const material = await crypto.subtle.importKey('raw', new Uint8Array(transportKey), 'HKDF', false, ['deriveKey'])
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: new TextEncoder().encode(TOKEN_KEY_INFO) },
    material,
    { name: 'HMAC', hash: 'SHA-256', length: 256 },
    false,
    ['sign', 'verify'],
  )
}

/** A transport key as it is written down: base64url without padding. */
export function printTransportKey(key: Uint8Array): string {
  return base64url.encode(key)
}

/** @throws TypeError where the text is not 32 bytes in base64url. The error never holds the text itself. */
export function parseTransportKey(text: string): Uint8Array {
  const key = base64url.decode(text)
  if (key.length !== KEY_BYTES) throw new TypeError(`a transport key has ${KEY_BYTES} bytes, this one ${key.length}`)
  return key
}

/** A new key, from the platform's random numbers. */
export function newTransportKey(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(KEY_BYTES))
}
