import { describe, expect, it, test } from 'vitest'
import { Refusal } from '../../shared/rules/refusal.ts'
import { bindingIn, headerOf } from '../../shared/wire/frame-header.ts'
import { unseal } from '../../shared/wire/seal.ts'
import { newTransportKey } from '../../shared/wire/transport-key.ts'
import { handMadeFrame } from '../kit/hand-made-frame.ts'

const KEY = newTransportKey()
const UP = { device: 'ann-phone', direction: 'up', action: 'send', number: 7 } as const
const HERE = { device: 'ann-phone', direction: 'up', action: 'send' } as const
const HEADER = JSON.stringify(headerOf(UP))
const made = (header: string) => handMadeFrame({ header, key: KEY, inside: '{"type":"logout"}' })
const changed = (changes: object) => JSON.stringify({ ...headerOf(UP), ...changes })

async function refusalOf(frame: string): Promise<unknown> {
  return unseal(frame, HERE, KEY).catch((thrown: unknown) => thrown)
}

describe('a protected header', () => {
  test.each([
    ['as the service writes it', HEADER],
    [
      'with its members in another order',
      JSON.stringify(Object.fromEntries(Object.entries(headerOf(UP)).toReversed())),
    ],
    ['with spaces between', JSON.stringify(headerOf(UP), undefined, 1)],
    ['with its text escaped', HEADER.replace('ann-phone', String.raw`\u0061nn-phone`)],
  ])('is read %s', async (_, header) => {
    expect(bindingIn(made(header))).toEqual(UP)
    expect(await unseal(made(header), HERE, KEY)).toEqual({ text: '{"type":"logout"}', number: 7, action: 'send' })
  })

  const REFUSED: [string, string][] = [
    ['a member that must be understood', changed({ crit: ['exp'], exp: 1 })],
    ['an empty list of what must be understood', changed({ crit: [] })],
    ['one member more', changed({ typ: 'JWE' })],
    ['a key of its own', changed({ jwk: { kty: 'oct', k: 'AAAA' } })],
    ['a place to fetch a key from', changed({ jku: 'https://evil.test/keys' })],
    ['work to do for a key', changed({ p2c: 10_000_000 })],
    ['a member twice', HEADER.replace('"act":"send"', '"act":"poll","act":"send"')],
    ['a member twice, escaped', HEADER.replace('"num":7', String.raw`"n\u0075m":7`)],
    ['a member twice in the place of another', HEADER.replace('"dir":"up"', '"act":"send"')],
    ['a member named like the prototype', HEADER.replace('"num":7', '"__proto__":7')],
    ['the prototype beside it', HEADER.replace('}', ',"__proto__":{"num":9}}')],
    ['no direction', changed({ dir: undefined })],
    ['an object for the device', changed({ kid: { id: 'ann-phone' } })],
    ['a list for the action', changed({ act: ['send'] })],
    ['null for the number', changed({ num: null })],
    ['a number in text', changed({ num: '7' })],
    ['a number with a fraction', changed({ num: 7.5 })],
    ['a number too large', HEADER.replace('"num":7', '"num":1e400')],
    ['no list for algorithms', changed({ alg: ['A256KW'] })],
    ['a shorter wrapping key', changed({ alg: 'A128KW' })],
    ['no wrapping at all', changed({ alg: 'dir' })],
    ['no algorithm', changed({ alg: 'none' })],
    ['another encryption', changed({ enc: 'A256CBC-HS512' })],
    ['another compression', changed({ zip: 'GZ' })],
    ['a byte order mark', `\ufeff${HEADER}`],
    ['something behind it', `${HEADER}{}`],
    ['a list', `[${HEADER}]`],
    ['nothing', ' '],
    ['more than it takes', changed({ kid: 'a'.repeat(400) })],
  ]

  test.each(REFUSED)('is refused with %s, before the key is used', async (_, header) => {
    const refusal = await refusalOf(made(header))
    expect(bindingIn(made(header))).toBeUndefined()
    expect(refusal).toMatchObject({ name: 'Refusal', code: 'not-for-you' })
    // What the library says of the key is the cause: there is none.
    expect(refusal instanceof Refusal && refusal.cause).toBeUndefined()
  })

  test.each([
    ['of another device', { device: 'bob-phone' }],
    ['turned round', { direction: 'down' as const }],
    ['on another route', { action: 'poll' as const }],
  ])('is refused %s, before the key is used', async (_, changes) => {
    const refusal = await refusalOf(made(JSON.stringify(headerOf({ ...UP, ...changes }))))
    expect(refusal).toMatchObject({ code: 'not-for-you' })
    expect(refusal instanceof Refusal && refusal.cause).toBeUndefined()
  })

  it('is not UTF-8, and refused', () => {
    const [, ...rest] = made(HEADER).split('.')
    const broken = Buffer.from(HEADER.replace('ann', 'a\u00ffn'), 'latin1').toString('base64url')
    expect(bindingIn([broken, ...rest].join('.'))).toBeUndefined()
  })
})

describe('the parts of a frame', () => {
  const [header = '', wrapped = '', iv = '', ciphertext = '', tag = ''] = made(HEADER).split('.')

  test.each<[string, string[]]>([
    ['four', [header, wrapped, iv, ciphertext]],
    ['six', [header, wrapped, iv, ciphertext, tag, tag]],
    ['no wrapped key', [header, '', iv, ciphertext, tag]],
    ['a wrapped key of 16 bytes', [header, wrapped.slice(0, 32), iv, ciphertext, tag]],
    ['an IV of 16 bytes', [header, wrapped, tag, ciphertext, tag]],
    ['a short tag', [header, wrapped, iv, ciphertext, tag.slice(0, 6)]],
    ['nothing inside', [header, wrapped, iv, '', tag]],
    ['padding', [`${header}=`, wrapped, iv, ciphertext, tag]],
    ['characters of plain base64', [header, wrapped, iv, `+/${ciphertext}`, tag]],
    ['a line break', [header, wrapped, iv, `${ciphertext}\n`, tag]],
  ])('are refused where there is %s, before the key is used', async (_, parts) => {
    const refusal = await refusalOf(parts.join('.'))
    expect(refusal).toMatchObject({ code: 'not-for-you' })
    expect(refusal instanceof Refusal && refusal.cause).toBeUndefined()
  })
})
