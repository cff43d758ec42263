import { describe, expect, it } from 'vitest'
import { intention } from '../../infra/chat/commands.ts'
import { COMMANDS } from '../../infra/chat/topics.ts'

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
    ['/note at lunch', { kind: 'note', note: 'at lunch' }],
    ['/note', { kind: 'note', note: '' }],
    ['/add sip:dave@contoso.test', { kind: 'add', uri: 'sip:dave@contoso.test', name: 'dave' }],
    ['/add matrix:u/dave:contoso.test', { kind: 'add', uri: 'matrix:u/dave:contoso.test', name: 'dave' }],
    ['/add sip:dave@contoso.test Dave D.', { kind: 'add', uri: 'sip:dave@contoso.test', name: 'Dave D.' }],
    ['/remove dave', { kind: 'remove', name: 'dave' }],
    ['/rename Bob Brown: Bobby: B.', { kind: 'rename', name: 'Bob Brown', to: 'Bobby: B.' }],
    ['/move "Bob B.": Team, Old Friends', { kind: 'move', name: 'Bob B.', groups: ['Team', 'Old Friends'] }],
    ['/move bob:', { kind: 'move', name: 'bob', groups: [] }],
    ['/access', { kind: 'access' }],
    ['/access Bob Brown Team', { kind: 'access', name: 'Bob Brown', level: 'team' }],
    ['/access "Bob Brown" default', { kind: 'access', name: 'Bob Brown' }],
    ['/addgroup Old Friends', { kind: 'addgroup', name: 'Old Friends' }],
    ['/renamegroup Team: A team', { kind: 'renamegroup', name: 'Team', to: 'A team' }],
    ['/removegroup Team', { kind: 'removegroup', name: 'Team' }],
    ['/who', { kind: 'who' }],
    ['/who Other Contacts', { kind: 'who', group: 'Other Contacts' }],
    ['/groups', { kind: 'groups' }],
    ['/help', { kind: 'help' }],
    ['/help /MSG', { kind: 'help', about: 'msg' }],
    ['/start bob, "Carol B.": at 5: lunch?', { kind: 'start', names: ['bob', 'Carol B.'], text: 'at 5: lunch?' }],
    ['/start sip:bob@contoso.test: hi', { kind: 'start', names: ['sip:bob@contoso.test'], text: 'hi' }],
    ['/invite bob, carol', { kind: 'invite', names: ['bob', 'carol'] }],
    ['/eject Bob Brown', { kind: 'eject', name: 'Bob Brown' }],
    ['/role "Bob Brown" Moderator', { kind: 'role', name: 'Bob Brown', role: 'moderator' }],
    ['/join #release:contoso.test', { kind: 'join', conversation: '#release:contoso.test' }],
    ['/members', { kind: 'members' }],
    ['/search bro', { kind: 'search', text: 'bro' }],
    ['/edit at 6', { kind: 'edit', text: 'at 6' }],
    ['/history', { kind: 'history' }],
    ['/quit', { kind: 'quit' }],
  ])('reads %j', (line, expected) => {
    expect(intention(line)).toEqual(expected)
  })

  it.each([
    ['/frobnicate', '/frobnicate: there is no such command'],
    ['/constructor', 'there is no such command'],
    ['/msg bob', '/msg NAME text'],
    ['/to', '/to NAME'],
    ['/start bob', '/start NAME, NAME'],
    ['/role bob king', 'one of admin, moderator, member'],
    ['/presence sleepy', 'one of available, idle'],
    ['/move bob', '/move NAME: GROUP, GROUP'],
    ['/access bob king', 'one of blocked, public, company, team, personal, default'],
    ['/rename bob', '/rename NAME: NEW'],
    ['/renamegroup Team', '/renamegroup GROUP: NEW'],
    ['/removegroup', '/removegroup GROUP'],
    ['/addgroup', '/addgroup GROUP'],
    ['/add dave', 'an address, such as'],
  ])('says what would be understood instead of %j', (line, words) => {
    expect(intention(line)).toMatchObject({ kind: 'unclear', why: expect.stringContaining(words) })
  })

  it('understands every command that the help lists', () => {
    const words: Readonly<Record<string, string>> = { STATE: 'busy', ADDRESS: 'sip:dave@contoso.test', ROLE: 'admin' }
    const typed = COMMANDS.filter(([usage]) => usage.startsWith('/')).flatMap(([usage]) => {
      const line = usage.replace(/ \[.*\]/, '').replaceAll(/[A-Z]+/g, (word) => words[word] ?? word)
      // `/available /busy /away` are three.
      return line.split(/ (?=\/)/)
    })

    expect(typed.filter((line) => intention(line).kind === 'unclear')).toEqual([])
    expect(typed.length).toBeGreaterThan(24)
  })
})
