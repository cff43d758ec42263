import { createHmac, hkdfSync } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verdictOn } from '../../functions/envelope/token-verdict.ts'
import { joseVerdict } from '../kit/jose-verdict.ts'

const KEY = new Uint8Array(32).fill(9)
const NOW = 1_800_000_000_000
const NOW_S = NOW / 1_000
const EXPECTED = { device: 'ann-phone', audiences: ['abc123.test/live', 'abc123/live'] }
const SIGNING = new Uint8Array(hkdfSync('sha256', KEY, new Uint8Array(), 'device token', 32))

const encoded = (text: string) => Buffer.from(text).toString('base64url')

const anything = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.string()),
)
const second = fc.oneof(
  fc.integer({ min: NOW_S - 200, max: NOW_S + 200 }),
  fc.constantFrom(NOW_S - 91, NOW_S - 90, NOW_S - 60, NOW_S - 30, NOW_S, NOW_S + 30, NOW_S + 31, NOW_S + 60),
  fc.double({ min: NOW_S - 100, max: NOW_S + 100, noNaN: true }),
)
const audience = fc.constantFrom('abc123/live', 'abc123.test/live', 'other/live')
const mostly = <T>(usual: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: anything })

const claims = fc.record(
  {
    sub: mostly(fc.constant('ann-phone')),
    aud: mostly(fc.oneof(audience, fc.array(audience, { maxLength: 3 }))),
    iat: mostly(second),
    exp: mostly(second),
    nbf: mostly(second),
    jti: anything,
  },
  { requiredKeys: ['sub', 'iat', 'exp'] },
)
const header = fc.record(
  {
    alg: mostly(fc.constant('HS256')),
    kid: anything,
    typ: anything,
    crit: fc.constantFrom(['b64'], ['exp'], []),
    b64: fc.boolean(),
    jwk: anything,
  },
  { requiredKeys: ['alg'] },
)
const plain = fc.record(
  { alg: fc.constant('HS256'), kid: fc.constant('ann-phone'), typ: fc.constant('JWT') },
  { requiredKeys: ['alg'] },
)

function signed(signedBy: Uint8Array, ...parts: readonly unknown[]): string {
  const text = parts.map((part) => encoded(JSON.stringify(part))).join('.')
  return `${text}.${createHmac('sha256', signedBy).update(text).digest('base64url')}`
}

describe('the verdict on a token', () => {
  it("is jose's, whatever the token says", async () => {
    let genuine = 0
    await fc.assert(
      fc.asyncProperty(fc.oneof(plain, header), claims, fc.boolean(), async (head, body, isOurs) => {
        const token = signed(isOurs ? SIGNING : KEY, head, body)
        const [ours, theirs] = [verdictOn(token, EXPECTED, KEY, NOW), await joseVerdict(token, EXPECTED, KEY, NOW)]
        genuine += ours.genuine ? 1 : 0
        expect(ours.genuine).toBe(theirs.genuine)
        // Of a token that lacks a time, or whose header says more, no clock is spoken of here.
        expect([theirs, { genuine: theirs.genuine }]).toContainEqual(ours)
      }),
      { numRuns: 3_000 },
    )
    expect(genuine).toBeGreaterThan(0)
  })

  it("tells of a clock what jose tells of it, where the token has a device's members", async () => {
    await fc.assert(
      fc.asyncProperty(plain, second, second, fc.option(second, { nil: undefined }), async (head, iat, exp, nbf) => {
        const token = signed(SIGNING, head, { sub: 'ann-phone', aud: 'abc123/live', iat, exp, nbf })
        expect(verdictOn(token, EXPECTED, KEY, NOW)).toEqual(await joseVerdict(token, EXPECTED, KEY, NOW))
      }),
      { numRuns: 2_000 },
    )
  })

  it('is no where anything of the token is another character', async () => {
    const token = signed(
      SIGNING,
      { alg: 'HS256' },
      { sub: 'ann-phone', aud: 'abc123/live', iat: NOW_S, exp: NOW_S + 60 },
    )
    expect(verdictOn(token, EXPECTED, KEY, NOW)).toEqual({ genuine: true })
    fc.assert(
      // The last character of a signature has bits that say nothing.
      fc.property(fc.nat(token.length - 2), fc.constantFrom('A', 'b', '-', '.', '=', ' ', '!'), (at, other) => {
        fc.pre(token[at] !== other)
        expect(verdictOn(token.slice(0, at) + other + token.slice(at + 1), EXPECTED, KEY, NOW).genuine).toBe(false)
      }),
    )
  })

  it.each(['[]', '7', 'null', '"text"', '{', ''])('is no where what is signed is %j', (text) => {
    const start = `${encoded('{"alg":"HS256"}')}.${encoded(text)}`
    const token = `${start}.${createHmac('sha256', SIGNING).update(start).digest('base64url')}`
    expect(verdictOn(token, EXPECTED, KEY, NOW)).toEqual({ genuine: false })
  })
})
