import { describe, expect, it } from 'vitest'
import { LOG_FIELDS } from '../../functions/envelope/log-fields.ts'
import { happeningsIn, tableUnder } from './logs.ts'
import { sources, textOf } from './sources.ts'

const glossary = textOf('.github/LOGS.md')

describe('the glossary of the logs', () => {
  it('has each field that the code may write, and no other', () => {
    const ofEachLine = ['level', 'request', 'what']
    expect(tableUnder('Fields', glossary).toSorted()).toEqual([...ofEachLine, ...LOG_FIELDS].toSorted())
  })

  it('has each thing that the functions say happened, and no other', () => {
    const said = sources()
      .filter((file) => file.startsWith('functions/'))
      .flatMap((file) => happeningsIn(textOf(file)))
    expect(tableUnder('What happened', glossary)).toEqual([...new Set(said)].toSorted())
  })
})

describe('these rules', () => {
  it('see what is logged, on one line or several', () => {
    const text = [`log('a b', { why })`, `failure(\n  'c',`, `catalog('d')`, `debug(what)`].join('\n')
    expect(happeningsIn(text)).toEqual(['a b', 'c'])
  })

  it('see the table of a heading, and no other one', () => {
    const markdown = '## One\n\n| `a` | x |\n| `b c` | `d` |\n\n## Two\n\n| `e` | y |\n'
    expect(tableUnder('One', markdown)).toEqual(['a', 'b c'])
  })
})
