import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { textOf } from './sources.ts'
import { hasTitle, threatsIn } from './threats.ts'

const THREATS = threatsIn(textOf('.github/THREAT-MODEL.md'))

describe('the threat model', () => {
  it('has a test for every line of its table', () => {
    const missing = THREATS.filter(({ file, title }) => !existsSync(file) || !hasTitle(textOf(file), title))
    expect(missing).toEqual([])
    expect(THREATS.length).toBeGreaterThan(60)
  })

  it('asks every question of STRIDE, and asks some of them of every entry', () => {
    expect(new Set(THREATS.map(({ kind }) => kind))).toEqual(new Set(['S', 'T', 'R', 'I', 'D', 'E']))
    expect(new Set(THREATS.map(({ entry }) => entry))).toEqual(
      new Set([
        '`$connect`',
        'enrolment',
        'revocation',
        'frames up',
        'login',
        'frames down',
        'CWA',
        'Matrix',
        'push',
        'tables',
        'keys at rest',
        'logs',
        'page',
        'dependencies',
      ]),
    )
  })

  it('is where the README and SECURITY.md lead', () => {
    expect(textOf('README.md')).toContain('(.github/THREAT-MODEL.md)')
    expect(textOf('.github/SECURITY.md')).toContain('(THREAT-MODEL.md)')
  })
})

describe('the search for a test', () => {
  it('finds a title, and neither a part of one nor one that is not there', () => {
    const text = `it('is refused', () => {})\nit.each([1])("costs %i", () => {})`
    expect([hasTitle(text, 'is refused'), hasTitle(text, 'costs %i')]).toEqual([true, true])
    expect([hasTitle(text, 'is'), hasTitle(text, 'is accepted')]).toEqual([false, false])
  })

  it('reads the cells of the table', () => {
    const table = '| entry | | threat | against | test |\n|---|---|---|---|---|\n| a | S | b | c | `d.ts`: e: f |'
    expect(threatsIn(table)).toEqual([{ entry: 'a', kind: 'S', file: 'd.ts', title: 'e: f' }])
  })
})
