import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { textOf } from './sources.ts'
import { hasTitle } from './threats.ts'

const ROWS = textOf('.github/FEATURES.md')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(2)
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )

describe('the table of features', () => {
  it('names a test that there is for each that is there', () => {
    const unproved = ROWS.filter(([, , there]) => there !== 'no').filter(([, , , , test = '']) => {
      const [, file = '', title] = /^`([^`]+)`(?:: (.+))?$/.exec(test) ?? []
      return !existsSync(file) || (title !== undefined && !hasTitle(textOf(file), title))
    })
    expect(unproved.map(([, feature, , , test]) => `${feature}: ${test}`)).toEqual([])
    expect(ROWS.length).toBeGreaterThan(45)
  })

  it('says why of each that is not', () => {
    const unsaid = ROWS.filter(([, , there, , why = '']) => there === 'no' && (why.length < 10 || why.startsWith('`')))
    expect(unsaid).toEqual([])
    expect(new Set(ROWS.map(([, , there]) => there))).toEqual(new Set(['yes', 'not over CWA', 'no']))
  })

  it('has features of each source', () => {
    expect(new Set(ROWS.map(([of]) => of))).toEqual(
      new Set(['BlackBerry client', 'CWA', 'peers: what recurs', 'peers: web clients']),
    )
  })
})
