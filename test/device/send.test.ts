import { describe, expect, it } from 'vitest'
import type { Heard } from './scripted-service.ts'
import type { Command, ImEvent } from '../../shared/rules/messaging.ts'
import { barrier, events, failureOf, isState, loggedIn, refused, SESSION, until } from './harness.ts'

const say = (text: string): Command => ({ kind: 'message', conversation: '1', text })
const error = (message: string) =>
  JSON.stringify({ message, connectionId: 'L0SM9cOFvHcCIhw=', requestId: 'JKJaXmPLvHcESHA=' })

describe('a send', () => {
  it('carries its number, what the device has, and the command', async () => {
    const { device, talk } = await loggedIn()
    const command = { kind: 'start', to: ['sip:bob@contoso.test'], text: 'Hello Bob' } as const

    const send = device.send(command)
    const { frame, answer } = await talk.hear('send')
    await answer({ type: 'sent', number: 1, conversation: '4' })

    expect(frame).toEqual({ type: 'send', session: SESSION, number: 1, ack: 1, command })
    expect(await send).toEqual({ number: 1, conversation: '4' })
  })

  it('tells what its answer brings: what the message is called, and what a question found', async () => {
    const { device, talk, reported } = await loggedIn()

    const named = device.send(say('one'))
    await (await talk.hear('send')).answer({ type: 'sent', number: 1, message: '$one' })
    expect(await named).toEqual({ number: 1, message: '$one' })
    expect(reported).toContainEqual({
      kind: 'send',
      command: say('one'),
      number: 1,
      conversation: '1',
      message: '$one',
      state: 'accepted',
    })

    const found: ImEvent = { kind: 'found', number: 2, people: [{ uri: 'm:bob', name: 'Bob' }], more: false }
    const search = device.send({ kind: 'search', text: 'bob' })
    await (await talk.hear('send')).answer({ type: 'sent', number: 2, events: [found] })
    expect(await search).toEqual({ number: 2, events: [found] })
    expect(reported).toContainEqual(found)
  })

  it('leaves its number to the next when the server cannot do it', async () => {
    const { device, talk } = await loggedIn()

    const edit = failureOf(device.send({ kind: 'edit', conversation: '1', message: '$one', text: 'x' }))
    await (await talk.hear('send')).answer(refused('not-supported'))
    expect(await edit).toMatchObject({ code: 'not-supported', next: 'fix' })

    const send = device.send(say('one'))
    const { frame, answer } = await talk.hear('send')
    await answer({ type: 'sent', number: 1 })
    expect(frame).toMatchObject({ number: 1 })
    expect(await send).toEqual({ number: 1 })
  })

  it('waits for the answer to the one before', async () => {
    const { device, talk } = await loggedIn()

    const sends = [device.send(say('one')), device.send(say('two'))]
    const first = await talk.hear('send')
    const poll = device.poll()
    await first.answer({ type: 'sent', number: 1 })
    // What was asked meanwhile has its turn, and then the next send.
    const { answer } = await talk.hear('poll')
    await answer(events())
    await poll
    const second = await talk.hear('send')
    await second.answer({ type: 'sent', number: 2 })

    expect(second.frame).toMatchObject({ number: 2, command: say('two') })
    expect(await Promise.all(sends)).toEqual([{ number: 1 }, { number: 2 }])
  })

  it('is repeated under its number on a new connection when no answer came in time', async () => {
    const { device, talk, service, events: seen, clock } = await loggedIn()

    const send = device.send(say('one'))
    await talk.hear('send')
    clock.advance(30_000)
    await until(seen, isState('connecting'))
    clock.advance(1_000)
    const next = await service.connection()
    const poll = await next.hear('poll')
    await poll.answer(events())
    const { frame, answer } = await next.hear('send')
    await answer({ type: 'sent', number: 1 })

    expect(frame).toMatchObject({ number: 1, command: say('one') })
    expect(await send).toEqual({ number: 1 })
  })

  it('is numbered anew as a frame, a few times, when the frame is refused as replayed', async () => {
    const { device, talk } = await loggedIn()

    const send = device.send(say('one'))
    const heard: Heard<'send'>[] = []
    for (let times = 0; times < 4; times += 1) {
      const arrived = await talk.hear('send')
      heard.push(arrived)
      await arrived.answer(refused('replayed'))
    }

    await expect(send).rejects.toMatchObject({ code: 'replayed' })
    const numbers = heard.map(({ number }) => number)
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    expect(new Set(numbers).size).toBe(4)
    expect(heard.map(({ frame }) => frame)).toEqual(heard.map(() => heard[0]?.frame))
  })

  it('goes on above the number that the service has heard, when the clock of the device was set back', async () => {
    const { device, talk, clock } = await loggedIn()
    const heard = clock.now() + 86_400_000

    const send = device.send(say('one'))
    const first = await talk.hear('send')
    await first.answer({ ...refused('replayed'), heard })
    const second = await talk.hear('send')
    await second.answer({ type: 'sent', number: 1 })

    expect(second.number).toBe(heard + 1)
    expect(await send).toEqual({ number: 1 })
  })

  it.each(['in-progress', 'too-many'] as const)('is asked for again under its number after %s', async (code) => {
    const { device, talk, clock } = await loggedIn()

    const send = device.send(say('one'))
    const first = await talk.hear('send')
    const reason = 'wait'
    await first.answer({ type: 'refused', code, reason, next: 'retry', retryAfterMs: 700 })
    await barrier(device, talk)
    clock.advance(700)
    const second = await talk.hear('send')
    await second.answer({ type: 'sent', number: 1 })

    expect(await send).toEqual({ number: 1 })
    expect(second.frame.number).toBe(1)
  })

  it('is refused here when it is larger than the gateway takes, and leaves its number to the next', async () => {
    const { device, talk } = await loggedIn()
    const noise = Array.from({ length: 15_000 }, (_, index) => String.fromCodePoint(0x4e00 + ((index * 7919) % 20_000)))

    await expect(device.send(say(noise.join('')))).rejects.toMatchObject({ code: 'too-large', next: 'fix' })
    const send = device.send(say('short'))
    const { frame, answer } = await talk.hear('send')
    await answer({ type: 'sent', number: 1 })

    expect(frame.number).toBe(1)
    await send
  })

  it('that the server refused has used its number', async () => {
    const { device, talk } = await loggedIn()

    const sends = [failureOf(device.send(say('one'))), device.send(say('two'))]
    const first = await talk.hear('send')
    await first.answer(refused('upstream-refused'))
    const second = await talk.hear('send')
    await second.answer({ type: 'sent', number: 2 })

    expect(await Promise.all(sends)).toMatchObject([{ code: 'upstream-refused' }, { number: 2 }])
    expect(second.frame).toMatchObject({ number: 2, command: say('two') })
  })

  it('takes the number of one that was refused before it began', async () => {
    const { device, talk } = await loggedIn()

    const sends = [failureOf(device.send(say('one'))), device.send(say('two'))]
    const first = await talk.hear('send')
    await first.answer({ type: 'refused', code: 'upstream-away', reason: 'not reached', next: 'retry' })
    const tooHigh = await talk.hear('send')
    await tooHigh.answer(refused('out-of-order'))
    const second = await talk.hear('send')
    await second.answer({ type: 'sent', number: 1 })

    expect([tooHigh.frame.number, second.frame.number]).toEqual([2, 1])
    expect(await Promise.all(sends)).toMatchObject([{ code: 'upstream-away' }, { number: 1 }])
  })

  it('is asked again under its number when it is to wait: the one before it, unconfirmed, may still be under way', async () => {
    const { device, talk, clock } = await loggedIn()

    const sends = [failureOf(device.send(say('one'))), device.send(say('two'))]
    const first = await talk.hear('send')
    await first.answer({ type: 'refused', code: 'unconfirmed', reason: 'perhaps', next: 'ask-user' })
    const early = await talk.hear('send')
    await early.answer({ type: 'refused', code: 'out-of-order', reason: 'not yet', next: 'retry', retryAfterMs: 1_000 })
    await barrier(device, talk)
    clock.advance(1_000)
    const again = await talk.hear('send')
    await again.answer({ type: 'sent', number: 2 })

    expect([early.frame.number, again.frame.number]).toEqual([2, 2])
    expect(await Promise.all(sends)).toMatchObject([{ code: 'unconfirmed' }, { number: 2 }])
  })
})

describe("the gateway's own error texts", () => {
  it.each(['Internal server error', 'Endpoint request timed out', 'Forbidden'])(
    'have the oldest frame repeated after a while: %s',
    async (text) => {
      const { device, talk, clock } = await loggedIn()
      const send = device.send(say('one'))
      const first = await talk.hear('send')

      talk.say(error(text))
      await barrier(device, talk)
      clock.advance(500)
      const second = await talk.hear('send')
      await second.answer({ type: 'sent', number: 1 })

      expect(await send).toEqual({ number: 1 })
      expect(second.frame).toEqual(first.frame)
      expect(second.number).toBeGreaterThan(first.number)
    },
  )

  it('are taken for the answer when they come again and again', async () => {
    const { device, talk, clock } = await loggedIn({ random: () => 0 })
    const failure = failureOf(device.send(say('one')))

    for (let loss = 1; loss <= 6; loss += 1) {
      await talk.hear('send')
      talk.say(error('Internal server error'))
      await barrier(device, talk)
      clock.advance(0)
    }

    const message = 'it may or may not have been done: the gateway says: Internal server error'
    expect(await failure).toMatchObject({ code: 'unconfirmed', message })
  })

  it('are no answer where the gateway throttles, however often: it is waited for longer and longer', async () => {
    const { device, talk, clock } = await loggedIn({ random: () => 0.999 })
    const send = device.send(say('one'))
    const waits = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]

    for (const longest of waits) {
      await talk.hear('send')
      talk.say(error('Too Many Requests'))
      await barrier(device, talk)
      clock.advance(longest)
    }
    const { answer } = await talk.hear('send')
    await answer({ type: 'sent', number: 1 })

    expect(await send).toEqual({ number: 1 })
  })

  it('do not hide the answer, where that comes all the same', async () => {
    const { device, talk } = await loggedIn()

    const send = device.send(say('one'))
    const { answer } = await talk.hear('send')
    talk.say(error('Internal server error'))
    await barrier(device, talk)
    await answer({ type: 'sent', number: 1 })

    expect(await send).toEqual({ number: 1 })
  })

  it('mean nothing when nothing was asked', async () => {
    const { device, talk } = await loggedIn()

    talk.say(error('Internal server error'))
    const poll = device.poll()
    const { answer } = await talk.hear('poll')
    await answer(events())

    await expect(poll).resolves.toBeUndefined()
    expect(device.dropped).toBe(0)
  })
})
