import { describe, expect, it } from 'vitest'
import { busyMs, secondsUntil } from '../../infra/web/app/standing.ts'
import { dayOf, days } from '../../infra/web/model/days.ts'
import { offeredIn } from '../../infra/web/model/enrolment-link.ts'
import { enrolmentLink } from '../../shared/wire/enrolment.ts'
import { linkedText } from '../../infra/web/model/linked-text.ts'
import type { Entry } from '../../infra/web/model/talk.ts'
import { de } from '../../infra/web/words/de.ts'
import { en } from '../../infra/web/words/en.ts'
import { languageFor } from '../../infra/web/words/words.ts'

describe('linkedText', () => {
  it.each([
    ['See https://a.test/b?c=d.', ['See ', '<https://a.test/b?c=d>', '.']],
    ['(http://a.test/b), and more', ['(', '<http://a.test/b>', '), and more']],
    ['https://a.test https://b.test', ['<https://a.test>', ' ', '<https://b.test>']],
    ['javascript:alert(1) data:text/html,x ftp://a.test', ['javascript:alert(1) data:text/html,x ftp://a.test']],
    ['<a href="https://a.test">x</a>', ['<a href="', '<https://a.test>', '">x</a>']],
    ['https://', ['https://']],
    ['', []],
  ])('cuts %j at its web addresses', (text, pieces) => {
    expect(linkedText(text).map(({ text, href }) => (href === undefined ? text : `<${href}>`))).toEqual(pieces)
  })
})

describe('offeredIn', () => {
  const code = 'ann-phone/7KQ-M2X-ABC'
  const url = 'wss://abc.execute-api.eu-west-1.amazonaws.com/live'

  it('reads what an administrator gives out, in whatever form', () => {
    expect(offeredIn(`collaboration:enroll?url=${encodeURIComponent(url)}&code=${encodeURIComponent(code)}`)).toEqual({
      code,
      url,
    })
    expect(offeredIn(` ${code}\n`)).toEqual({ code })
    expect(offeredIn(JSON.stringify({ url, code }))).toEqual({ code, url })
  })

  it('reads the link that is made for a page', () => {
    const link = enrolmentLink('https://chat.contoso.test/', code)
    expect(new URL(link).hash).toContain(code)
    expect(new URL(link).search).toBe('')
    expect(offeredIn(link)).toEqual({ code })
  })

  it.each([
    '',
    'hello',
    '{',
    '{"code":7}',
    'https://chat.contoso.test/',
    '#enroll?code=',
    'collaboration:enroll?url=ws://a',
  ])('takes %j for nothing of the kind', (text) => expect(offeredIn(text)).toBeUndefined())

  it('leaves out an address that is none', () => {
    expect(offeredIn(JSON.stringify({ url: 'javascript:1', code }))).toEqual({ code })
  })
})

/** A moment of November 2026, where this runs. */
const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime()
const entry = (id: string, at: number): Entry => ({ kind: 'note', id, at, note: 'cut' })

describe('days', () => {
  it('part entries at midnight', () => {
    const found = days([entry('a', at(3, 1)), entry('b', at(3, 23)), entry('c', at(4, 0))])
    expect(found.map(({ entries }) => entries.map(({ id }) => id))).toEqual([['a', 'b'], ['c']])
  })

  it('are called by words while they are near, and by their date then', () => {
    const now = at(10, 9)
    expect([at(10, 1), at(9, 23), at(3, 1)].map((each) => dayOf(each, now, 'en'))).toEqual([
      'Today',
      'Yesterday',
      'Tuesday, November 3',
    ])
    expect([at(10, 1), at(9, 23), at(3, 1)].map((each) => dayOf(each, now, 'de'))).toEqual([
      'Heute',
      'Gestern',
      'Dienstag, 3. November',
    ])
  })
})

describe('a wait', () => {
  it('for a place is what the service says, and a little more for each differently', () => {
    expect(busyMs(10_000, () => 0)).toBe(10_000)
    expect(busyMs(10_000, () => 0.999)).toBeLessThanOrEqual(11_000)
    expect(busyMs(0, () => 0)).toBe(1_000)
    expect(busyMs(undefined, () => 0)).toBeGreaterThanOrEqual(15_000)
  })

  it('is in whole seconds that do not end below 0', () => {
    expect([secondsUntil(2_001, 1_000), secondsUntil(2_000, 1_000), secondsUntil(0, 1_000)]).toEqual([2, 1, 0])
  })
})

describe('the languages', () => {
  it.each([
    [null, ['de-AT', 'en'], 'de'],
    [null, ['fr', 'en-GB'], 'en'],
    ['de', ['en'], 'de'],
    ['toString', [], 'en'],
  ])('of %j and %j are %s', (chosen, wanted, spoken) => {
    expect(languageFor(chosen, wanted)).toBe(spoken)
  })

  it('have every sentence, and German ones say it in German', () => {
    const same = sentences(en, de).filter(([english, german]) => english === german)
    expect(same.map(([english]) => english)).toEqual(['Collaboration', 'Offline', 'Name'])
  })
})

/** Pairs of what is said in both, functions as they are with the same values. */
function sentences(one: object, other: object): [unknown, unknown][] {
  const members = Object.entries(one)
  const theirs: Record<string, unknown> = Object.fromEntries(Object.entries(other))
  return members.flatMap(([name, value]): [unknown, unknown][] => {
    const there = theirs[name]
    if (typeof value === 'function' && typeof there === 'function') return [[value(2, 'x'), there(2, 'x')]]
    if (typeof value === 'object' && value !== null && typeof there === 'object' && there !== null)
      return sentences(value, there)
    return [[value, there]]
  })
}
