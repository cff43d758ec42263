import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { parseDeviceFrame } from '../../shared/wire/frames.ts'
import { JSON_DEPTH, parseStrictly } from '../../shared/wire/strict-json.ts'

/** The largest text that a frame may hold. */
const LARGEST = 128 * 1024

describe('JSON text', () => {
  it('is read as JSON.parse reads it, where it means one thing', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: JSON_DEPTH - 1 }), (text) => {
        expect(parseStrictly(text)).toEqual(JSON.parse(text))
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    '{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}',
    '{"a":"a","b":"a\\":{","a\\"":1}',
    '["a","a"]',
    '"a"',
    ' 7 ',
  ])('may say the same in different places: %s', (text) => {
    expect(parseStrictly(text)).toEqual(JSON.parse(text))
  })

  test.each([
    '{"a":1,"a":1}',
    '{"a":1,"b":{},"a":2}',
    '{"x":[{"a":1,"a":2}]}',
    String.raw`{"a":1,"\u0061":2}`,
    '{"__proto__":1,"__proto__":2}',
    '{"a" :1,\n"a"\t:2}',
  ])('is refused when it says a member twice: %s', (text) => {
    expect(() => parseStrictly(text)).toThrow('the frame holds a member twice')
  })

  test.each([
    ['lists', '['.repeat(LARGEST)],
    ['lists that end', `${'['.repeat(LARGEST / 2)}${']'.repeat(LARGEST / 2)}`],
    ['objects', '{"a":'.repeat(LARGEST / 5)],
  ])('is refused when it is nested too deeply, in %s', (_, text) => {
    expect(() => parseStrictly(text)).toThrow(`the frame is nested deeper than ${JSON_DEPTH}`)
  })

  test.each([
    ['quotation marks that do not end', String.raw`"${'\\"'.repeat(LARGEST / 3)}`],
    ['an escape that is none', String.raw`{"\x":1}`],
    ['a colon too many', '{"a"::1}'],
    ['brackets that do not match', '{]}'],
    ['quotation marks and nothing else', '"'.repeat(LARGEST + 1)],
  ])('is refused in words that quote nothing when it is none, and in no time: %s', (_, text) => {
    expect(() => parseStrictly(text)).toThrow('the frame holds no JSON text')
  })

  it('makes no prototype', () => {
    const read = parseStrictly('{"__proto__":{"admin":true},"constructor":1}')
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
    expect(() => parseDeviceFrame('{"type":"logout","__proto__":{"session":"17-b0Jm3o2u9hQ5w1Zx"}}')).toThrow(
      'this member is missing',
    )
  })
})
