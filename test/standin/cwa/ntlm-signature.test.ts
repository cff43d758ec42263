import { expect, it } from 'vitest'
import { firstSignature, signatureKeys } from '../../../infra/standin/cwa/ntlm-signature.ts'
import { hmacMd5, rc4 } from '../../../shared/cwa/ntlm/ntlm-hash.ts'
import { FLAGS } from '../../../shared/cwa/ntlm/ntlm-messages.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const SESSION_KEY = Buffer.alloc(16, 0x55)
const PLAINTEXT = Buffer.from('Plaintext', 'utf16le')

it('has the keys and the checksum of the example of MS-NLMP 4.2.4.4', () => {
  const { signing, sealing } = signatureKeys(SESSION_KEY, 'client-to-server')
  expect(sealing).toEqual(hex('59 f6 00 97 3c c4 96 0a 25 48 0a 7c 19 6e 4c 58'))
  expect(signing).toEqual(hex('47 88 dc 86 1b 47 82 f3 5d 43 fd 98 fe 1a 2d 39'))
  // There the message is sealed before its checksum, by the same stream.
  const sealed = rc4(sealing, Buffer.concat([PLAINTEXT, hmacMd5(signing, Buffer.alloc(4), PLAINTEXT).subarray(0, 8)]))
  expect(sealed.subarray(PLAINTEXT.length)).toEqual(hex('7f b3 8e c5 c5 5d 49 76'))
})

it('seals the checksum where keys were exchanged, and makes none without extended session security', () => {
  const flags = FLAGS.extendedSessionSecurity | FLAGS.key128
  const plain = firstSignature(SESSION_KEY, 'server-to-client', PLAINTEXT, flags)
  const sealed = firstSignature(SESSION_KEY, 'server-to-client', PLAINTEXT, flags | FLAGS.keyExchange)
  const { sealing } = signatureKeys(SESSION_KEY, 'server-to-client')

  expect(plain).toHaveLength(16)
  expect(sealed?.subarray(4, 12)).toEqual(plain && rc4(sealing, plain.subarray(4, 12)))
  expect(firstSignature(SESSION_KEY, 'server-to-client', PLAINTEXT, FLAGS.key128)).toBeUndefined()
})
