import { createCipheriv, randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'

/** The initial value of AES key wrap (RFC 3394, 2.2.3.1). */
const WRAP_IV = Buffer.alloc(8, 0xa6)

export interface HandMade {
  /** The text of the protected header, byte for byte. */
  readonly header: string
  readonly key: Uint8Array
  /** What is inside, before it is compressed. */
  readonly inside: string | Buffer
  /** What is encrypted, where it is not the raw deflate of `inside`. */
  readonly compressed?: Buffer
  readonly messageKey?: Uint8Array
  readonly iv?: Uint8Array
}

/**
 * A JWE in compact form, from Node's own ciphers and by the letter of RFC 7516: nothing of it is taken from the code
 * under test, and what no library would write can be written.
 */
export function handMadeFrame({ header, key, inside, ...given }: HandMade): string {
  const { compressed = deflateRawSync(inside), messageKey = randomBytes(32), iv = randomBytes(12) } = given
  const wrapping = createCipheriv('id-aes256-wrap', key, WRAP_IV)
  const wrapped = Buffer.concat([wrapping.update(messageKey), wrapping.final()])
  const encoded = Buffer.from(header).toString('base64url')
  const sealing = createCipheriv('aes-256-gcm', messageKey, iv).setAAD(Buffer.from(encoded))
  const ciphertext = Buffer.concat([sealing.update(compressed), sealing.final()])
  const parts = [wrapped, Buffer.from(iv), ciphertext, sealing.getAuthTag()]
  return [encoded, ...parts.map((part) => part.toString('base64url'))].join('.')
}
