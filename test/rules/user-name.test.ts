import { describe, expect, it } from 'vitest'
import { wrongWithName } from '../../shared/rules/user-name.ts'

describe('a user name', () => {
  it.each([
    'CONTOSO\\ann',
    'ann@contoso.test',
    'CONTOSO\\ışıl',
    'CONTOSO\\Ann Müller',
    'CONTOSO\\山田',
    'CONTOSO\\e\u0301ric',
  ])('may be %s', (name) => expect(wrongWithName(name)).toBeUndefined())

  it.each([
    ['U+200B', 'zero width space'],
    ['U+200D', 'zero width joiner'],
    ['U+200E', 'left-to-right mark'],
    ['U+202E', 'right-to-left override'],
    ['U+2066', 'left-to-right isolate'],
    ['U+FEFF', 'byte order mark'],
    ['U+00AD', 'soft hyphen'],
    ['U+034F', 'combining grapheme joiner'],
    ['U+115F', 'Hangul filler'],
    ['U+2800', 'blank braille'],
    ['U+2028', 'line separator'],
    ['U+E0041', 'tag letter'],
    ['U+FE0F', 'variation selector'],
    ['U+0000', 'null'],
    ['U+0085', 'next line'],
    ['U+D800', 'half of a character'],
  ])('holds no %s (%s), and is not quoted where it does', (code) => {
    const name = `CONTOSO\\an${String.fromCodePoint(Number.parseInt(code.slice(2), 16))}n`
    expect(wrongWithName(name)).toBe(`it holds ${code}, an invisible letter: leave it out`)
  })

  it('has 256 characters at most', () => {
    expect(wrongWithName('a'.repeat(256))).toBeUndefined()
    expect(wrongWithName('a'.repeat(257))).toContain('at most 256')
  })
})
