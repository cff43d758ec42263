import { describe, expect, it } from 'vitest'
import { sources, textOf } from './sources.ts'

/**
 * Words that CWA alone has: names of its state (`sid`, `ticket`), of its cursors (`ackId`, `eid`), of its conversations
 * (`confId`), of its headers (`UA`), and the scheme of its users' addresses.
 */
const CWA_WORDS = /\b(?:tickets?|sid|ackId|(?:lastE|e)id|confId|UA)\b|sip:/g
const COMMENT = /\/\*.*?\*\/|^\s*\/\/.*$/gms
/** What shows somebody who wrote something else how an address may look. */
const EXAMPLE = /, such as sip:ann@contoso\.test/g

const cwaWords = (text: string) => text.replace(COMMENT, '').replace(EXAMPLE, '').match(CWA_WORDS) ?? []

describe('the service', () => {
  it('knows no word of CWA outside shared/cwa', () => {
    const checked = sources().filter((file) => /^(?:functions|shared)\/(?!cwa\/)/.test(file))
    expect(checked.length).toBeGreaterThan(100)
    expect(checked.flatMap((file) => cwaWords(textOf(file)).map((word) => `${file}: ${word}`))).toEqual([])
  })

  it.each([
    ['const { ticket } = state', ['ticket']],
    ["if (uri.startsWith('sip:')) return", ['sip:']],
    ['return answer.ackId > lastEid', ['ackId', 'lastEid']],
    ['/** A ticket of CWA. */\nconst seq = 1', []],
    ['const inside = residual.eidetic', []],
  ])('finds in %j what is a word of CWA', (text, found) => {
    expect(cwaWords(text)).toEqual(found)
  })
})
