import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { secret, terminal, type Completions, type TerminalOptions } from '../../infra/terminal/terminal.ts'
import { queue } from '../device/queue.ts'

/** A screen of 40 columns that keeps what is written to it. */
function glass() {
  const input = Object.assign(new PassThrough(), { isTTY: true })
  const written: string[] = []
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 40 })
  output.on('data', (data: Buffer) => written.push(data.toString()))
  return { input, output, written }
}

/** What the writes leave on a screen of 40 columns: the few control sequences that readline uses, carried out. */
function screenOf(text: string): string[] {
  const rows: string[] = ['']
  let row = 0
  let column = 0
  // oxlint-disable-next-line no-control-regex -- control sequences are what this carries out
  for (const [token, count, letter] of text.matchAll(/\u001b\[(\d*)([A-HJK])|[^]/g)) {
    const by = Number(count || 1)
    if (letter === 'A') row = Math.max(0, row - by)
    else if (letter === 'B') row += by
    else if (letter === 'C') column += by
    else if (letter === 'D') column = Math.max(0, column - by)
    else if (letter === 'G') column = by - 1
    else if (letter === 'J') {
      rows.length = row + 1
      rows[row] = (rows[row] ?? '').slice(0, column)
    } else if (token === '\n') [row, column] = [row + 1, 0]
    else if (token === '\r') column = 0
    else if (letter === undefined) {
      if (column === 40) [row, column] = [row + 1, 0]
      rows[row] = (rows[row] ?? '').padEnd(column).slice(0, column) + token + (rows[row] ?? '').slice(column + 1)
      column += 1
    }
    while (rows.length <= row) rows.push('')
  }
  return rows.map((line) => line.trimEnd())
}

function opened(environment: Record<string, string> = {}, more: Pick<TerminalOptions, 'completions'> = {}) {
  const { input, output, written } = glass()
  const lines = queue<string>()
  const keys = queue<string>()
  const screen = terminal({
    input,
    output,
    environment,
    ...more,
    onLine: (line) => {
      lines.put(line)
      screen.print([`me: ${line}`])
    },
    onKey: (line) => keys.put(line),
    onEnd: () => lines.put('the end'),
  })
  screen.prompt('ann> ')
  const type = async (text: string) => {
    input.write(text)
    for (const _ of text) await keys.take()
  }
  /** Key by key: of what is pasted, readline completes nothing. */
  const press = async (text: string) => {
    for (const key of text) await type(key)
  }
  return { screen, lines, type, press, input, written, shown: () => screenOf(written.join('')) }
}

function bobs(line: string): Completions {
  return { words: ['Bob Brown', 'Bobby'], typed: line.replace('/to ', '') }
}

describe('a terminal', () => {
  it('prints above the prompt and keeps what was typed so far', async () => {
    const { screen, type, shown } = opened()

    await type('half a li')
    screen.print(['10:32 Bob: hello'])

    expect(shown()).toEqual(['10:32 Bob: hello', 'ann> half a li'])
  })

  it('keeps a typed line that needs several rows', async () => {
    const { screen, type, shown } = opened()
    const long = 'x'.repeat(90)

    await type(long)
    screen.print(['10:32 Bob: hello'])
    screen.prompt('ann · Bob> ')
    screen.print(['10:33 Bob: again'])

    expect(shown()).toEqual([
      '10:32 Bob: hello',
      '10:33 Bob: again',
      `ann · Bob> ${'x'.repeat(29)}`,
      'x'.repeat(40),
      'x'.repeat(21),
    ])
  })

  it('takes an entered line off the screen, for it is printed as what became of it', async () => {
    const { lines, type, shown } = opened()

    await type(`${'y'.repeat(50)}\r`)

    expect(await lines.take()).toBe('y'.repeat(50))
    expect(shown()).toEqual([`me: ${'y'.repeat(36)}`, 'y'.repeat(14), 'ann>'])
  })

  it('parts what is printed at blanks, where it is wider than the screen', () => {
    const { screen, shown } = opened()

    screen.print(['10:32 Bob: shall we have lunch at noon, or rather later today?'])

    expect(shown()).toEqual(['10:32 Bob: shall we have lunch at noon,', 'or rather later today?', 'ann>'])
  })

  it.each([{ TERM: 'dumb' }, { NO_COLOR: '1' }])('writes no escape sequence where %j is set', async (environment) => {
    const { screen, lines, input, written } = opened(environment)

    screen.print(['10:32 Bob: hello'])
    input.write('Hello\n')

    expect(await lines.take()).toBe('Hello')
    expect(written.join('')).toBe('10:32 Bob: hello\nme: Hello\n')
  })

  it.each([
    ['ctrl-C', '\u0003'],
    ['ctrl-D', '\u0004'],
  ])('ends with %s', async (_, key) => {
    const { lines, type, shown, screen } = opened()

    void type(key)

    expect(await lines.take()).toBe('the end')
    screen.print(['- logged out'])
    expect(shown()).toEqual(['- logged out', ''])
  })

  it('completes by Tab, and says which there are at the second', async () => {
    const { lines, press, shown } = opened({}, { completions: bobs })

    await press('/to b\t')
    expect(shown()).toEqual(['ann> /to Bob'])
    await press('\t\t')
    expect(shown()[1]).toMatch(/^Bob Brown +Bobby$/)
    await press('by\r')
    expect(await lines.take()).toBe('/to Bobby')
  })

  it('puts no tab into the line where there is nothing to complete', async () => {
    const { lines, press } = opened()

    await press('a\tb\r')

    expect(await lines.take()).toBe('ab')
  })

  it('brings back what was typed by the arrow keys, and once what was typed twice', async () => {
    const { lines, type, input, shown } = opened()

    for (const line of ['one', 'two', 'two']) {
      await type(`${line}\r`)
      await lines.take()
    }
    input.write('\u001b[A')
    expect(shown().at(-1)).toBe('ann> two')
    input.write('\u001b[A')
    await type('?\r')
    expect(await lines.take()).toBe('one?')
  })

  it('leaves the lines of a pipe as they are', async () => {
    const input = new PassThrough()
    const output = new PassThrough()
    const lines = queue<string>()
    const silent = { onKey: () => lines.put('a key'), onEnd: () => lines.put('the end') }
    terminal({ input, output, environment: {}, completions: bobs, onLine: (line) => lines.put(line), ...silent })

    input.end('/to b\tob\n\u001b[A\n')

    expect([await lines.take(), await lines.take(), await lines.take()]).toEqual(['/to b\tob', '\u001b[A', 'the end'])
    expect(output.read()).toBeNull()
  })

  it('asks for a secret without showing it', async () => {
    const { input, output, written } = glass()

    const asked = secret('Password: ', { input, output })
    input.write('swordfix\u007fsh\r')

    expect(await asked).toBe('swordfish')
    expect(written.join('')).toBe('Password: \n')
  })
})
