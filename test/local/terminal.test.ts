import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { terminal } from '../../infra/local/terminal.ts'

function shown(environment: Record<string, string>): string {
  const output = Object.assign(new PassThrough(), { isTTY: true })
  const { working, done, title, line, note } = terminal(output, environment)
  working('tables')
  done()
  title('A conversation')
  line('Bob reads "Hello"')
  note('Stopping.')
  return String(output.read())
}

describe('what npm start shows', () => {
  it('is coloured on a terminal', () => {
    expect(shown({ TERM: 'xterm' })).toContain('\u001B[1mA conversation\u001B[22m')
  })

  it.each([{ TERM: 'dumb' }, { NO_COLOR: '1' }])('has no escape sequence where %j is set', (environment) => {
    expect(shown(environment)).not.toContain('\u001B')
    expect(shown(environment)).toContain('\nA conversation\n  ✓ Bob reads "Hello"\n')
  })
})
