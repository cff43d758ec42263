import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { columns } from '../../infra/admin/words/columns.ts'
import { out } from '../../infra/admin/out.ts'
import { administered } from './harness.ts'

const GROUPS = {
  settings: ['show', 'set', 'unset'],
  users: ['add', 'permit', 'deny', 'unlock', 'list', 'remove', 'import'],
  keys: ['create', 'show', 'rotate', 'reencrypt', 'retire'],
  devices: ['enroll', 'rotate', 'add', 'list', 'show', 'disable', 'enable', 'revoke', 'remove'],
  sessions: ['list', 'show', 'end'],
}
const COMMANDS = [
  ...Object.entries(GROUPS).flatMap(([group, commands]) => commands.map((command) => [group, command])),
  ['seats'],
  ['doctor'],
  ['trace'],
]

describe('--help', () => {
  it.each([[], ...Object.keys(GROUPS).map((group) => [group]), ...COMMANDS].map((words) => ({ words })))(
    'of $words has examples',
    async ({ words }) => {
      const { admin } = await administered()
      const { code, out, errors } = await admin(...words, '--help')
      expect([code, errors]).toEqual([0, ''])
      expect(out).toMatch(new RegExp(`^Examples:\\n {2}npm run admin -- ${words.join(' ')}`, 'm'))
    },
  )

  it.each(COMMANDS.map((words) => ({ words })))('of $words says how it is used, and where to', async ({ words }) => {
    const { admin } = await administered()
    const { code, out } = await admin(...words, '--help')
    expect(code).toBe(0)
    expect(out).toContain(`Usage: npm run admin -- ${words.join(' ')}`)
    expect(out).toContain('--stack <NAME>')
  })

  it.each(Object.entries(GROUPS))('of %s names its commands, which are all that there are', async (group, commands) => {
    const { admin } = await administered()
    const { out } = await admin(group, '--help')
    const [, list = ''] = /^Commands:\n((?: {2}.*\n)+)/m.exec(out) ?? []
    expect([...list.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name)).toEqual([...commands, 'help'])
  })
})

describe('a command line that is wrong', () => {
  it.each([
    [[], 'Usage: npm run admin --'],
    [['users'], 'Usage: npm run admin -- users'],
    [['usres'], "unknown command 'usres'"],
    [['users', 'ad'], "unknown command 'ad'"],
    [['users', 'add'], "missing required argument 'NAME'"],
    [['users', 'list', '--al'], "unknown option '--al'"],
    [['users', 'list', 'more'], 'too many arguments'],
  ])('%j is answered with how it is used, and exits with 2', async (words, complaint) => {
    const { admin } = await administered()
    const { code, out, errors } = await admin(...words)
    expect([code, out]).toEqual([2, ''])
    expect(errors).toContain(complaint)
  })
})

describe('a table', () => {
  it('stands in columns, with numbers to the right', () => {
    expect(
      columns(
        ['name', 'count'],
        [
          ['a', 1],
          ['longer', 100],
        ],
      ),
    ).toEqual(['name    count', 'a           1', 'longer    100'])
  })

  it('stands in columns of the terminal: East Asian letters and emoji take two', () => {
    expect(
      columns(
        ['user', 'n'],
        [
          ['山田', 1],
          ['👨‍👩‍👧 x', 22],
          ['e\u0301', 3],
        ],
      ),
    ).toEqual(['user   n', '山田   1', '👨‍👩‍👧 x  22', 'e\u0301      3'])
  })

  it('does not let what it shows steer the terminal', () => {
    expect(columns(['user'], [['\u001B[2Jann\nbob\u0007']])).toEqual(['user', 'ann bob'])
  })
})

function showing(isTTY: boolean, environment: Record<string, string> = {}) {
  const errors = Object.assign(new PassThrough(), { isTTY })
  const parts: string[] = []
  errors.on('data', (data: Buffer) => parts.push(data.toString()))
  const shown = out({ output: new PassThrough(), errors, json: false, environment })
  return { ...shown, said: () => parts.join('') }
}

describe('progress', () => {
  it('is written over on a terminal, and gone when there is something to say', () => {
    const { progress, note, said } = showing(true)
    progress('read', 1)
    progress('read', 2)
    note('done')
    expect(said()).toBe('\r\u001B[Kread: 1\r\u001B[Kread: 2\r\u001B[Kdone\n')
  })

  it.each([{ TERM: 'dumb' }, { NO_COLOR: '1' }])('is never written over where %j is set', (environment) => {
    const { progress, note, done, said } = showing(true, environment)
    for (let at = 0; at <= 20; at += 1) progress('imported', at, 20)
    note('done')
    done()
    expect(said()).not.toContain('\u001B')
    expect(said()).toContain('imported: 20 of 20\ndone\n')
  })

  it('is a line for each tenth without one', () => {
    const { progress, said } = showing(false)
    for (let done = 0; done <= 40; done += 1) progress('imported', done, 40)
    expect(said().trim().split('\n')).toEqual(
      [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40].map((done) => `imported: ${done} of 40`),
    )
  })
})
