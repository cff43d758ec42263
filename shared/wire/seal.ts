import { CompactEncrypt, compactDecrypt } from 'jose'
import { Refusal } from '../rules/refusal.ts'
import { headerOf, SEALING, type Binding } from './frame-header.ts'
import { bindingAt, type FramePlace } from './frame-place.ts'
import { PLAIN_BYTES } from './frames.ts'
import type { TransportKey } from './transport-key.ts'

/*
 * The device's way, the same in Node and in a browser. In the functions functions/envelope/frame-seal.ts stands for it.
 */

/** A way to seal frames and to open them: this one, or a platform's own that is faster. */
export interface Sealing {
  readonly seal: (text: string, binding: Binding, transportKey: TransportKey) => Promise<string>
  readonly unseal: (
    frame: string,
    place: FramePlace,
    transportKey: TransportKey,
  ) => Promise<{ readonly text: string; readonly number: number; readonly action: Binding['action'] }>
}

/**
 * Compresses, then encrypts (JWE compact, RFC 7516): `zip: DEF`, `enc: A256GCM` under a fresh message key, which the
 * device's transport key wraps (`alg: A256KW`): the two-level keys of BlackBerry transport layer encryption.
 */
export async function seal(text: string, binding: Binding, transportKey: TransportKey): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader(headerOf(binding))
    .encrypt(wrappingKey(transportKey))
}

/**
 * Opens a frame and checks what it is bound to: its place first, as the header has it in clear, and only then, by the
 * key, that the header and what is inside are the sender's.
 *
 * Device, direction, action and number are bound by the header. The session is inside: it has the same tag, and
 * the seat's condition holds it to the device and lets each number count once (shared/store/seats/seats.ts).
 *
 * @returns the JSON text inside, the frame's number and its action
 * @throws Refusal `not-for-you`, the same whatever was wrong; the cause is for the log
 */
export async function unseal(
  frame: string,
  place: FramePlace,
  transportKey: TransportKey,
): Promise<{ text: string; number: number; action: Binding['action'] }> {
  const { number, action } = bindingAt(frame, place)
  return { text: await opened(frame, transportKey), number, action }
}

/**
 * A message key that does not unwrap is replaced by a random one (RFC 7516, 11.5), so that a wrong key and a wrong tag
 * fail alike. What is inside is unpacked piece by piece, and not beyond PLAIN_BYTES.
 */
async function opened(frame: string, transportKey: TransportKey): Promise<string> {
  try {
    const { plaintext } = await compactDecrypt(frame, wrappingKey(transportKey), {
      keyManagementAlgorithms: [SEALING.alg],
      contentEncryptionAlgorithms: [SEALING.enc],
      maxDecompressedLength: PLAIN_BYTES,
    })
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plaintext)
  } catch (cause) {
    throw new Refusal('not-for-you', { cause })
  }
}

function wrappingKey(transportKey: TransportKey): Uint8Array | CryptoKey {
  return transportKey instanceof Uint8Array ? transportKey : transportKey.wrapping
}
