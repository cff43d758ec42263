import { describe, expect, it } from 'vitest'
import type { ImEvent } from '../../shared/rules/messaging.ts'
import {
  barrier,
  events,
  failureOf,
  isState,
  loggedIn,
  refused,
  SESSION,
  STATUS_INTERVAL_MS,
  until,
} from './harness.ts'

const HEARD = { type: 'heard', session: SESSION } as const
const ACKNOWLEDGE_MS = 10_000

describe('signs of life', () => {
  it('are given at every interval, and say whether the user did something', async () => {
    const { device, talk, clock } = await loggedIn()

    clock.advance(STATUS_INTERVAL_MS)
    const first = await talk.hear('status')
    const send = device.send({ kind: 'accept', conversation: '1' })
    const { answer } = await talk.hear('send')
    await answer({ type: 'sent', number: 1 })
    await send
    clock.advance(STATUS_INTERVAL_MS)
    const second = await talk.hear('status')

    expect(first.frame).toEqual({ type: 'status', session: SESSION, ack: 1, active: false, answer: false })
    // Of a device in use an answer is wanted: its user would miss what does not come.
    expect(second.frame).toMatchObject({ active: true, answer: true })
  })

  it('ask for an answer with every fifth that nothing came between', async () => {
    const { device, talk, clock } = await loggedIn()
    const beat = async () => {
      clock.advance(STATUS_INTERVAL_MS)
      return talk.hear('status')
    }

    const asked = [await beat(), await beat(), await beat(), await beat()]
    const fifth = await beat()
    await fifth.answer(HEARD)
    await barrier(device, talk)
    const sixth = await beat()

    expect(asked.map(({ frame }) => frame.answer)).toEqual([false, false, false, false])
    expect([fifth, sixth].map(({ frame }) => frame.answer)).toEqual([true, false])
  })

  it('do not ask while anything comes', async () => {
    const { talk, clock, events: seen } = await loggedIn()
    const answers: boolean[] = []

    for (let beats = 1; beats <= 5; beats += 1) {
      await talk.push({ ...events(), batches: [{ seq: beats + 1, events: [PRESENCE] }] })
      await until(seen, ({ kind }) => kind === 'presence')
      clock.advance(STATUS_INTERVAL_MS)
      answers.push((await talk.hear('status')).frame.answer)
    }

    expect(answers).toEqual([false, false, false, false, false])
  })

  it('find a socket that died without a word, and the next one is tried', async () => {
    const { talk, service, clock, events: seen } = await loggedIn()

    for (let beats = 1; beats <= 5; beats += 1) {
      clock.advance(STATUS_INTERVAL_MS)
      await talk.hear('status')
    }
    clock.advance(30_000)
    const lost = await until(seen, isState('connecting'))
    clock.advance(1_000)
    const next = await service.connection()

    expect(lost).toMatchObject({ reason: 'no answer came in time' })
    await expect(next.hear('poll')).resolves.toMatchObject({ frame: { after: 1 } })
  })

  it('are not missed when they ask for no answer and get none', async () => {
    const { device, talk, clock } = await loggedIn()

    clock.advance(STATUS_INTERVAL_MS)
    await talk.hear('status')
    clock.advance(30_000)
    await barrier(device, talk)

    expect(device.state).toBe('online')
  })

  it('are numbered anew when they are refused as replayed, though they ask for no answer', async () => {
    const { talk, clock } = await loggedIn()
    const heard = clock.now() + 86_400_000

    clock.advance(STATUS_INTERVAL_MS)
    const first = await talk.hear('status')
    await first.answer({ ...refused('replayed'), heard })
    const second = await talk.hear('status')

    expect(second.number).toBe(heard + 1)
  })

  it('end the session when they are refused for it', async () => {
    const { talk, clock, events: seen } = await loggedIn()

    clock.advance(STATUS_INTERVAL_MS)
    const { answer } = await talk.hear('status')
    await answer(refused('session-gone'))

    expect(await until(seen, ({ kind }) => kind === 'ended')).toMatchObject({ code: 'session-gone' })
  })

  it('leave an error of the gateway to a frame that waits for its answer', async () => {
    const { device, talk, clock, waits } = await loggedIn()

    clock.advance(STATUS_INTERVAL_MS)
    await talk.hear('status')
    const send = device.send({ kind: 'leave', conversation: '1' })
    await talk.hear('send')
    talk.say('{"message":"Internal server error","connectionId":"L0SM9cOFvHcCIhw=","requestId":"JKJaXmPLvHcESHA="}')
    while ((await waits.take()) !== 500) continue
    clock.advance(500)
    const again = await talk.hear('send')
    await again.answer({ type: 'sent', number: 1 })

    expect(await send).toEqual({ number: 1 })
  })

  it('that the program gives ask for an answer', async () => {
    const { device, talk } = await loggedIn()

    const status = device.status(true)
    const { frame, answer } = await talk.hear('status')
    await answer(HEARD)
    await status

    expect(frame).toEqual({ type: 'status', session: SESSION, ack: 1, active: true, answer: true })
  })
})

const MESSAGE: ImEvent = { kind: 'message', conversation: '1', from: 'sip:bob@contoso.test', text: 'Hello' }
const INVITATION: ImEvent = { kind: 'invitation', conversation: '2', from: 'sip:bob@contoso.test' }
const PRESENCE: ImEvent = { kind: 'presence', uri: 'sip:bob@contoso.test', availability: 'away' }

/** A device that just got a push: batch 2. */
async function reported(event: ImEvent) {
  const staged = await loggedIn()
  await staged.talk.push({ ...events(), batches: [{ seq: 2, events: [event] }] })
  await until(staged.events, ({ kind }) => kind === event.kind)
  return staged
}

describe('an acknowledgement', () => {
  it.each([
    ['a message', MESSAGE],
    ['an invitation', INVITATION],
  ])('of %s goes by itself after a while, and asks for no answer', async (_, event) => {
    const { device, talk, clock } = await reported(event)

    clock.advance(ACKNOWLEDGE_MS - 1)
    const before = clock.waiting()
    clock.advance(1)
    const { frame } = await talk.hear('status')

    expect(before).toBeGreaterThan(0)
    expect(frame).toEqual({ type: 'status', session: SESSION, ack: 2, active: true, answer: false })
    expect(device.state).toBe('online')
  })

  it('of several is one, no later than the first of them asks for it', async () => {
    const { device, talk, clock, events: seen } = await reported(MESSAGE)

    clock.advance(ACKNOWLEDGE_MS - 1)
    await talk.push(events(3))
    await until(seen, (event) => event.kind === 'message' && event.text === '3')
    clock.advance(1)
    const { frame } = await talk.hear('status')
    clock.advance(ACKNOWLEDGE_MS)
    await barrier(device, talk)

    expect(frame.ack).toBe(3)
  })

  it('is left to another frame that goes before', async () => {
    const { device, talk, clock } = await reported(MESSAGE)

    const send = device.send({ kind: 'accept', conversation: '1' })
    const { frame, answer } = await talk.hear('send')
    await answer({ type: 'sent', number: 1 })
    await send
    clock.advance(ACKNOWLEDGE_MS)
    // The next that the service hears is no status.
    await barrier(device, talk)

    expect(frame.ack).toBe(2)
  })

  it('of presence waits for the next frame', async () => {
    const { device, talk, clock } = await reported(PRESENCE)

    clock.advance(ACKNOWLEDGE_MS)
    const { after } = await barrier(device, talk)

    expect(after).toBe(2)
  })

  it('says of the user what the last status said, for it is no beat', async () => {
    const { device, talk, clock, events: seen } = await reported(MESSAGE)
    const came = (text: string) => until(seen, (event) => event.kind === 'message' && event.text === text)
    const status = device.status(false)
    await (await talk.hear('status')).answer(HEARD)
    await status
    await talk.push(events(3))
    await came('3')
    const poll = await barrier(device, talk)
    await talk.push(events(4))
    await came('4')
    clock.advance(STATUS_INTERVAL_MS - 1)

    const acknowledged = await talk.hear('status')
    clock.advance(1)
    const beat = await talk.hear('status')

    expect(poll.after).toBe(3)
    expect(acknowledged.frame).toMatchObject({ ack: 4, active: false })
    expect(beat.frame).toMatchObject({ ack: 4, active: false })
  })

  it('of what came with the way back into coverage goes as well', async () => {
    const { device, talk, service, clock } = await loggedIn()
    device.close()
    await talk.closed

    const resume = device.resume()
    const next = await service.connection()
    const poll = await next.hear('poll')
    await poll.answer(events(2))
    await resume
    clock.advance(ACKNOWLEDGE_MS)
    const { frame } = await next.hear('status')

    expect(frame.ack).toBe(2)
  })

  it('does not overtake what is under way: it goes after the answer to that', async () => {
    const wire: string[] = []
    const connect = (url: string) => {
      const socket = new WebSocket(url)
      const send = socket.send.bind(socket)
      socket.send = (message: string) => {
        const { action }: { action: string } = JSON.parse(message)
        wire.push(action)
        send(message)
      }
      socket.addEventListener('message', () => wire.push('heard'))
      return socket
    }
    const { device, talk, clock, events: seen } = await loggedIn({ connect })
    const send = device.send({ kind: 'accept', conversation: '1' })
    const under = await talk.hear('send')
    await talk.push({ ...events(), batches: [{ seq: 2, events: [MESSAGE] }] })
    await until(seen, ({ kind }) => kind === 'message')
    const before = wire.length
    clock.advance(ACKNOWLEDGE_MS)
    await under.answer({ type: 'sent', number: 1 })
    await send
    const { frame, number } = await talk.hear('status')

    expect(wire.slice(before)).toEqual(['heard', 'status'])
    expect(frame).toMatchObject({ ack: 2, answer: false })
    expect(number).toBeGreaterThan(under.number)
  })

  it('is not tried without a connection: the way back brings it', async () => {
    const { device, talk, clock } = await reported(MESSAGE)

    device.close()
    await talk.closed

    expect(clock.waiting()).toBe(0)
    await expect(failureOf(device.poll())).resolves.toMatchObject({ name: 'Disconnected' })
  })
})
