import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib'
import { Refusal } from '../../shared/rules/refusal.ts'
import { headerOf, type Binding } from '../../shared/wire/frame-header.ts'
import { bindingAt, type FramePlace } from '../../shared/wire/frame-place.ts'
import { PLAIN_BYTES } from '../../shared/wire/frames.ts'

/*
 * Stands in the functions for shared/wire/seal.ts, which is the device's and runs in browsers, too: the same frames by Node's
 * own ciphers. WebCrypto hands each step to another thread and back, which takes many times what the step does.
 * test/wire/seal.test.ts holds both to the same cases, test/envelope/frame-seal.test.ts each to the other.
 *
 * Keys are key objects: that bytes are none, Node finds out by an error it throws, which takes three times what a cipher does.
 */

/** The initial value of AES key wrap (RFC 3394, 2.2.3.1). */
const WRAP_IV = Buffer.alloc(8, 0xa6)
const KEY_BYTES = 32
/** Of A256GCM (RFC 7518, 5.3). */
const [IV_BYTES, TAG_BYTES] = [12, 16]

/**
 * Compresses, then encrypts under a fresh message key, which the transport key wraps (RFC 7516, 5.1).
 *
 * @param transportKey 32 bytes
 */
export function seal(text: string, binding: Binding, transportKey: Uint8Array): string {
  const header = Buffer.from(JSON.stringify(headerOf(binding))).toString('base64url')
  const random = randomBytes(KEY_BYTES + IV_BYTES)
  const [messageKey, iv] = [random.subarray(0, KEY_BYTES), random.subarray(KEY_BYTES)]
  const wrapping = createCipheriv('id-aes256-wrap', createSecretKey(transportKey), WRAP_IV)
  const wrapped = Buffer.concat([wrapping.update(messageKey), wrapping.final()])
  const sealing = createCipheriv('aes-256-gcm', createSecretKey(messageKey), iv).setAAD(Buffer.from(header))
  const ciphertext = Buffer.concat([sealing.update(packed(Buffer.from(text))), sealing.final()])
  const parts = [wrapped, iv, ciphertext, sealing.getAuthTag()]
  return `${header}.${parts.map((part) => part.toString('base64url')).join('.')}`
}

/**
 * Opens a frame: its place first, as the header has it in clear, and only then, by the key, that the header and what is
 * inside are the sender's.
 *
 * @returns the JSON text inside, the frame's number and its action
 * @throws Refusal `not-for-you`, the same whatever was wrong; the cause is for the log
 */
export function unseal(frame: string, place: FramePlace, transportKey: Uint8Array) {
  const { number, action } = bindingAt(frame, place)
  try {
    return { text: UTF8.decode(unpacked(decrypted(frame, transportKey))), number, action }
  } catch (cause) {
    throw new Refusal('not-for-you', { cause })
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** RFC 7516, 5.2. The pattern of frames (shared/wire/frame-header.ts) has measured each part but the text. */
function decrypted(frame: string, transportKey: Uint8Array): Buffer {
  const [header = '', ...parts] = frame.split('.')
  const [wrapped, iv, text, tag] = parts.map(bytesOf)
  if (wrapped === undefined || iv === undefined || text === undefined || tag === undefined)
    throw new TypeError('no JWE')
  const opening = createDecipheriv('aes-256-gcm', messageKeyIn(wrapped, transportKey), iv, { authTagLength: TAG_BYTES })
  opening.setAAD(Buffer.from(header)).setAuthTag(tag)
  return Buffer.concat([opening.update(text), opening.final()])
}

/** base64url (RFC 4648, 5) in the lengths that there are: Node would leave the last of five characters out. */
function bytesOf(part: string): Buffer {
  if (part.length % 4 === 1) throw new TypeError('a part of the JWE is no base64url')
  return Buffer.from(part, 'base64url')
}

/** A message key that does not unwrap is replaced by a random one (RFC 7516, 11.5): a wrong key and a wrong tag fail alike. */
function messageKeyIn(wrapped: Buffer, transportKey: Uint8Array): KeyObject {
  const unwrapping = createDecipheriv('id-aes256-wrap', createSecretKey(transportKey), WRAP_IV)
  try {
    return createSecretKey(Buffer.concat([unwrapping.update(wrapped), unwrapping.final()]))
  } catch {
    return createSecretKey(randomBytes(KEY_BYTES))
  }
}

/**
 * Raw deflate (RFC 1951), in a window and tables that just hold the text. Unasked, zlib takes 256 KB of memory for each frame
 * and clears half of them, which takes longer than to pack a message; what comes out is the same.
 */
function packed(text: Buffer): Buffer {
  return deflateRawSync(text, ROOMS.find(([bytes]) => text.length <= bytes)?.[1])
}

/** Up to how many bytes of text, and the room for them: a window of 2^windowBits bytes, 2^(memLevel + 6) symbols. */
const ROOMS: readonly (readonly [bytes: number, room: ZlibOptions])[] = [
  [1_024, { windowBits: 10, memLevel: 4, chunkSize: 1_024 }],
  [4_096, { windowBits: 12, memLevel: 6, chunkSize: 4_096 }],
]

/** Raw deflate and nothing behind it. It is unpacked piece by piece, and not beyond PLAIN_BYTES. */
function unpacked(packed: Buffer): Buffer {
  // With `info` it says more than its types do. https://nodejs.org/api/zlib.html#class-options
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const done = inflateRawSync(packed, { maxOutputLength: PLAIN_BYTES, info: true }) as unknown as Unpacked
  if (done.engine.bytesWritten !== packed.length) throw new RangeError('something follows what was compressed')
  return done.buffer
}

interface Unpacked {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}
