import { describe, expect, it } from 'vitest'
import { accepted, events, refused, SESSION } from '../device/harness.ts'
import { BOB, chatting, signedIn } from './chatting.ts'

describe('a chat', () => {
  it('signs in, talks and logs out', async () => {
    const { talk, login, type, seen, happens, goodbye, exit } = await signedIn()
    expect(login.frame).toEqual({ type: 'login', user: 'CONTOSO\\ann', password: 'correct horse' })

    type('/who')
    expect(await seen('Bob Brown')).toBe(`  ● Bob Brown  busy            ${BOB}`)

    type('/to bob')
    type('Hello Bob')
    expect(await seen('Hello Bob')).toMatch(/^\d\d:\d\d ann: Hello Bob$/)
    const start = await talk.hear('send')
    expect(start.frame.command).toEqual({ kind: 'start', to: [BOB], text: 'Hello Bob' })
    await start.answer({ type: 'sent', number: 1, conversation: '7' })

    type('Are you there?')
    await seen('Are you there?')
    await happens({ kind: 'conversation', conversation: '7', state: 'connected' })
    await seen('- Bob Brown is in the conversation')
    const held = await talk.hear('send')
    expect(held.frame.command).toEqual({ kind: 'message', conversation: '7', text: 'Are you there?' })
    await held.answer({ type: 'sent', number: 2 })
    await seen('✓ "Are you there?"')
    await happens({ kind: 'delivered', conversation: '7', number: 2 })
    await seen('✓✓ "Are you there?"')

    await happens({ kind: 'message', conversation: '7', from: BOB, text: 'Yes' })
    expect(await seen('Yes')).toMatch(/^\d\d:\d\d Bob Brown: Yes$/)

    type('/quit')
    await goodbye()
    await seen('- logged out')
    expect(await exit).toBe(0)
  })

  it('takes up an invitation by answering it', async () => {
    const { talk, type, seen, happens, input, goodbye, exit } = await signedIn()

    await happens({ kind: 'invitation', conversation: '3', from: BOB, text: 'Lunch?' })
    await seen('Bob Brown wants to talk: just answer, or /leave')
    await seen('Bob Brown: Lunch?')
    type('Gladly')
    const accept = await talk.hear('send')
    await accept.answer({ type: 'sent', number: 1 })
    await happens({ kind: 'conversation', conversation: '3', state: 'connected' })
    const answer = await talk.hear('send')
    await answer.answer({ type: 'sent', number: 2 })
    input.end()
    await goodbye()

    expect(accept.frame.command).toEqual({ kind: 'accept', conversation: '3' })
    expect(answer.frame.command).toEqual({ kind: 'message', conversation: '3', text: 'Gladly' })
    expect(await exit).toBe(0)
  })

  it('marks what comes from others than whom one talks to as unread, until one turns to them', async () => {
    const { type, seen, happens } = await signedIn()

    type('/to carol')
    type('/help you')
    await seen('/presence STATE')
    await happens({ kind: 'message', conversation: '7', from: BOB, text: 'Yes' })
    await seen('Bob Brown: Yes')
    type('/who')
    expect(await seen(BOB)).toBe(`  ● Bob Brown  busy            ${BOB}  1 unread`)
    type('/to bob')
    type('/who')
    expect(await seen(BOB)).toBe(`  ● Bob Brown  busy            ${BOB}`)
  })

  it('tells what was not sent, and why', async () => {
    const { talk, type, seen, happens } = await signedIn()

    type('/msg carol hi')
    const start = await talk.hear('send')
    await start.answer(refused('upstream-refused'))
    await seen('✗ failed to send "hi": upstream-refused, in words')

    type('/msg bob one')
    const second = await talk.hear('send')
    await second.answer({ type: 'sent', number: 2, conversation: '8' })
    type('/msg bob two')
    await seen('ann to Bob Brown: two')
    await happens({ kind: 'conversation', conversation: '8', state: 'ended' })
    await seen('- the conversation with Bob Brown has ended')
    await seen('! not sent to Bob Brown ("two"): the conversation has ended')

    await happens({ kind: 'not-delivered', conversation: '8', number: 2, reason: 'Bob is gone' })
    expect(await seen('✗ not delivered')).toBe('✗ not delivered "one": Bob is gone')
  })

  it('drops out of coverage and comes back with what was written meanwhile', async () => {
    const { service, talk, type, seen } = await signedIn()

    type('/drop')
    await seen('- out of coverage: the session stays')
    await talk.closed
    type('/msg bob later')
    await seen('ann to Bob Brown: later')
    type('/resume')
    const next = await service.connection()
    const poll = await next.hear('poll')
    await poll.answer({ ...events(), batches: [{ seq: 2, events: [{ kind: 'own-presence', availability: 'away' }] }] })
    await seen('- back in coverage')
    const { frame, answer } = await next.hear('send')
    await answer({ type: 'sent', number: 1, conversation: '7' })

    expect(frame).toMatchObject({ number: 1, ack: 2, command: { kind: 'start', text: 'later' } })
  })

  it('says why a session ended, and logs in again', async () => {
    const { service, talk, type, seen } = await signedIn()

    await talk.push({ type: 'ended', session: SESSION, code: 'evicted', reason: 'the place was needed', next: 'login' })
    await seen('! your session has ended: the place was needed')
    await seen('- /resume logs in again, /quit leaves')
    type('/resume')
    const next = await service.connection()
    const login = await next.hear('login')
    await login.answer(accepted())

    expect(await seen('signed in')).toBe('- signed in as sip:ann@contoso.test. /help lists what you can type')
  })

  it('asks what an unclear name means', async () => {
    const { type, seen } = await signedIn()

    type('hello')
    expect(await seen('to whom')).toBe('! to whom? /to NAME says it, and /who lists your contacts')
    type('/to zed')
    expect(await seen('zed')).toContain('! no one here is called "zed"')
    type('/msg')
    expect(await seen('/msg')).toBe('! /msg NAME text: to whom, and what?')
  })

  it('changes its own state', async () => {
    const { talk, type } = await signedIn()

    type('/busy')
    const { frame, answer } = await talk.hear('send')
    await answer({ type: 'sent', number: 1 })

    expect(frame.command).toEqual({ kind: 'presence', availability: 'busy' })
  })

  it('shows as away who types nothing, and as before with the next line', async () => {
    const { talk, type } = await signedIn(['presence'], { awayAfterMs: 10 })

    const left = await talk.hear('send')
    await left.answer({ type: 'sent', number: 1 })
    const status = await talk.hear('status')
    await status.answer({ type: 'heard', session: SESSION })
    type('/who')
    const back = await talk.hear('send')

    expect(left.frame.command).toEqual({ kind: 'presence', availability: 'away' })
    expect(status.frame.active).toBe(false)
    expect(back.frame.command).toEqual({ kind: 'presence', availability: 'available' })
  })
})

describe('a chat that cannot begin', () => {
  it('says what a refusal means and what to do, and exits with 1', async () => {
    const { service, seen, exit } = await chatting()
    const talk = await service.connection()
    const login = await talk.hear('login')
    await login.answer({ ...refused('server-busy'), retryAfterMs: 60_000 })

    await seen('! could not log in: server-busy, in words (server-busy)')
    await seen('- what to do: try again in 60 s')
    expect(await exit).toBe(1)
  })

  it('says what to look at when there is no connection', async () => {
    const { service, seen, exit } = await chatting()
    service.refuse(403)

    await seen('! could not connect to 127.0.0.1')
    expect(await exit).toBe(1)
  })

  it('says how it gets a password where it cannot ask', async () => {
    const { seen, exit } = await chatting({})

    await seen('set COLLABORATION_PASSWORD')
    expect(await exit).toBe(2)
  })
})
