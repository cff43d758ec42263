import { describe, expect, it } from 'vitest'
import { completions } from '../../infra/chat/completing.ts'

const PEOPLE = [
  { uri: 'sip:bob@contoso.test', name: 'Bob Brown' },
  { uri: 'sip:carol@contoso.test', name: 'Carol' },
  { uri: 'sip:bo@contoso.test', name: 'Bo' },
]

describe('completions', () => {
  it.each([
    ['/ms', ['/msg '], '/ms'],
    ['/a', ['/accept ', '/add ', '/available ', '/away '], '/a'],
    ['/to bo', ['Bo', 'Bob Brown'], 'bo'],
    ['/to Bob B', ['Bob Brown'], 'Bob B'],
    ['/msg b', ['"Bob Brown" ', 'Bo '], 'b'],
    ['/msg "bob', ['"Bob Brown" '], '"bob'],
    ['/msg carol hello', [], 'carol hello'],
    ['/presence do', ['do-not-disturb'], 'do'],
    ['/help pe', ['people'], 'pe'],
    ['/quit ', [], ''],
    ['bo', [], 'bo'],
    ['//to bo', [], '//to bo'],
  ])('of %j are %j', (line, words, typed) => {
    expect(completions(line, PEOPLE)).toEqual({ words, typed })
  })
})
