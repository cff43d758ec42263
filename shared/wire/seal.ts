import { CompactEncrypt, compactDecrypt, type CompactJWEHeaderParameters } from 'jose'
import { Refusal } from '../rules/refusal.ts'
import { ACTIONS, type Action } from './actions.ts'
import { PLAIN_BYTES } from './frames.ts'

/** What a frame is bound to, in the JWE's protected header: moved to another place, it no longer opens. */
export interface Binding {
  readonly device: string
  /** `up` from the device, `down` from the service. */
  readonly direction: 'up' | 'down'
  /** The route of a frame from the device, and of the answer to it; `push` for what comes unasked. */
  readonly action: Action | 'push'
  /**
   * Up: the device's frame number, which only grows. Down: the number of the frame that is answered, 0 where that could
   * not be read; with `push` the number of its last batch.
   */
  readonly number: number
}

const BINDABLE: readonly Binding['action'][] = [...ACTIONS, 'push']

/**
 * Compresses, then encrypts (JWE compact, RFC 7516): `zip: DEF`, `enc: A256GCM` under a fresh message key, which the
 * device's transport key wraps (`alg: A256KW`): the two-level keys of BlackBerry transport layer encryption.
 *
 * @param transportKey 32 bytes
 */
export async function seal(text: string, binding: Binding, transportKey: Uint8Array): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({
      alg: 'A256KW',
      enc: 'A256GCM',
      zip: 'DEF',
      kid: binding.device,
      dir: binding.direction,
      act: binding.action,
      num: binding.number,
    } satisfies CompactJWEHeaderParameters)
    .encrypt(transportKey)
}

/**
 * Opens a frame and checks what it is bound to.
 *
 * @returns the JSON text inside, the frame's number and its action
 * @throws Refusal `not-for-you`, the same whatever was wrong
 */
export async function unseal(
  frame: string,
  expected: { readonly device: string; readonly direction: 'up' | 'down'; readonly action?: Action },
  transportKey: Uint8Array,
): Promise<{ text: string; number: number; action: Binding['action'] }> {
  const { plaintext, header } = await decrypted(frame, transportKey)
  const { kid, dir, act, num } = header
  if (kid !== expected.device || dir !== expected.direction) throw new Refusal('not-for-you')
  if (expected.action !== undefined && act !== expected.action) throw new Refusal('not-for-you')
  if (typeof num !== 'number' || !Number.isSafeInteger(num) || num < 0) throw new Refusal('not-for-you')
  const action = BINDABLE.find((known) => known === act)
  if (action === undefined) throw new Refusal('not-for-you')
  return { text: new TextDecoder().decode(plaintext), number: num, action }
}

async function decrypted(frame: string, transportKey: Uint8Array) {
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(frame, transportKey, {
      keyManagementAlgorithms: ['A256KW'],
      contentEncryptionAlgorithms: ['A256GCM'],
      maxDecompressedLength: PLAIN_BYTES,
    })
    if (protectedHeader.zip !== 'DEF') throw new TypeError('the frame is not compressed')
    return { plaintext, header: protectedHeader }
  } catch (cause) {
    throw new Refusal('not-for-you', { cause })
  }
}
