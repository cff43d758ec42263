import { describe, expect, it } from 'vitest'
import { COMMANDS, intention } from '../../infra/chat/commands.ts'

describe('intention', () => {
  it.each([
    ['', { kind: 'nothing' }],
    ['  hello there ', { kind: 'say', text: 'hello there' }],
    ['//etc is a folder', { kind: 'say', text: '/etc is a folder' }],
    ['/msg bob see you at 5', { kind: 'message', name: 'bob', text: 'see you at 5' }],
    ['/msg "Bob Brown" hi', { kind: 'message', name: 'Bob Brown', text: 'hi' }],
    ['/to Bob Brown', { kind: 'to', name: 'Bob Brown' }],
    ['/accept', { kind: 'accept' }],
    ['/leave bob', { kind: 'leave', name: 'bob' }],
    ['/away', { kind: 'presence', availability: 'away' }],
    ['/presence Do-Not-Disturb', { kind: 'presence', availability: 'do-not-disturb' }],
    ['/add sip:dave@contoso.test', { kind: 'add', uri: 'sip:dave@contoso.test', name: 'dave' }],
    ['/add matrix:u/dave:contoso.test', { kind: 'add', uri: 'matrix:u/dave:contoso.test', name: 'dave' }],
    ['/add sip:dave@contoso.test Dave D.', { kind: 'add', uri: 'sip:dave@contoso.test', name: 'Dave D.' }],
    ['/remove dave', { kind: 'remove', name: 'dave' }],
    ['/who', { kind: 'who' }],
    ['/who Other Contacts', { kind: 'who', group: 'Other Contacts' }],
    ['/groups', { kind: 'groups' }],
    ['/help', { kind: 'help' }],
    ['/help /MSG', { kind: 'help', about: 'msg' }],
    ['/quit', { kind: 'quit' }],
  ])('reads %j', (line, expected) => {
    expect(intention(line)).toEqual(expected)
  })

  it.each([
    ['/frobnicate', '/frobnicate: there is no such command'],
    ['/constructor', 'there is no such command'],
    ['/msg bob', '/msg NAME text'],
    ['/to', '/to NAME'],
    ['/presence sleepy', 'one of available, idle'],
    ['/add dave', 'an address, such as'],
  ])('says what would be understood instead of %j', (line, words) => {
    expect(intention(line)).toMatchObject({ kind: 'unclear', why: expect.stringContaining(words) })
  })

  it('understands every command that the help lists', () => {
    const usages = COMMANDS.flatMap(([usage]) => usage.replace(/\[.*\]/, '').match(/\/[a-z]+(?: [A-Za-z:@ ]+)?/g) ?? [])
    const typed = usages.map((usage) =>
      usage.replace('STATE', 'busy').replace('ADDRESS', 'sip:dave@contoso.test').trim(),
    )

    expect(typed.filter((line) => intention(line).kind === 'unclear')).toEqual([])
    expect(typed.length).toBeGreaterThan(13)
  })
})
