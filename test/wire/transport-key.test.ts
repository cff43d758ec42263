import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { seal, unseal } from '../../shared/wire/seal.ts'
import { verdictOn } from '../../functions/envelope/token-verdict.ts'
import { deviceToken } from '../../shared/wire/token.ts'
import {
  importTransportKey,
  newTransportKey,
  parseTransportKey,
  printTransportKey,
} from '../../shared/wire/transport-key.ts'

function messageOf(text: string): string {
  try {
    parseTransportKey(text)
  } catch (thrown) {
    if (thrown instanceof TypeError) return `${thrown.message} ${String(thrown.cause)}`
  }
  throw new Error('the key was taken, or refused with another error than it says')
}

describe('a transport key', () => {
  it('is read as it was written down', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
        const text = printTransportKey(key)
        expect(text).toMatch(/^[\w-]{43}$/)
        expect(parseTransportKey(text)).toEqual(key)
      }),
    )
  })

  it('is new each time, and 32 bytes', () => {
    const keys = Array.from({ length: 20 }, newTransportKey)
    expect(keys.every(({ length }) => length === 32)).toBe(true)
    expect(new Set(keys.map(printTransportKey)).size).toBe(20)
  })

  test.each([1, 16, 31, 33, 64])('is refused when it has %i bytes, and the error does not quote it', (length) => {
    const text = printTransportKey(new Uint8Array(length).fill(0xa5))
    expect(messageOf(text)).toContain(`a transport key has 32 bytes, this one ${length}`)
    expect(messageOf(text)).not.toContain(text.slice(0, 8))
  })

  it('is refused when it is no base64url, and the error does not quote it', () => {
    const text = `${'secret$$'.repeat(5)}abc`
    expect(messageOf(text)).not.toContain('secret')
  })
})

describe('an imported transport key', () => {
  const bytes = newTransportKey()

  it('cannot be read', async () => {
    const { wrapping, token } = await importTransportKey(bytes)
    for (const key of [wrapping, token]) {
      expect(key.extractable).toBe(false)
      await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow(/extractable/)
    }
  })

  it('seals, opens and signs as its bytes do', async () => {
    const imported = await importTransportKey(bytes)
    const up = { device: 'ann-browser', direction: 'up', action: 'poll', number: 3 } as const
    const [audience, now] = ['abc123/live', 1_800_000_000_000]
    for (const [one, other] of [
      [imported, bytes],
      [bytes, imported],
    ] as const) {
      expect(await unseal(await seal('{"a":1}', up, one), up, other)).toMatchObject({ text: '{"a":1}', number: 3 })
    }
    const token = await deviceToken({ device: 'ann-browser', audience }, imported, now)
    expect(verdictOn(token, { device: 'ann-browser', audiences: [audience] }, bytes, now)).toEqual({
      genuine: true,
    })
  })
})
