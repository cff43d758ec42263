import { describe, expect, it } from 'vitest'
import { meant, unclearName } from '../../infra/chat/people/names.ts'

const BOB = { uri: 'sip:bob@contoso.test', name: 'Bob Brown' }
const BOBBY = { uri: 'sip:bobby@contoso.test', name: 'Bobby Green' }
const CAROL = { uri: 'sip:carol@contoso.test', name: 'Carol Brown' }
const PEOPLE = [BOB, BOBBY, CAROL]

describe('meant', () => {
  it.each([
    ['a name', 'carol brown', CAROL.uri],
    ['a user part', 'bob', BOB.uri],
    ['a URI', 'SIP:Carol@contoso.test', CAROL.uri],
    ['a URI without its scheme', 'carol@contoso.test', CAROL.uri],
    ['the beginning of a name', 'ca', CAROL.uri],
    ['a second name', 'green', BOBBY.uri],
    ['the URI of somebody unknown', 'sip:Zed@else.test', 'sip:Zed@else.test'],
    ['an address of another server', 'matrix:u/zed:else.test', 'matrix:u/zed:else.test'],
  ])('finds %s', (_, name, uri) => {
    expect(meant(name, PEOPLE)).toEqual({ kind: 'one', uri })
  })

  it('tells who it may be', () => {
    const found = meant('brown', PEOPLE)

    expect(found).toEqual({ kind: 'several', people: [BOB, CAROL] })
    if (found.kind === 'one') throw new TypeError('one was found')
    expect(unclearName('brown', found)).toBe(
      '"brown" may be Bob Brown (sip:bob@contoso.test), Carol Brown (sip:carol@contoso.test): write more of the name',
    )
  })

  it.each(['dave', '', ' '])('finds no one for "%s"', (name) => {
    expect(meant(name, PEOPLE)).toEqual({ kind: 'none' })
  })
})
