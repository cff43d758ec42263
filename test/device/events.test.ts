import { describe, expect, it } from 'vitest'
import type { ImEvent } from '../../shared/rules/messaging.ts'
import { barrier, events, loggedIn, message, SESSION, shown, standingFor, until } from './harness.ts'

const invitation = (conversation: string): ImEvent => ({
  kind: 'invitation',
  conversation,
  from: 'sip:bob@contoso.test',
})

describe('events', () => {
  it('come unasked, in order', async () => {
    const { talk, events: seen } = await loggedIn()

    await talk.push(events(2))
    await talk.push(events(3, 4))

    expect([await seen.take(), await seen.take(), await seen.take()]).toEqual([message(2), message(3), message(4)])
  })

  it('are shown once, however often they come', async () => {
    const { device, talk, reported } = await loggedIn()

    await talk.push(events(2))
    await talk.push(events(2))
    const poll = device.poll()
    const { answer } = await talk.hear('poll')
    await answer(events(2, 3))
    await poll

    expect(shown(reported)).toEqual([2, 3])
  })

  it('that follow a missing batch wait for one poll that brings it', async () => {
    const { device, talk, reported, events: seen } = await loggedIn()

    await talk.push(events(3))
    await talk.push(events(4))
    const missing = await talk.hear('poll')
    await missing.answer(events(2, 3, 4))
    await until(seen, (event) => event.kind === 'message' && event.text === '4')
    const next = await barrier(device, talk)

    expect(missing.frame.after).toBe(1)
    expect(next.after).toBe(4)
    expect(shown(reported)).toEqual([2, 3, 4])
    expect(reported.some(({ kind }) => kind === 'gap')).toBe(false)
  })

  it('are polled for again when they came after the service had answered the first poll', async () => {
    const { talk, events: seen } = await loggedIn()

    await talk.push(events(3))
    const first = await talk.hear('poll')
    await talk.push(events(5))
    await first.answer(events(2, 3))
    const second = await talk.hear('poll')
    await second.answer(events(4, 5))
    await until(seen, (event) => event.kind === 'message' && event.text === '5')

    expect(second.frame.after).toBe(3)
  })

  it('are polled for until there is no more', async () => {
    const { device, talk, reported } = await loggedIn()

    const poll = device.poll()
    const first = await talk.hear('poll')
    await first.answer({ ...events(2, 3), more: true })
    const second = await talk.hear('poll')
    await second.answer(events(4))
    await poll

    expect([first.frame.after, second.frame.after]).toEqual([1, 3])
    expect(shown(reported)).toEqual([2, 3, 4])
  })

  it('that stand for several, of which it has some, are polled for after the last it has', async () => {
    const { device, talk, reported, events: seen } = await loggedIn()
    await talk.push(events(2))
    await talk.push({ ...events(), batches: [standingFor(2, 5)] })
    const poll = await talk.hear('poll')
    await talk.push({ ...events(), batches: [standingFor(3, 4)] })
    await poll.answer({ ...events(), batches: [standingFor(3, 5)] })
    const again = await talk.hear('poll')
    await again.answer(events(5))
    await until(seen, (event) => event.kind === 'message' && event.text === '5')
    const next = await barrier(device, talk)

    expect([poll.frame.after, again.frame.after, next.after]).toEqual([2, 4, 5])
    expect(shown(reported)).toEqual([2, 3, 4, 5])
    expect(reported.some(({ kind }) => kind === 'gap')).toBe(false)
  })

  it('that are lost show as a gap before those that are left', async () => {
    const { device, talk, reported } = await loggedIn()

    const poll = device.poll()
    const { answer } = await talk.hear('poll')
    await answer({ ...events(7), recovered: false })
    await poll

    expect(reported.slice(-2)).toEqual([{ kind: 'gap' }, message(7)])
  })

  it('that stand for what was cut come after one gap, however many frames they take, and the rest after them', async () => {
    const { device, talk, reported } = await loggedIn()
    const before = reported.length
    const contacts: ImEvent = { kind: 'contacts', whole: true, contacts: [], removed: [] }
    const presence: ImEvent = { kind: 'presence', uri: 'sip:bob@contoso.test', availability: 'away' }
    const ended: ImEvent = { kind: 'conversation', conversation: '1', state: 'ended' }

    const poll = device.poll()
    const first = await talk.hear('poll')
    const cut = { ...events(), recovered: false }
    await first.answer({ ...cut, batches: [{ first: 2, seq: 30, events: [contacts] }], more: true })
    const second = await talk.hear('poll')
    const batches = [{ first: 31, seq: 40, events: [presence, ended] }, standingFor(41, 42)]
    await second.answer({ ...cut, batches })
    await poll
    const next = await barrier(device, talk)

    expect([second.frame.after, next.after]).toEqual([30, 42])
    expect(reported.slice(before)).toEqual([{ kind: 'gap' }, contacts, presence, ended, message(41), message(42)])
  })

  it('that are lost once more show as another gap, though nothing came in between', async () => {
    const { device, talk, reported } = await loggedIn()
    const before = reported.length
    const cutUpTo = async (seq: number) => {
      const poll = device.poll()
      const { answer } = await talk.hear('poll')
      await answer({ ...events(), batches: [{ first: seq, seq, events: [] }], recovered: false })
      await poll
    }

    await cutUpTo(2)
    await cutUpTo(3)

    expect(reported.slice(before)).toEqual([{ kind: 'gap' }, { kind: 'gap' }])
  })

  it('that stand for what was cut do not show an invitation again that came before the cut', async () => {
    const { device, talk, reported } = await loggedIn()

    await talk.push({ ...events(), batches: [{ seq: 2, events: [invitation('1')] }] })
    await barrier(device, talk)
    const poll = device.poll()
    const { answer } = await talk.hear('poll')
    const batches = [{ first: 3, seq: 9, events: [invitation('1'), invitation('2')] }]
    await answer({ ...events(), batches, recovered: false })
    await poll

    expect(reported.filter(({ kind }) => kind === 'invitation')).toEqual([invitation('1'), invitation('2')])
  })

  it('are acknowledged with the next frame', async () => {
    const { device, talk, events: seen } = await loggedIn()
    await talk.push(events(2, 3))
    await until(seen, (event) => event.kind === 'message' && event.text === '3')

    const status = device.status(true)
    const { frame, answer } = await talk.hear('status')
    await answer({ type: 'heard', session: SESSION })
    await status

    expect(frame).toEqual({ type: 'status', session: SESSION, ack: 3, active: true, answer: true })
  })

  it('go on when a listener throws', async () => {
    const { device, talk, reported } = await loggedIn()
    const thrown = Promise.withResolvers<unknown>()
    process.once('uncaughtException', thrown.resolve)
    const stop = device.on(() => {
      throw new TypeError('a fault of the program')
    })

    const poll = device.poll()
    const { answer } = await talk.hear('poll')
    await answer(events(2))
    await poll
    stop()

    expect(await thrown.promise).toMatchObject({ message: 'a fault of the program' })
    expect(shown(reported)).toEqual([2])
  })
})

describe('what cannot be read', () => {
  it.each([
    ['no JSON', 'hello'],
    ['JSON of another shape', '{"hello":1}'],
    ['a frame for no device', '{"frame":"eyJhbGciOiJBMjU2S1cifQ.a.b.c.d"}'],
  ])('is counted and dropped: %s', async (_, text) => {
    const { device, talk, reported } = await loggedIn()

    talk.say(text)
    await talk.push(events(2))
    await barrier(device, talk)

    expect(device.dropped).toBe(1)
    expect(shown(reported)).toEqual([2])
  })
})

describe('a message without text', () => {
  it('says nothing', async () => {
    const { device, talk } = await loggedIn()

    talk.say('')
    await barrier(device, talk)

    expect(device.dropped).toBe(0)
  })
})
