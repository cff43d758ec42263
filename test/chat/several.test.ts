import { describe, expect, it } from 'vitest'
import { CAPABILITIES, capabilitiesIn, type Capability } from '../../shared/rules/capabilities.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'
import type { ServiceFrame } from '../../shared/wire/frames.ts'
import { BOB, signedIn } from './chatting.ts'

const CAROL = 'sip:carol@contoso.test'
const ALL = [...capabilitiesIn(Object.keys(CAPABILITIES))]

type Answer = Partial<Omit<Extract<ServiceFrame, { type: 'sent' }>, 'type' | 'number'>>

/** Signed in; `asks` takes the next command and answers it. */
async function staged(capabilities: readonly Capability[] = ALL) {
  const signed = await signedIn(capabilities)
  const asks = async (answer: Answer = {}) => {
    const send = await signed.talk.hear('send')
    await send.answer({ type: 'sent', number: send.frame.number, ...answer })
    return send.frame.command
  }
  return { ...signed, asks }
}

/** In a conversation with Bob and Carol, which Ann began. */
async function amongSeveral() {
  const signed = await staged()
  signed.type('/start bob, Carol: Lunch?')
  await signed.seen('ann: Lunch?')
  const begun = await signed.asks({ conversation: '7', message: '$1' })
  await signed.happens(
    { kind: 'conversation', conversation: '7', state: 'connected', several: true },
    { kind: 'members', conversation: '7', whole: true, members: [{ uri: BOB, role: 'admin' }, { uri: CAROL }] },
  )
  await signed.seen('- Bob Brown, Carol is in the conversation')
  return { ...signed, begun }
}

describe('a conversation with several', () => {
  it('is started with those who are named, and what is typed then goes to all of them', async () => {
    const { begun, type, asks, seen, happens } = await amongSeveral()
    expect(begun).toEqual({ kind: 'start', to: [BOB, CAROL], text: 'Lunch?' })

    type('At noon')
    expect(await asks()).toEqual({ kind: 'message', conversation: '7', text: 'At noon' })
    await happens({ kind: 'message', conversation: '7', from: CAROL, text: 'Gladly' })
    expect(await seen('Gladly')).toMatch(/^\d\d:\d\d Carol: Gladly$/)
  })

  it('is one whose members come, go, are made to leave and have roles', async () => {
    const { type, asks, seen, happens } = await amongSeveral()

    type('/members')
    expect(await seen('admin')).toBe(`  Bob Brown  admin      ${BOB}`)
    type('/invite sip:dave@contoso.test')
    expect(await asks()).toEqual({ kind: 'invite', conversation: '7', to: ['sip:dave@contoso.test'] })
    await happens({
      kind: 'members',
      conversation: '7',
      whole: false,
      members: [{ uri: 'sip:dave@contoso.test', name: 'Dave', role: 'member' }],
    })
    await seen('- Dave (member) is in')
    type('/role dave moderator')
    expect(await asks()).toMatchObject({ kind: 'role', uri: 'sip:dave@contoso.test', role: 'moderator' })
    type('/eject carol')
    expect(await asks()).toEqual({ kind: 'eject', conversation: '7', uri: CAROL })
    await happens({ kind: 'left', conversation: '7', uri: CAROL, by: BOB })
    await seen('- Bob Brown made Carol leave')
    type('/leave')
    expect(await asks()).toEqual({ kind: 'leave', conversation: '7' })
    await happens({ kind: 'conversation', conversation: '7', state: 'ended' })
    await seen('has ended')
    type('Anybody?')
    await seen('("Anybody?"): the conversation has ended')
  })

  it('is apart from that with the one who invites to it, and may be turned to by its name', async () => {
    const { type, asks, seen, happens } = await staged()

    type('/to bob')
    await happens({ kind: 'invitation', conversation: '9', from: BOB, subject: 'Release', several: true })
    await seen('Bob Brown wants to talk with you and others about Release: /to conversation:1 to answer')
    type('/accept release')
    expect(await asks()).toEqual({ kind: 'accept', conversation: '9' })
    await happens({ kind: 'conversation', conversation: '9', state: 'connected', several: true })
    await seen('- Release is in the conversation')
    type('/to bob')
    await happens({ kind: 'message', conversation: '9', from: CAROL, text: 'Ready' })
    await seen('Carol in Release: Ready')
    type('/to release')
    type('Then go')
    expect(await asks()).toEqual({ kind: 'message', conversation: '9', text: 'Then go' })
  })

  it('grows out of one of two, where somebody is invited: what is typed then goes to all of them', async () => {
    const { type, asks, seen, happens } = await staged()

    type('/to bob')
    type('Lunch?')
    expect(await asks({ conversation: '3' })).toMatchObject({ kind: 'start', to: [BOB] })
    await happens({ kind: 'conversation', conversation: '3', state: 'connected' })
    await seen('- Bob Brown is in the conversation')
    type('/invite carol')
    expect(await asks()).toEqual({ kind: 'invite', conversation: '3', to: [CAROL] })
    const members = [{ uri: CAROL }]
    await happens(
      { kind: 'conversation', conversation: '3', state: 'connecting' },
      { kind: 'conversation', conversation: '3', state: 'connected', several: true },
      { kind: 'members', conversation: '3', whole: false, members: [{ uri: 'sip:ann@contoso.test', role: 'admin' }] },
      { kind: 'members', conversation: '3', whole: false, members },
    )
    await seen('- the conversation with Bob Brown is one with several now')
    await seen('- ann (admin) is in Bob Brown')
    await seen('- Carol is in Bob Brown')
    type('At noon')
    expect(await asks()).toEqual({ kind: 'message', conversation: '3', text: 'At noon' })
    type('/members')
    await seen(`  Bob Brown  member     ${BOB}`)
    type('/msg bob Only you')
    expect(await asks()).toMatchObject({ kind: 'start', to: [BOB] })
  })

  it('is joined by the name that it has for everybody', async () => {
    const { type, asks, seen, happens } = await staged()

    type('/join #release:contoso.test')
    expect(await asks({ conversation: '!r' })).toEqual({ kind: 'join', conversation: '#release:contoso.test' })
    await happens({ kind: 'conversation', conversation: '!r', state: 'connected', subject: 'Release', several: true })
    await seen('Release is in the conversation')
    type('/msg Release Hello')
    expect(await asks()).toEqual({ kind: 'message', conversation: '!r', text: 'Hello' })
  })
})

describe('what was said', () => {
  it('is edited, taken back and marked as read: the last of it', async () => {
    const { type, asks, seen, happens } = await amongSeveral()

    type('At none')
    await asks({ message: '$2' })
    await seen('✓ "At none"')
    type('/edit At noon')
    expect(await asks()).toEqual({ kind: 'edit', conversation: '7', message: '$2', text: 'At noon' })
    await happens({ kind: 'message', conversation: '7', from: BOB, id: '$3', text: 'Yes' })
    await seen('Yes')
    type('/delete')
    expect(await asks()).toEqual({ kind: 'delete', conversation: '7', message: '$2' })
    type('/read')
    expect(await asks()).toEqual({ kind: 'read', conversation: '7', message: '$3' })
  })

  it('is fetched page by page, each before the one that came last', async () => {
    const { type, asks, seen } = await amongSeveral()
    const page = { kind: 'history', number: 2, conversation: '7' } as const

    type('/history')
    const messages = [{ from: CAROL, text: 'Hello' }]
    expect(await asks({ events: [{ ...page, messages, before: 'p1' }] })).toEqual({
      kind: 'history',
      conversation: '7',
    })
    await seen('Carol: Hello')
    await seen('- /history: what was said before that')
    type('/history')
    expect(await asks({ events: [{ ...page, messages: [] }] })).toMatchObject({ before: 'p1' })
    await seen('- nothing was said before that')
  })
})

describe('the contact list', () => {
  it('has groups, which are added, called otherwise and removed, and contacts that move between them', async () => {
    const { type, asks, seen, happens } = await staged()
    /** Returns when the terminal has these. */
    const shown = async (event: ImEvent) => {
      await happens(event, { kind: 'message', conversation: '9', from: CAROL, text: `after ${event.kind}` })
      await seen(`after ${event.kind}`)
    }

    type('/addgroup Team')
    expect(await asks()).toEqual({ kind: 'add-group', name: 'Team' })
    await shown({ kind: 'groups', whole: false, groups: [{ id: '7', name: 'Team' }], removed: [] })
    type('/groups')
    await seen('  Team  0 contacts')
    type('/move bob: team')
    expect(await asks()).toEqual({ kind: 'update-contact', uri: BOB, name: 'Bob Brown', groups: ['7'] })
    const bob = { uri: BOB, name: 'Bob Brown', groups: ['7'] }
    await shown({ kind: 'contacts', whole: false, contacts: [bob], removed: [] })
    type('/rename bob: Bobby')
    expect(await asks()).toEqual({ kind: 'update-contact', uri: BOB, name: 'Bobby', groups: ['7'] })
    type('/renamegroup team: Old team')
    expect(await asks()).toEqual({ kind: 'rename-group', group: '7', name: 'Old team' })
    await shown({ kind: 'groups', whole: false, groups: [{ id: '7', name: 'Old team' }], removed: [] })
    type('/who old team')
    await seen('Bob Brown')
    type('/move carol: Team')
    await seen('! there is no group "Team"')
    type('/move zed@contoso.test: old team')
    await seen('! no one here is called')
    type('/removegroup old team')
    expect(await asks()).toEqual({ kind: 'delete-group', group: '7' })
    await shown({ kind: 'groups', whole: false, groups: [], removed: ['7'] })
    type('/groups')
    await seen('- your contacts are in no groups')
  })
})

describe('a search', () => {
  it('lists who was found, who then can be talked to by name', async () => {
    const { type, asks, seen } = await staged()

    type('/search zed')
    const people = [{ uri: 'sip:zed@contoso.test', name: 'Zed Green' }]
    expect(await asks({ events: [{ kind: 'found', number: 1, people, more: true }] })).toEqual({
      kind: 'search',
      text: 'zed',
    })
    expect(await seen('Zed')).toBe('  Zed Green  sip:zed@contoso.test')
    await seen('- there are more: search for more of the name')
    type('/msg green Hello')
    expect(await asks({ conversation: '8' })).toMatchObject({ kind: 'start', to: ['sip:zed@contoso.test'] })
  })
})

describe('a server that cannot do it', () => {
  it('is not asked, and the help does not list it', async () => {
    const { type, seen } = await staged(['presence'])

    type('/search zed')
    await seen('! /search: the server that you are signed in to cannot do that')
    type('/start bob, carol: Lunch?')
    await seen('! /start: the server that you are signed in to cannot do that')
    type('/help')
    expect(await seen('talking')).toBe('  talking  text /to /msg /accept /leave')
    expect(await seen('people')).toBe('  people   /who')
    type('/help search')
    await seen('  the server that you are signed in to cannot do "/search"')
  })

  it('says what is missing where a conversation is', async () => {
    const { type, seen, asks, happens } = await staged()

    type('/members')
    expect(await seen('! ')).toBe('! there is no such conversation')
    type('/start bob, carol: Lunch?')
    await asks({ conversation: '7' })
    await happens({ kind: 'conversation', conversation: '7', state: 'connected' })
    await seen('is in the conversation')
    type('/edit Dinner?')
    await seen('! you have said nothing here yet')
    type('/read')
    await seen('! nothing was said here yet')
    type('/to bob')
    type('/invite conversation:1')
    await seen('! there is no such conversation')
  })
})
