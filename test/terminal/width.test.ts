import { describe, expect, it } from 'vitest'
import { cutToWidth, padded, paddedLeft, widthOf } from '../../infra/terminal/width.ts'

const FAMILY = '👨‍👩‍👧'

describe('a text on a terminal', () => {
  it.each([
    ['Ann', 3],
    ['山田', 4],
    [FAMILY, 2],
    ['e\u0301', 1],
    ['\u001b[1mAnn\u001b[22m', 3],
  ])('%s is %i columns wide', (text, columns) => expect(widthOf(text)).toBe(columns))

  it('is padded to columns, not to units', () => {
    expect(padded('山田', 6)).toBe('山田  ')
    expect(padded(FAMILY, 3)).toBe(`${FAMILY} `)
    expect(paddedLeft('山', 3)).toBe(' 山')
    expect(padded('wider', 2)).toBe('wider')
  })

  it('is cut between characters, by their width', () => {
    expect(cutToWidth('山田太郎', 5)).toBe('山田…')
    expect(cutToWidth(`ab${FAMILY}${FAMILY}`, 5)).toBe(`ab${FAMILY}…`)
    expect(cutToWidth('e\u0301'.repeat(4), 3)).toBe(`${'e\u0301'.repeat(3)}…`)
    expect(cutToWidth('fits', 4)).toBe('fits')
  })
})
