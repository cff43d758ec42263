import { describe, expect, it } from 'vitest'
import { liveLine } from '../../infra/local/live-line.ts'

/** A terminal of one line that carries out what comes: carriage returns and line ends, and no escapes. */
function screen(columns = 40) {
  const scrolled: string[] = []
  let line = ''
  let at = 0
  let raw = ''
  const write = (text: string) => {
    raw += text
    for (const character of text) {
      if (character === '\r') at = 0
      else if (character === '\n') {
        scrolled.push(line.trimEnd())
        line = ''
        at = 0
      } else {
        line = line.slice(0, at).padEnd(at) + character + line.slice(at + 1)
        at += 1
      }
    }
  }
  return { isTTY: true, columns, write, scrolled, last: () => line.trimEnd(), raw: () => raw }
}

describe('the live line', () => {
  it('takes the place of the one before, also of a longer one', () => {
    const seen = screen()
    const { show } = liveLine(seen, {})
    show('sessions 12 | alarms NoListener')
    show('sessions 2')
    expect([seen.scrolled, seen.last()]).toEqual([[], 'sessions 2'])
  })

  it('stays the last one when something is written', () => {
    const seen = screen()
    const { show, above } = liveLine(seen, {})
    show('sessions 2')
    above('Bob is waited for\n')
    expect([seen.scrolled, seen.last()]).toEqual([['Bob is waited for'], 'sessions 2'])
  })

  it('is cut before the last column, so that it never becomes two', () => {
    const seen = screen(10)
    liveLine(seen, {}).show('0123456789')
    expect(seen.last()).toBe('012345678')
  })

  it.each([
    ['a terminal that is dumb', { TERM: 'dumb' }, true],
    ['a file or a pipe', {}, false],
  ])('is not there on %s', (_, environment, isTTY) => {
    const seen = { ...screen(), isTTY }
    const { show, above } = liveLine(seen, environment)
    show('sessions 2')
    above('words\n')
    expect(seen.raw()).toBe('words\n')
  })

  it.each([{}, { NO_COLOR: '1' }, { TERM: 'xterm-256color' }])(
    'has no escape sequence, whatever the terminal: %j',
    (environment) => {
      const seen = screen()
      const { show, above } = liveLine(seen, environment)
      show('sessions 2')
      above('words\n')
      show('sessions 3')
      // oxlint-disable-next-line no-control-regex -- the one that begins each escape sequence
      expect(seen.raw()).not.toMatch(/\u001b/)
    },
  )
})
