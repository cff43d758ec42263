import { createHash, hkdfSync } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  claimName,
  codeKeys,
  newClaim,
  newEnrolmentCode,
  parseEnrolmentCode,
  printEnrolmentCode,
  printRedeemer,
  redeemerIn,
} from '../../shared/wire/enrolment.ts'

const secrets = fc.uint8Array({ minLength: 20, maxLength: 20 })
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

function isMistyped(characters: string): boolean {
  try {
    parseEnrolmentCode(`a/${characters}`)
    return false
  } catch (thrown) {
    return String(thrown).includes('mistyped')
  }
}

describe('an enrolment code', () => {
  it('reads as it was printed, and as people type it', () => {
    fc.assert(
      fc.property(secrets, (secret) => {
        const printed = printEnrolmentCode({ device: 'ann-phone', secret })
        expect(printed).toMatch(/^ann-phone\/([0-9A-HJKMNP-TV-Z]{3}-){10}[0-9A-HJKMNP-TV-Z]{3}$/)
        const [device = '', characters = ''] = printed.split('/')
        const typed = characters.replaceAll('-', ' ').toLowerCase().replaceAll('1', 'l').replaceAll('0', 'o')
        for (const text of [printed, ` ${device}/${typed} `]) {
          expect(parseEnrolmentCode(text)).toEqual({ device: 'ann-phone', secret })
        }
      }),
    )
  })

  it('is known by its check character when one character is another, or two have changed places', () => {
    fc.assert(
      fc.property(secrets, fc.nat(32), fc.nat(31), (secret, at, by) => {
        const characters = printEnrolmentCode({ device: 'a', secret }).slice(2).replaceAll('-', '')
        const put = (where: number, what = '') => characters.slice(0, where) + what + characters.slice(where + 1)
        expect(isMistyped(put(at, ALPHABET[by]))).toBe(ALPHABET[by] !== characters[at])
        const [one = '', other = ''] = characters.slice(at, at + 2)
        // Luhn's own blind spot: the first and the last character of the alphabet beside each other.
        if (other === '' || one === other || [one, other].toSorted().join('') === '0Z') return
        expect(isMistyped(characters.slice(0, at) + other + one + characters.slice(at + 2))).toBe(true)
      }),
    )
  })

  test.each([
    '',
    'ann-phone',
    'ann-phone/',
    'ann-phone/ABC',
    '/ABC-DEF',
    `ann/${'A'.repeat(34)}`,
    `ann/${'U'.repeat(33)}`,
  ])('is not %j, and what is said does not quote it', (text) => {
    expect(() => parseEnrolmentCode(text)).toThrow(/^an enrolment code (?!.*(ABC|AAA|UUU))/)
  })

  it('has keys that are derived as the protocol says, by another implementation', async () => {
    const code = newEnrolmentCode('ann-phone')
    const derived = (purpose: string, bytes: number) =>
      Buffer.from(hkdfSync('sha256', code.secret, new Uint8Array(), `enrolment ${purpose} ann-phone`, bytes))
    const { id, key } = await codeKeys(code)
    expect(id).toBe(derived('id', 9).toString('base64url'))
    expect(Buffer.from(key)).toEqual(derived('key', 32))
    expect((await codeKeys({ ...code, device: 'bob-phone' })).id).not.toBe(id)
  })

  it('has a check character as the protocol says, for one that was counted by hand', () => {
    // 31 zeros, then 1: doubled it is 2, and 30 are missing to 32.
    const secret = new Uint8Array(20).with(19, 1)
    expect(printEnrolmentCode({ device: 'a', secret }).replaceAll('-', '')).toBe(`a/${'0'.repeat(31)}1Y`)
  })
})

describe('a redeemer', () => {
  it('is named by the hash of its claim, and not as a device is', async () => {
    const claim = newClaim()
    const name = await claimName(claim)
    expect(name).toBe(createHash('sha256').update(claim).digest().subarray(0, 12).toString('base64url'))
    const redeemer = { device: 'ann-phone', codeId: (await codeKeys(newEnrolmentCode('ann-phone'))).id, claim: name }
    expect(redeemerIn(printRedeemer(redeemer))).toEqual(redeemer)
  })

  test.each([
    'ann-phone',
    'ann-phone/',
    'ann-phone/x/y',
    `ann-phone/${'a'.repeat(12)}`,
    `/${'a'.repeat(12)}/${'a'.repeat(16)}`,
  ])('is not %s', (name) => expect(redeemerIn(name)).toBeUndefined())
})
