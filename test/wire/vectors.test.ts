import { readFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'
import { compactDecrypt } from 'jose'
import { describe, expect, it, test } from 'vitest'
import { headerOf } from '../../shared/wire/frame-header.ts'
import { unseal } from '../../shared/wire/seal.ts'
import { handMadeFrame } from '../kit/hand-made-frame.ts'

const VECTORS: Readonly<Record<string, Readonly<Record<string, string>>>> = JSON.parse(
  readFileSync('test/vectors/jose.json', 'utf8'),
)
const vector = (name: string) => Object.entries(VECTORS).find(([title]) => title.startsWith(name))?.[1] ?? {}

const UP = { device: 'ann-phone', direction: 'up', action: 'send', number: 7 } as const
const HERE = { device: 'ann-phone', direction: 'up', action: 'send' } as const
const HEADER = JSON.stringify(headerOf(UP))

describe('a published vector', () => {
  it('of AES key wrap is how a message key is wrapped in a frame, which opens (RFC 3394, 4.6)', async () => {
    const { kek = '', keyData = '', ciphertext = '' } = vector('RFC 3394')
    const key = new Uint8Array(Buffer.from(kek, 'hex'))
    const inside = '{"type":"logout"}'
    const frame = handMadeFrame({ header: HEADER, key, inside, messageKey: Buffer.from(keyData, 'hex') })
    const wrapped = Buffer.from(frame.split('.')[1] ?? '', 'base64url')

    expect(wrapped.toString('hex').toUpperCase()).toBe(ciphertext)
    expect(await unseal(frame, HERE, key)).toMatchObject({ text: inside })
  })

  it('of what DEF compresses to is unpacked from a frame (RFC 7520, 5.9)', async () => {
    const { compressed = '', plaintext = '' } = vector('RFC 7520, 5.9')
    const key = new Uint8Array(32).fill(7)
    const bytes = Buffer.from(compressed, 'base64url')
    const frame = handMadeFrame({ header: HEADER, key, inside: '', compressed: bytes })

    expect(inflateRawSync(bytes).toString()).toBe(plaintext)
    expect(await unseal(frame, HERE, key)).toMatchObject({ text: plaintext })
  })

  // These are right, and no frames: 128-bit keys, CBC, no compression, nothing that binds them to a place.
  test.each(Object.entries(VECTORS).filter(([, { compact }]) => compact !== undefined))(
    'that no device of ours makes opens for the library, and is refused as a frame: %s',
    async (_, { k = '', compact = '', plaintext = '' }) => {
      const key = new Uint8Array(Buffer.from(k, 'base64url'))
      expect(Buffer.from((await compactDecrypt(compact, key)).plaintext).toString()).toBe(plaintext)

      const refusal: unknown = await unseal(compact, HERE, key).catch((thrown: unknown) => thrown)
      expect(refusal).toMatchObject({ code: 'not-for-you' })
      expect(refusal instanceof Error && refusal.cause).toBeUndefined()
    },
  )
})
