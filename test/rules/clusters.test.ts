import { describe, expect, it } from 'vitest'
import { beginning } from '../../shared/rules/clusters.ts'

const FAMILY = '👨‍👩‍👧'
const FLAG = '🇦🇹'
const ACCENTED = 'e\u0301'

describe('the beginning of a text', () => {
  it('is all of it, where it fits', () => {
    expect(beginning(`ab${FAMILY}`, 2 + FAMILY.length)).toBe(`ab${FAMILY}`)
  })

  it.each([
    ['a family', FAMILY],
    ['a flag', FLAG],
    ['a letter with its accent', ACCENTED],
    ['a character of two halves', '🌍'],
    ['a Devanagari syllable', 'नि'],
  ])('holds %s whole, or not at all', (_, character) => {
    for (let most = 2; most < 2 + character.length; most += 1) {
      expect(beginning(`ab${character}${character}`, most)).toBe('ab')
    }
    expect(beginning(`ab${character}${character}`, 2 + character.length)).toBe(`ab${character}`)
  })

  it('cuts what is no character of any language, and leaves no half of one', () => {
    expect(beginning(`a${'\u0301'.repeat(5_000)}`, 1_000)).toBe(`a${'\u0301'.repeat(999)}`)
    expect(beginning('\u{E0041}'.repeat(2_000), 1_001)).toHaveLength(1_001)
    expect(beginning('\u{E0041}'.repeat(2_000), 1_001).isWellFormed()).toBe(true)
  })

  it('is found as fast in a long text as in a short one', () => {
    const long = 'a\u0301'.repeat(5_000_000)
    expect(beginning(long, 301)).toBe('a\u0301'.repeat(150))
  })
})
