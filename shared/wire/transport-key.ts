import { base64url } from 'jose'

/** Bytes of a device's transport key. */
const KEY_BYTES = 32

/** A transport key as it is written down: base64url without padding. */
export function printTransportKey(key: Uint8Array): string {
  return base64url.encode(key)
}

/** @throws TypeError where the text is not 32 bytes in base64url. The text itself is never told. */
export function parseTransportKey(text: string): Uint8Array {
  const key = base64url.decode(text)
  if (key.length !== KEY_BYTES) throw new TypeError(`a transport key has ${KEY_BYTES} bytes, this one ${key.length}`)
  return key
}

/** A new key, from the platform's random numbers. */
export function newTransportKey(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(KEY_BYTES))
}
