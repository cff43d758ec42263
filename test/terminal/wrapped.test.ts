import { describe, expect, it } from 'vitest'
import { wrapped } from '../../infra/terminal/wrapped.ts'

describe('a line on a terminal', () => {
  it('is parted at blanks', () => {
    expect(wrapped('10:32 Bob: shall we have lunch at noon', 20)).toEqual(['10:32 Bob: shall we', 'have lunch at noon'])
  })

  it('is parted inside a word only where that is wider than a row', () => {
    expect(wrapped(`see ${'x'.repeat(25)} now`, 20)).toEqual([`see ${'x'.repeat(16)}`, `${'x'.repeat(9)} now`])
  })

  it('counts columns: East Asian letters take two', () => {
    expect(wrapped('山'.repeat(12), 20)).toEqual(['山'.repeat(10), '山山'])
  })

  it('keeps its indent in each row, and the blanks between its words', () => {
    expect(wrapped('     one  two three four five', 20)).toEqual(['     one  two three', '     four five'])
  })

  it('is coloured in each row, and reset at its end', () => {
    const [first = '', second = ''] = wrapped('\u001b[31mone two three four five\u001b[39m', 14)
    expect([first, second]).toEqual(['\u001b[31mone two three\u001b[39m', '\u001b[31mfour five\u001b[39m'])
  })

  it.each([undefined, 0, 8])('stays as it is where a terminal has %s columns', (columns) => {
    expect(wrapped('one two three four', columns)).toEqual(['one two three four'])
  })
})
