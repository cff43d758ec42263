import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { Refusal } from '../../shared/rules/refusal.ts'
import { parseDeviceFrame, parseServiceFrame, printFrame, type ServiceFrame } from '../../shared/wire/frames.ts'
import { deviceFrames, SESSION } from './sample-frames.ts'

const LOGIN = { type: 'login', user: 'CONTOSO\\ann', password: 'correct horse' }
const POLL = { type: 'poll', session: SESSION, after: 3 }
const STATUS = { type: 'status', session: SESSION, ack: 3, active: true, answer: true }
const SEND = { type: 'send', session: SESSION, number: 1, ack: 2, command: { kind: 'leave', conversation: '1' } }
const send = (command: unknown) => ({ ...SEND, command })
const START = { kind: 'start', to: ['sip:bob@contoso.test'], text: 'Hello Bob' }

/** What the parser throws. */
function refusalOf(text: string): unknown {
  try {
    parseDeviceFrame(text)
  } catch (thrown) {
    return thrown
  }
  return undefined
}

function wordsOf(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.message} ${String(thrown.cause)}` : ''
}

describe("a device's frame", () => {
  it('is read as it was printed', () => {
    fc.assert(
      fc.property(deviceFrames, (frame) => {
        expect(parseDeviceFrame(printFrame(frame))).toStrictEqual(frame)
      }),
      { numRuns: 500 },
    )
  })

  it('is read, or refused as a bad frame, whatever it was damaged to', () => {
    const damaged = fc
      .tuple(deviceFrames, fc.nat(), fc.nat(12), fc.string({ maxLength: 3 }))
      .map(([frame, at, cut, noise]) => {
        const text = printFrame(frame)
        const start = at % text.length
        return text.slice(0, start) + noise + text.slice(start + cut)
      })
    fc.assert(
      fc.property(fc.oneof(damaged, fc.json()), (text) => {
        const thrown = refusalOf(text)
        expect(thrown === undefined || (thrown instanceof Refusal && thrown.code === 'bad-frame')).toBe(true)
        expect(thrown === undefined ? parseDeviceFrame(text) : undefined).toEqual(
          thrown === undefined ? JSON.parse(text) : undefined,
        )
      }),
      { numRuns: 500 },
    )
  })

  test.each<[string, unknown]>([
    ['a login with an empty password', { ...LOGIN, password: '' }],
    ['the longest user name', { ...LOGIN, user: 'a'.repeat(256) }],
    ['the longest password', { ...LOGIN, password: 'a'.repeat(256) }],
    ['the longest text', send({ ...START, text: 'a'.repeat(16_000) })],
    ['the most participants', send({ ...START, to: Array.from({ length: 100 }, () => 'sip:bob@contoso.test') })],
    ['a SIP URI in capitals', send({ ...START, to: ['SIP:Bob@CONTOSO.test'] })],
    ['the lowest seat', { ...POLL, session: `0-${'a'.repeat(16)}` }],
    ['the highest seat', { ...POLL, session: `99999-${'a'.repeat(32)}` }],
    ['the largest number', { ...POLL, after: Number.MAX_SAFE_INTEGER }],
  ])('may be %s', (_, frame) => {
    expect(parseDeviceFrame(JSON.stringify(frame))).toEqual(frame)
  })
})

const SESSION_WORDS = 'session: expected a session id, as the service gave it'
const CONVERSATION_WORDS = 'command.conversation: expected a conversation, as the service gave it'
const URI_WORDS = 'command.to.0: expected a URI, such as sip:ann@contoso.test'
const FROM_0 = 'expected a whole number from 0 up'
const FROM_1 = 'expected a whole number from 1 up'
const MISSING = 'this member is missing'

describe('a malformed frame', () => {
  test.each<[reason: string, frame: unknown]>([
    ['the frame: expected Object', null],
    ['the frame: expected Object', 'login'],
    ['the frame: expected Object', 5],
    [`type: ${MISSING}`, {}],
    [`type: ${MISSING}`, []],
    [
      'type: expected ("login" | "send" | "poll" | "status" | "logout" | "enroll" | "subscribe")',
      { ...LOGIN, type: 'Login' },
    ],
    [
      'type: expected ("login" | "send" | "poll" | "status" | "logout" | "enroll" | "subscribe")',
      { ...LOGIN, type: 'accepted' },
    ],
    [
      'type: expected ("login" | "send" | "poll" | "status" | "logout" | "enroll" | "subscribe")',
      { ...LOGIN, type: ['login'] },
    ],

    [`user: ${MISSING}`, { type: 'login', password: 'correct horse' }],
    [`password: ${MISSING}`, { type: 'login', user: 'ann' }],
    ['user: expected 1 to 256 characters', { ...LOGIN, user: '' }],
    ['user: expected 1 to 256 characters', { ...LOGIN, user: 'a'.repeat(257) }],
    ['user: expected string', { ...LOGIN, user: null }],
    ['password: expected 256 characters at most', { ...LOGIN, password: 'a'.repeat(257) }],
    ['password: expected string', { ...LOGIN, password: 12_345 }],
    [
      'availability: expected ("available" | "idle" | "busy" | "busy-idle" | "do-not-disturb" | "be-right-back" | "away" | "offline")',
      { ...LOGIN, availability: 'invisible' },
    ],
    ['remember: there is no such member', { ...LOGIN, remember: true }],

    [`session: ${MISSING}`, { type: 'poll', after: 3 }],
    ['session: expected string', { ...POLL, session: 17 }],
    [SESSION_WORDS, { ...POLL, session: '' }],
    [SESSION_WORDS, { ...POLL, session: `a-${'a'.repeat(16)}` }],
    [SESSION_WORDS, { ...POLL, session: `-1-${'a'.repeat(16)}` }],
    [SESSION_WORDS, { ...POLL, session: `100000-${'a'.repeat(16)}` }],
    [SESSION_WORDS, { ...POLL, session: `17-${'a'.repeat(15)}` }],
    [SESSION_WORDS, { ...POLL, session: `17-${'a'.repeat(33)}` }],
    [SESSION_WORDS, { ...POLL, session: `17-${'a'.repeat(15)}#` }],
    [SESSION_WORDS, { ...POLL, session: ` ${SESSION}` }],
    [SESSION_WORDS, { ...POLL, session: `${SESSION}\n` }],

    [`after: ${FROM_0}`, { ...POLL, after: -1 }],
    [`after: ${FROM_0}`, { ...POLL, after: 1.5 }],
    [`after: ${FROM_0}`, { ...POLL, after: 2 ** 53 }],
    ['after: expected number', { ...POLL, after: '3' }],
    [`after: ${MISSING}`, { type: 'poll', session: SESSION }],
    [`ack: ${FROM_0}`, { ...STATUS, ack: -1 }],
    ['active: expected boolean', { ...STATUS, active: 1 }],
    [`answer: ${MISSING}`, { type: 'status', session: SESSION, ack: 3, active: true }],
    ['answer: expected boolean', { ...STATUS, answer: 'no' }],
    ['ack: there is no such member', { type: 'logout', session: SESSION, ack: 3 }],

    [`number: ${FROM_1}`, { ...SEND, number: 0 }],
    [`number: ${FROM_1}`, { ...SEND, number: 0.5 }],
    ['number: expected number', { ...SEND, number: '1' }],
    [`ack: ${FROM_0}`, { ...SEND, ack: -1 }],
    ['command: expected Object', send(null)],
    [`command: ${MISSING}`, send(undefined)],
    [`command.kind: ${MISSING}`, send({})],
    [
      'command.kind: expected ("start" | "accept" | "message" | "typing" | "leave" | "presence" | "note" | "add-contact" | "update-contact" | "delete-contact" | "access" | "add-group" | "rename-group" | "delete-group" | "invite" | "eject" | "role" | "join" | "edit" | "delete" | "read" | "history" | "search")',
      send({ kind: 'shout', conversation: '1' }),
    ],
    ['command.loud: there is no such member', send({ kind: 'leave', conversation: '1', loud: true })],
    ['command.conversation: expected string', send({ kind: 'accept', conversation: 1 })],
    [CONVERSATION_WORDS, send({ kind: 'accept', conversation: '' })],
    [CONVERSATION_WORDS, send({ kind: 'accept', conversation: '1\u00002' })],
    ['command.text: expected 1 to 16000 characters', send({ kind: 'message', conversation: '1', text: '' })],
    ['command.text: expected 1 to 16000 characters', send({ ...START, text: 'a'.repeat(16_001) })],
    ['command.subject: expected 1 to 256 characters', send({ ...START, subject: 'a'.repeat(257) })],
    ['command.typing: expected boolean', send({ kind: 'typing', conversation: '1', typing: 'yes' })],
    ['command.to: expected 1 to 100 URIs', send({ ...START, to: [] })],
    ['command.to: expected 1 to 100 URIs', send({ ...START, to: Array.from({ length: 101 }, () => START.to[0]) })],
    ['command.to: expected Array', send({ ...START, to: START.to[0] })],
    [URI_WORDS, send({ ...START, to: ['bob@contoso.test'] })],
    [URI_WORDS, send({ ...START, to: ['sip:bob@contoso.test\r\nVia: evil'] })],
    [URI_WORDS, send({ ...START, to: ['sip:"bob"@contoso.test'] })],
    [URI_WORDS, send({ ...START, to: ['sip:bob@contoso.test>;tag=1'] })],
    [URI_WORDS, send({ ...START, to: [`sip:${'b'.repeat(401)}@contoso.test`] })],
    ['command.name: expected 1 to 256 characters', send({ kind: 'add-contact', uri: START.to[0], name: '' })],
  ])('is refused with the words: %s', (reason, frame) => {
    expect(refusalOf(JSON.stringify(frame))).toMatchObject({ name: 'Refusal', code: 'bad-frame', message: reason })
  })

  test.each(['', '{', 'login', '{"type":"login"', "{'type':'logout'}", '\u0000'])(
    'is refused when it is no JSON: %j',
    (text) => {
      expect(refusalOf(text)).toMatchObject({ code: 'bad-frame', message: 'the frame holds no JSON text' })
    },
  )

  it('is refused when it would set a prototype', () => {
    const text = `{"type":"logout","session":"${SESSION}","__proto__":{"type":"poll"}}`
    expect(refusalOf(text)).toMatchObject({ message: '__proto__: there is no such member' })
  })

  it('never gets its password back, wherever in the frame it is and whatever is wrong', () => {
    const secret = 'hunter2'
    const holding = fc.constantFrom<unknown>(secret, secret.repeat(64), [secret], { secret }, secret.length)
    const member = fc.constantFrom('type', 'user', 'password', 'availability', 'session', 'number', 'command', 'extra')
    const broken = fc.tuple(fc.dictionary(member, holding), fc.constantFrom(LOGIN, SEND, POLL), holding)
    fc.assert(
      fc.property(broken, ([changes, frame, command]) => {
        for (const each of [{ ...frame, ...changes }, send(command), send({ kind: command }), command]) {
          expect(wordsOf(refusalOf(JSON.stringify(each)))).not.toContain(secret)
        }
        expect(wordsOf(refusalOf(`{"password":"${secret}",}`))).not.toContain(secret)
      }),
    )
  })
})

describe("the service's frame", () => {
  const ended = { type: 'ended', session: SESSION, code: 'evicted', reason: 'päßchen ☃', next: 'login' } as const

  it('is read as it was printed', () => {
    const accepted: ServiceFrame = {
      type: 'accepted',
      session: SESSION,
      uri: 'sip:ann@contoso.test',
      steps: ['maximum: seat 17 is free'],
      statusIntervalMs: 240_000,
      capabilities: ['typing'],
      batches: [{ seq: 1, events: [{ kind: 'own-presence', availability: 'available' }] }],
    }
    for (const frame of [accepted, ended]) expect(parseServiceFrame(printFrame(frame))).toStrictEqual(frame)
  })

  it('is refused when it is no JSON', () => {
    expect(() => parseServiceFrame('{')).toThrow(Refusal)
  })
})
