import { createHmac, hkdfSync } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import { deviceNamedBy, deviceToken, isGenuine, TOKEN_LIFE_S } from '../../shared/wire/token.ts'
import { newTransportKey } from '../../shared/wire/transport-key.ts'

const KEY = newTransportKey()
const NOW = 1_800_000_000_000
const NOW_S = NOW / 1_000
const HEADER = { alg: 'HS256', kid: 'ann-phone' }
const CLAIMS = { sub: 'ann-phone', iat: NOW_S, exp: NOW_S + TOKEN_LIFE_S }

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The key of tokens, derived as PROTOCOL.md says, by another implementation. */
function tokenKey(transportKey: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', transportKey, new Uint8Array(), 'device token', 32))
}

/** A token as another client would make it: nothing of it is taken from the code under test. */
function made(header: object, claims: object, key = tokenKey(KEY), hash = 'sha256'): string {
  const signed = `${base64url(header)}.${base64url(claims)}`
  return `${signed}.${createHmac(hash, key).update(signed).digest('base64url')}`
}

const genuine = (token: string, at = NOW) => isGenuine(token, 'ann-phone', KEY, at)

describe('a token', () => {
  it('is genuine when another client makes it as the protocol says', async () => {
    expect(await genuine(made(HEADER, CLAIMS))).toBe(true)
  })

  it('is made as the protocol says', async () => {
    expect(await deviceToken('ann-phone', KEY, NOW + 999)).toBe(made(HEADER, CLAIMS))
  })

  it('names its device before anything of it is believed', async () => {
    expect(deviceNamedBy(await deviceToken('ann-phone', newTransportKey(), 0))).toBe('ann-phone')
    expect(deviceNamedBy(made({ alg: 'none', kid: 'bob-phone' }, {}))).toBe('bob-phone')
  })

  test.each(['', 'hello', 'a.b.c', '..', `${base64url({ alg: 'HS256' })}.e30.`, base64url([])])(
    'names no device when it is %j',
    (token) => {
      expect(deviceNamedBy(token)).toBeUndefined()
    },
  )

  test.each([5, ['ann-phone'], { id: 'ann-phone' }, null, true])(
    'names no device when what it names is no text: %j',
    (kid) => {
      expect(deviceNamedBy(made({ alg: 'HS256', kid }, CLAIMS))).toBeUndefined()
    },
  )
})

describe('the time of a token', () => {
  test.each([
    { atS: -31, is: false, when: "the device's clock is 31 s ahead" },
    { atS: -30, is: true, when: "the device's clock is 30 s ahead" },
    { atS: 0, is: true, when: 'it is new' },
    { atS: 60, is: true, when: 'it is as old as it may be' },
    { atS: 89, is: true, when: "it is that old, and the device's clock almost 30 s behind" },
    { atS: 90, is: false, when: "it is that old, and the device's clock is 30 s behind" },
    { atS: 3_600, is: false, when: 'it is an hour old' },
  ])('makes it genuine: $is, when $when', async ({ atS, is }) => {
    expect(await genuine(await deviceToken('ann-phone', KEY, NOW), NOW + atS * 1_000)).toBe(is)
  })

  test.each([
    { atS: 90, is: true },
    { atS: 91, is: false },
  ])('makes it genuine: $is, $atS s after it was issued, however long a life it claims', async ({ atS, is }) => {
    const longLived = made(HEADER, { ...CLAIMS, exp: NOW_S + 86_400 })
    expect(await genuine(longLived, NOW + atS * 1_000)).toBe(is)
  })

  test.each<[string, object]>([
    ['no end', { exp: undefined }],
    ['no beginning', { iat: undefined }],
    ['an end in text', { exp: String(NOW_S + 60) }],
    ['a beginning in text', { iat: String(NOW_S) }],
    ['an end before now', { exp: NOW_S - 31 }],
    ['a beginning to come', { iat: NOW_S + 31 }],
    ['a beginning from which it counts later', { nbf: NOW_S + 31 }],
  ])('must not have %s', async (_, changes) => {
    expect(await genuine(made(HEADER, { ...CLAIMS, ...changes }))).toBe(false)
  })
})

describe('a token of somebody else', () => {
  it('is not genuine when it is for another device', async () => {
    expect(await isGenuine(made(HEADER, CLAIMS), 'bob-phone', KEY, NOW)).toBe(false)
    expect(await genuine(made(HEADER, { ...CLAIMS, sub: 'bob-phone' }))).toBe(false)
    expect(await genuine(made(HEADER, { ...CLAIMS, sub: undefined }))).toBe(false)
  })

  it('is not genuine when it is made with another key', async () => {
    expect(await genuine(await deviceToken('ann-phone', newTransportKey(), NOW))).toBe(false)
  })

  it('is not genuine when it is signed with the transport key itself', async () => {
    expect(await genuine(made(HEADER, CLAIMS, KEY))).toBe(false)
  })

  it('is not genuine when it is not signed', async () => {
    const unsigned = `${base64url({ ...HEADER, alg: 'none' })}.${base64url(CLAIMS)}.`
    expect(await genuine(unsigned)).toBe(false)
    expect(await genuine(made({ ...HEADER, alg: 'none' }, CLAIMS))).toBe(false)
  })

  it('is not genuine when it is signed by another algorithm', async () => {
    expect(await genuine(made({ ...HEADER, alg: 'HS512' }, CLAIMS, tokenKey(KEY), 'sha512'))).toBe(false)
  })

  it('is not genuine when its claims are others than were signed', async () => {
    const [header, , signature] = made(HEADER, CLAIMS).split('.')
    expect(await genuine(`${header}.${base64url({ ...CLAIMS, exp: CLAIMS.exp + 1 })}.${signature}`)).toBe(false)
  })

  test.each(['', 'hello', 'a.b.c', '..'])('is not genuine when it is no token: %j', async (token) => {
    expect(await genuine(token)).toBe(false)
  })
})
