import { describe, expect, it } from 'vitest'
import { completions } from '../../infra/chat/completing.ts'
import { CAPABILITIES, capabilitiesIn } from '../../shared/rules/capabilities.ts'

const ALL = capabilitiesIn(Object.keys(CAPABILITIES))

const PEOPLE = [
  { uri: 'sip:bob@contoso.test', name: 'Bob Brown' },
  { uri: 'sip:carol@contoso.test', name: 'Carol' },
  { uri: 'sip:bo@contoso.test', name: 'Bo' },
]

describe('completions', () => {
  it.each([
    ['/ms', ['/msg '], '/ms'],
    ['/a', ['/accept ', '/access ', '/add ', '/addgroup ', '/available ', '/away '], '/a'],
    ['/to bo', ['Bo', 'Bob Brown'], 'bo'],
    ['/to Bob B', ['Bob Brown'], 'Bob B'],
    ['/msg b', ['"Bob Brown" ', 'Bo '], 'b'],
    ['/msg "bob', ['"Bob Brown" '], '"bob'],
    ['/msg carol hello', [], 'carol hello'],
    ['/presence do', ['do-not-disturb'], 'do'],
    ['/st', ['/start '], '/st'],
    ['/start bo', ['Bo', 'Bob Brown'], 'bo'],
    ['/start Carol, bob', ['Bob Brown'], 'bob'],
    ['/invite bo, c', ['Carol'], 'c'],
    ['/role bob', ['"Bob Brown" '], 'bob'],
    ['/role "Bob Brown" m', ['member', 'moderator'], 'm'],
    ['/help pe', ['people'], 'pe'],
    ['/quit ', [], ''],
    ['bo', [], 'bo'],
    ['//to bo', [], '//to bo'],
  ])('of %j are %j', (line, words, typed) => {
    expect(completions(line, PEOPLE, ALL)).toEqual({ words, typed })
  })

  it('of a command that the server does not carry are none', () => {
    expect(completions('/s', PEOPLE, capabilitiesIn(['search'])).words).toEqual(['/search '])
    expect(completions('/help s', PEOPLE, capabilitiesIn([])).words).toEqual(['session'])
  })
})
