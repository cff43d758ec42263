import { createHash } from 'node:crypto'
import { hmacMd5, rc4 } from '../../../shared/cwa/ntlm/ntlm-hash.ts'
import { FLAGS } from '../../../shared/cwa/ntlm/ntlm-messages.ts'

/** Whose signatures: each direction has keys of its own. */
export type Direction = 'client-to-server' | 'server-to-client'

const VERSION = Buffer.from([1, 0, 0, 0])

/** Keys of one direction (MS-NLMP 3.4.5.2 and 3.4.5.3), with extended session security and 128 bits. */
export function signatureKeys(sessionKey: Uint8Array, direction: Direction) {
  const key = (purpose: string): Buffer =>
    createHash('md5').update(sessionKey).update(`session key to ${direction} ${purpose} key magic constant\0`).digest()
  return { signing: key('signing'), sealing: key('sealing') }
}

/**
 * The signature of a connection's first message (MS-NLMP 3.4.4.2): version, checksum, number 0.
 * @param flags those of the AUTHENTICATE message
 * @returns undefined without extended session security or with shorter keys: another scheme, which no test here needs
 */
export function firstSignature(
  sessionKey: Uint8Array,
  direction: Direction,
  message: Uint8Array,
  flags: number,
): Buffer | undefined {
  const needed = FLAGS.extendedSessionSecurity | FLAGS.key128
  if ((flags & needed) !== needed) return undefined
  const { signing, sealing } = signatureKeys(sessionKey, direction)
  const number = Buffer.alloc(4)
  const checksum = hmacMd5(signing, number, message).subarray(0, 8)
  const isSealed = (flags & FLAGS.keyExchange) !== 0
  return Buffer.concat([VERSION, isSealed ? rc4(sealing, checksum) : checksum, number])
}
