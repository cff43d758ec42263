import { deflateRawSync } from 'node:zlib'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { headerOf } from '../../shared/wire/frame-header.ts'
import type { ServiceFrame } from '../../shared/wire/frames.ts'
import { handMadeFrame } from '../kit/hand-made-frame.ts'
import { rawDevice, type RawDevice } from '../kit/raw-device.ts'
import { services, type Service } from '../kit/service.ts'

/*
 * What PROTOCOL.md says beside its tables, rule by rule, over a socket. The peer in test/service/peer is a client that was
 * written from that text alone.
 */
const service = services()
let running: Service
let number = Date.now()

beforeAll(async () => {
  running = await service()
})

async function connected(): Promise<RawDevice> {
  const raw = await rawDevice(running.url, 'ann-phone', running.keys.ann)
  onTestFinished(() => raw.socket.close())
  return raw
}

/** A connection of Ann's device that is logged in. */
async function loggedIn() {
  const raw = await connected()
  const { login: user, password } = running.ann.person
  raw.send(await raw.sealed('login', { type: 'login', user, password }, (number += 1)))
  const accepted = await answer(raw, 'accepted')
  return { raw, session: accepted.session, last: accepted.batches.at(-1)?.seq ?? 0 }
}

/** The next frame of a type; it skips what the service sends unasked. */
async function answer<T extends ServiceFrame['type']>(raw: RawDevice, type: T) {
  for (;;) {
    const frame = await raw.frame()
    if (isOf(frame, type)) return frame
    if (frame.type !== 'events') throw new Error(`a ${frame.type} came, not a ${type}: ${JSON.stringify(frame)}`)
  }
}

function isOf<T extends ServiceFrame['type']>(
  frame: ServiceFrame,
  type: T,
): frame is Extract<ServiceFrame, { type: T }> {
  return frame.type === type
}

/** A message of Ann's device whose frame holds this text, byte for byte. */
function inside(text: string | Buffer): string {
  const header = headerOf({ device: 'ann-phone', direction: 'up', action: 'logout', number: (number += 1) })
  const compressed = deflateRawSync(text)
  const frame = handMadeFrame({ header: JSON.stringify(header), key: running.keys.ann, inside: text, compressed })
  return JSON.stringify({ action: 'logout', frame })
}

function presence(session: string, n: number) {
  return { type: 'send', session, number: n, ack: 1, command: { kind: 'presence', availability: 'busy' } }
}

describe('what the service says of a message that it cannot place', () => {
  it.each([
    ['an action that there is not', '{"action":"dance","frame":"x"}', 'unknown-action'],
    ['text that is no JSON', 'hello?', 'bad-frame'],
  ])('is of the action push and the number 0: %s', async (_, message, code) => {
    const raw = await connected()
    raw.send(message)
    expect(await raw.opened()).toMatchObject({ action: 'push', number: 0, frame: { type: 'refused', code } })
  })

  it('is of its action, and the number 0, where the frame could not be opened', async () => {
    const raw = await connected()
    raw.send(await raw.sealed('status', {}, (number += 1), { key: running.keys.bob }))
    expect(await raw.opened()).toMatchObject({ action: 'status', number: 0, frame: { code: 'not-for-you' } })
  })
})

describe('the text in a frame', () => {
  const LOGOUT = '{"type":"logout","session":"0-AAAAAAAAAAAAAAAA"}'

  it.each<[string, string | Buffer, string]>([
    ['is read', LOGOUT, 'session-gone'],
    ['begins with a byte order mark', `\uFEFF${LOGOUT}`, 'bad-frame'],
    ['is not UTF-8', Buffer.from(LOGOUT.replace('AAAA', 'ÄAAA'), 'latin1'), 'not-for-you'],
    ['has a member twice', LOGOUT.replace('}', ',"type":"logout"}'), 'bad-frame'],
    ['is nested deeper than 8', LOGOUT.replace('}', `,"x":${'['.repeat(8)}${']'.repeat(8)}}`), 'bad-frame'],
    ['has a member that there is not', LOGOUT.replace('}', ',"x":1}'), 'bad-frame'],
    ['lacks a member', '{"type":"logout"}', 'bad-frame'],
    ['is larger than 128 KB', LOGOUT + ' '.repeat(128 * 1024), 'not-for-you'],
  ])('that %s', async (_, text, code) => {
    const raw = await connected()
    raw.send(inside(text))
    expect(await raw.frame()).toMatchObject({ type: 'refused', code })
  })

  it('is counted in UTF-16 units: a text of 16,000 is taken, and one of 8,001 characters of two is not', async () => {
    const { raw, session } = await loggedIn()
    const send = async (n: number, text: string) => {
      const command = { kind: 'start', to: ['sip:bob@contoso.test'], text }
      raw.send(await raw.sealed('send', { type: 'send', session, number: n, ack: 1, command }, (number += 1)))
    }
    await send(1, '🌍'.repeat(8_001))
    expect(await answer(raw, 'refused')).toMatchObject({ code: 'bad-frame', reason: expect.stringContaining('16000') })
    await send(1, 'ü'.repeat(16_000))
    expect(await answer(raw, 'sent')).toMatchObject({ number: 1 })
  })
})

describe('a send', () => {
  it('whose number is too low or too high is refused with the right one', async () => {
    const { raw, session } = await loggedIn()
    const ask = async (n: number) => raw.send(await raw.sealed('send', presence(session, n), (number += 1)))
    for (const n of [1, 2]) {
      await ask(n)
      expect(await answer(raw, 'sent')).toEqual({ type: 'sent', number: n })
    }
    const right = 'the last send was 2, and the next is 3'
    await ask(1)
    expect(await answer(raw, 'refused')).toEqual({
      type: 'refused',
      code: 'out-of-order',
      reason: `send 1 of this session is too low: ${right}`,
      next: 'retry',
    })
    await ask(4)
    expect(await answer(raw, 'refused')).toMatchObject({ reason: `send 4 of this session is too high: ${right}` })
    await ask(2)
    expect(await answer(raw, 'sent')).toEqual({ type: 'sent', number: 2 })
  })

  it('that a later frame overtook was not done, and its number is free', async () => {
    const { raw, session } = await loggedIn()
    const low = (number += 1)
    const overtaking = { type: 'status', session, ack: 1, active: true, answer: true }
    raw.send(await raw.sealed('status', overtaking, (number += 1)))
    await answer(raw, 'heard')
    raw.send(await raw.sealed('send', presence(session, 1), low))
    expect(await answer(raw, 'refused')).toMatchObject({ code: 'replayed', heard: number })
    raw.send(await raw.sealed('send', presence(session, 1), (number += 1)))
    expect(await answer(raw, 'sent')).toEqual({ type: 'sent', number: 1 })
  })
})

describe('a session', () => {
  it('is on the connection of the last frame that was taken, whatever that was', async () => {
    const { raw, session } = await loggedIn()
    const other = await connected()
    other.send(
      await other.sealed('status', { type: 'status', session, ack: 1, active: true, answer: true }, (number += 1)),
    )
    await answer(other, 'heard')

    await running.bob.device.login(running.bob.person.login, running.bob.person.password)
    await running.bob.device.send({ kind: 'start', to: ['sip:ann@contoso.test'], text: 'Hello' })
    for (;;) {
      const answered = await answer(other, 'events')
      if (answered.batches.some(({ events }) => events.some(({ kind }) => kind === 'invitation'))) break
    }
    expect(raw.socket.readyState).toBe(raw.socket.OPEN)
  })

  it('that another login of its device ends gets a push with number 0, and a refusal from then on', async () => {
    const { raw, session } = await loggedIn()
    await loggedIn()
    for (;;) {
      const { frame, ...bound } = await raw.opened()
      if (frame.type === 'events') continue
      expect({ ...bound, frame }).toMatchObject({
        action: 'push',
        number: 0,
        frame: { type: 'ended', session, code: 'replaced', next: 'login' },
      })
      break
    }
    raw.send(await raw.sealed('poll', { type: 'poll', session, after: 1 }, (number += 1)))
    expect(await answer(raw, 'refused')).toMatchObject({ code: 'session-gone', next: 'login' })
  })

  it('whose device forgot what came with the login cannot have it again: recovered is false, with a batch in its place that says nothing', async () => {
    const { raw, session, last } = await loggedIn()
    expect(last).toBeGreaterThan(0)
    const poll = async (after: number) => {
      raw.send(await raw.sealed('poll', { type: 'poll', session, after }, (number += 1)))
      // What is pushed meanwhile answers nothing.
      for (;;) {
        const { frame, action } = await raw.opened()
        if (action === 'poll' && isOf(frame, 'events')) return frame
      }
    }
    const known = await poll(last)
    const forgotten = await poll(0)
    // What the server has sent since comes after it.
    expect(known).toMatchObject({ recovered: true })
    expect(forgotten).toMatchObject({ recovered: false })
    const [front, ...rest] = forgotten.batches
    expect(front).toEqual({ ...(last > 1 && { first: 1 }), seq: last, events: [] })
    const numbers = rest.flatMap(({ first, seq }) => [first ?? seq, seq])
    const newest = known.batches.at(-1)?.seq ?? last
    expect(numbers[0] ?? last + 1).toBe(last + 1)
    expect(numbers.at(-1) ?? last).toBeGreaterThanOrEqual(newest)
  })
})

describe('a device that says several things at once', () => {
  it('is not refused one: nothing that it sends can overtake what is under way', async () => {
    const { cat } = running
    await cat.device.login(cat.person.login, cat.person.password)
    const refusals = () =>
      running.description.functions
        .flatMap(({ name }) => running.lambda.logs(name))
        .filter(({ text }) => text.includes('"replayed"') && text.includes('cat-phone'))
    for (let round = 1; round <= 25; round += 1) {
      const availability = round % 2 === 0 ? 'busy' : 'available'
      await Promise.all([
        cat.device.send({ kind: 'presence', availability }),
        cat.device.status(true),
        cat.device.poll(),
      ])
    }
    expect(refusals()).toEqual([])
  })
})
