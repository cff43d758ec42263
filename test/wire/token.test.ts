import { createHmac, hkdfSync } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import { verdictOn } from '../../functions/envelope/token-verdict.ts'
import { audienceOf, deviceNamedBy, deviceToken, TOKEN_LIFE_S } from '../../shared/wire/token.ts'
import { newTransportKey } from '../../shared/wire/transport-key.ts'

const KEY = newTransportKey()
const NOW = 1_800_000_000_000
const NOW_S = NOW / 1_000
const HEADER = { alg: 'HS256', kid: 'ann-phone' }
const AUDIENCE = 'abc123.execute-api.eu-west-1.amazonaws.com/live'
const ANN = { device: 'ann-phone', audience: AUDIENCE }
const CLAIMS = { sub: 'ann-phone', aud: AUDIENCE, iat: NOW_S, exp: NOW_S + TOKEN_LIFE_S }

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

const EXPECTED = { device: 'ann-phone', audiences: [AUDIENCE, 'abc123/live'] }
const genuine = (token: string, at = NOW, expected = EXPECTED) => verdictOn(token, expected, KEY, at).genuine

describe('a token', () => {
  it('is genuine when another client makes it as the protocol says', async () => {
    expect(genuine(made(HEADER, CLAIMS))).toBe(true)
  })

  it('is made as the protocol says', async () => {
    expect(await deviceToken(ANN, KEY, NOW + 999)).toBe(made(HEADER, CLAIMS))
  })

  it('names its device before anything of it is believed', async () => {
    expect(deviceNamedBy(await deviceToken(ANN, newTransportKey(), 0))).toBe('ann-phone')
    expect(deviceNamedBy(made({ alg: 'none', kid: 'bob-phone' }, {}))).toBe('bob-phone')
  })

  test.each(['', 'hello', 'a.b.c', '..', `${base64url({ alg: 'HS256' })}.e30.`, base64url([])])(
    'names no device when it is %j',
    (token) => {
      expect(deviceNamedBy(token)).toBeUndefined()
    },
  )

  test.each([5, ['ann-phone'], { id: 'ann-phone' }, null, true, '', 'a'.repeat(97), 'ann phone', 'ann\n', 'DEVICE#x'])(
    'names no device when what it names is no device: %j',
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
    expect(genuine(await deviceToken(ANN, KEY, NOW), NOW + atS * 1_000)).toBe(is)
  })

  it('must not be longer than it may be, even where that is not over yet', async () => {
    expect(genuine(made(HEADER, { ...CLAIMS, exp: NOW_S + TOKEN_LIFE_S + 1 }))).toBe(false)
  })

  it.each([-3_600, -31, 90, 86_400])('tells how far the clock is off, %i s after the token was made', async (atS) => {
    const token = await deviceToken(ANN, KEY, NOW)
    const verdict = verdictOn(token, EXPECTED, KEY, NOW + atS * 1_000)
    expect(verdict).toEqual({ genuine: false, offByS: -atS })
  })

  it("tells nothing of a clock where the token is another device's, whatever its time", async () => {
    const foreign = await deviceToken(ANN, newTransportKey(), NOW)
    expect(verdictOn(foreign, EXPECTED, KEY, NOW + 86_400_000)).toEqual({ genuine: false })
    const elsewhere = await deviceToken({ ...ANN, audience: 'other/live' }, KEY, NOW)
    expect(verdictOn(elsewhere, EXPECTED, KEY, NOW + 86_400_000)).toEqual({ genuine: false })
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
    expect(genuine(made(HEADER, { ...CLAIMS, ...changes }))).toBe(false)
  })
})

describe('a token of somebody else', () => {
  it('is not genuine when it is for another device', async () => {
    expect(genuine(made(HEADER, CLAIMS), NOW, { ...EXPECTED, device: 'bob-phone' })).toBe(false)
    expect(genuine(made(HEADER, { ...CLAIMS, sub: 'bob-phone' }))).toBe(false)
    expect(genuine(made(HEADER, { ...CLAIMS, sub: undefined }))).toBe(false)
  })

  test.each<[string, unknown]>([
    ['another API', 'other.execute-api.eu-west-1.amazonaws.com/live'],
    ['another stage', 'abc123.execute-api.eu-west-1.amazonaws.com/test'],
    ['the whole host', 'abc123.execute-api.eu-west-1.amazonaws.com'],
    ['nobody', undefined],
    ['no text', 7],
  ])('is not genuine when it is for %s', async (_, aud) => {
    expect(genuine(made(HEADER, { ...CLAIMS, aud }))).toBe(false)
  })

  it("is genuine when it is for the API's id and stage", async () => {
    expect(genuine(made(HEADER, { ...CLAIMS, aud: 'abc123/live' }))).toBe(true)
  })

  it('is not genuine when its header has something to be understood', async () => {
    expect(genuine(made({ ...HEADER, crit: ['exp'], exp: 1 }, CLAIMS))).toBe(false)
    expect(genuine(made({ ...HEADER, jwk: { kty: 'oct', k: 'AAAA' } }, CLAIMS))).toBe(false)
    expect(genuine(made({ ...HEADER, typ: 'JWT' }, CLAIMS))).toBe(true)
    expect(genuine(made({ ...HEADER, b64: false, crit: ['b64'] }, CLAIMS))).toBe(false)
  })

  it('is not genuine when it is made with another key', async () => {
    expect(genuine(await deviceToken(ANN, newTransportKey(), NOW))).toBe(false)
  })

  it('is not genuine when it is signed with the transport key itself', async () => {
    expect(genuine(made(HEADER, CLAIMS, KEY))).toBe(false)
  })

  it('is not genuine when it is not signed', async () => {
    const unsigned = `${base64url({ ...HEADER, alg: 'none' })}.${base64url(CLAIMS)}.`
    expect(genuine(unsigned)).toBe(false)
    expect(genuine(made({ ...HEADER, alg: 'none' }, CLAIMS))).toBe(false)
  })

  it('is not genuine when it is signed by another algorithm', async () => {
    expect(genuine(made({ ...HEADER, alg: 'HS512' }, CLAIMS, tokenKey(KEY), 'sha512'))).toBe(false)
  })

  it('is not genuine when its claims are others than were signed', async () => {
    const [header, , signature] = made(HEADER, CLAIMS).split('.')
    expect(genuine(`${header}.${base64url({ ...CLAIMS, exp: CLAIMS.exp + 1 })}.${signature}`)).toBe(false)
  })

  test.each(['', 'hello', 'a.b.c', '..'])('is not genuine when it is no token: %j', async (token) => {
    expect(genuine(token)).toBe(false)
  })
})

describe('the audience of a URL', () => {
  test.each([
    ['wss://abc123.execute-api.eu-west-1.amazonaws.com/live', AUDIENCE],
    ['wss://ABC123.execute-api.eu-west-1.amazonaws.com:443/live/', AUDIENCE],
    ['ws://127.0.0.1:3001/live?token=x', '127.0.0.1:3001/live'],
    ['wss://im.fabrikam.test', 'im.fabrikam.test'],
  ])('of %s is %s', (url, audience) => {
    expect(audienceOf(url)).toBe(audience)
  })
})
