import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { newTransportKey, parseTransportKey, printTransportKey } from '../../shared/wire/transport-key.ts'

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

  test.each([1, 16, 31, 33, 64])('is refused when it has %i bytes, and is not told', (length) => {
    const text = printTransportKey(new Uint8Array(length).fill(0xa5))
    expect(messageOf(text)).toContain(`a transport key has 32 bytes, this one ${length}`)
    expect(messageOf(text)).not.toContain(text.slice(0, 8))
  })

  it('is refused when it is no base64url, and is not told', () => {
    const text = `${'secret$$'.repeat(5)}abc`
    expect(messageOf(text)).not.toContain('secret')
  })
})
