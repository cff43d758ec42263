import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeviceEvent, SendEvent } from '../../shared/device/event.ts'
import { stateAfter, type SendNews, type SendState } from '../../shared/device/send-state.ts'
import type { Command, ImEvent } from '../../shared/rules/messaging.ts'
import { barrier, events, failureOf, isState, loggedIn, refused, SESSION, until } from './harness.ts'

const START = { state: 'sending' } as const satisfies SendState
const SENT: SendNews = { kind: 'sent' }
const DONE: SendNews = { kind: 'done', number: 1 }
const DELIVERED: SendNews = { kind: 'delivered', conversation: '1', number: 1 }
const NOT_DELIVERED: SendNews = { kind: 'not-delivered', conversation: '1', number: 1, reason: 'gone' }
const FAILED: SendNews = { kind: 'failed', number: 1, reason: 'no' }
const REFUSED: SendNews = { kind: 'refused', reason: 'refused', maybeDone: false }
const UNCLEAR: SendNews = { kind: 'refused', reason: 'no answer', maybeDone: true }

const after = (news: readonly SendNews[]) => news.reduce<SendState>(stateAfter, START)

describe('the state of a send', () => {
  it.each<[news: SendNews[], state: SendState['state']]>([
    [[], 'sending'],
    [[SENT], 'accepted'],
    [[DONE], 'accepted'],
    [[SENT, DONE], 'accepted'],
    [[SENT, DELIVERED], 'delivered'],
    [[DELIVERED, SENT], 'delivered'],
    [[DELIVERED, DONE, SENT], 'delivered'],
    [[DELIVERED, UNCLEAR], 'delivered'],
    [[DONE, UNCLEAR], 'accepted'],
    [[UNCLEAR], 'unconfirmed'],
    [[UNCLEAR, DONE], 'accepted'],
    [[UNCLEAR, DELIVERED], 'delivered'],
    [[UNCLEAR, FAILED], 'failed'],
    [[REFUSED], 'failed'],
    [[SENT, FAILED], 'failed'],
    [[FAILED, SENT], 'failed'],
    [[SENT, NOT_DELIVERED], 'not-delivered'],
    [[NOT_DELIVERED, SENT, DONE], 'not-delivered'],
    [[DELIVERED, NOT_DELIVERED], 'not-delivered'],
    [[NOT_DELIVERED, DELIVERED], 'not-delivered'],
  ])('is, after %j, %s', (news, state) => {
    expect(after(news).state).toBe(state)
  })

  it('never goes back: once something is known, no news makes it less', () => {
    const news = fc.constantFrom(SENT, DONE, DELIVERED, NOT_DELIVERED, FAILED, REFUSED, UNCLEAR)
    const later: Readonly<Record<SendState['state'], readonly SendState['state'][]>> = {
      sending: ['unconfirmed', 'accepted', 'delivered', 'not-delivered', 'failed'],
      unconfirmed: ['accepted', 'delivered', 'not-delivered', 'failed'],
      accepted: ['delivered', 'not-delivered', 'failed'],
      delivered: ['not-delivered'],
      failed: ['not-delivered'],
      'not-delivered': [],
    }
    fc.assert(
      fc.property(fc.array(news), (all) => {
        all.reduce<SendState>((before, each) => {
          const state = stateAfter(before, each)
          expect(state === before || later[before.state].includes(state.state)).toBe(true)
          return state
        }, START)
      }),
    )
  })
})

const HELLO: Command = { kind: 'message', conversation: '1', text: 'Hello' }
const states = (reported: readonly DeviceEvent[], of: Command) =>
  reported
    .filter((event): event is SendEvent => event.kind === 'send' && event.command === of)
    .map(({ state }) => state)
const isSend = (state: SendState['state']) => (event: DeviceEvent) => event.kind === 'send' && event.state === state
const happening = (seq: number, ...happened: ImEvent[]) => ({ ...events(), batches: [{ seq, events: happened }] })

describe('a send', () => {
  it('shows as sending, accepted and delivered, with its number and its conversation', async () => {
    const { device, talk, reported, events: seen } = await loggedIn()
    const start: Command = { kind: 'start', to: ['sip:bob@contoso.test'], text: 'Hello Bob' }

    const send = device.send(start)
    const { answer } = await talk.hear('send')
    await answer({ type: 'sent', number: 1, conversation: '4' })
    await send
    await talk.push(happening(2, { kind: 'delivered', conversation: '4', number: 1 }))
    await until(seen, isSend('delivered'))

    expect(reported.filter(({ kind }) => kind === 'send')).toEqual([
      { kind: 'send', command: start, state: 'sending' },
      { kind: 'send', command: start, number: 1, conversation: '4', state: 'accepted' },
      { kind: 'send', command: start, number: 1, conversation: '4', state: 'delivered' },
    ])
  })

  it('does not go back when its delivery comes before its answer', async () => {
    const { device, talk, reported, events: seen } = await loggedIn()

    const send = device.send(HELLO)
    const { answer } = await talk.hear('send')
    await talk.push(happening(2, { kind: 'delivered', conversation: '1', number: 1 }))
    await until(seen, isSend('delivered'))
    await answer({ type: 'sent', number: 1 })
    await send

    expect(states(reported, HELLO)).toEqual(['sending', 'delivered'])
  })

  it('is sending for as long as there is no coverage, and the others behind it', async () => {
    const { device, talk, service, reported, clock, events: seen } = await loggedIn()
    const second: Command = { ...HELLO, text: 'again' }
    talk.cut()
    await until(seen, isState('connecting'))

    const sends = [device.send(HELLO), device.send(second)]
    clock.advance(500)
    const next = await service.connection()
    const poll = await next.hear('poll')
    const before = [...states(reported, HELLO), ...states(reported, second)]
    await poll.answer(events())
    for (const number of [1, 2]) await (await next.hear('send')).answer({ type: 'sent', number })
    await Promise.all(sends)

    expect(before).toEqual(['sending', 'sending'])
    expect(states(reported, second)).toEqual(['sending', 'accepted'])
  })

  it('is failed with the reason of a refusal that says what became of it', async () => {
    const { device, talk, reported } = await loggedIn()

    const failure = failureOf(device.send(HELLO))
    const { answer } = await talk.hear('send')
    await answer(refused('upstream-refused'))
    await failure

    expect(reported.at(-1)).toEqual({
      kind: 'send',
      command: HELLO,
      number: 1,
      conversation: '1',
      state: 'failed',
      reason: 'upstream-refused, in words',
    })
  })

  it('is unconfirmed when the service says so, and is not sent again', async () => {
    const { device, talk, reported } = await loggedIn()

    const failure = failureOf(device.send(HELLO))
    const { answer } = await talk.hear('send')
    await answer({ type: 'refused', code: 'unconfirmed', reason: 'who knows', next: 'ask-user' })

    expect(await failure).toMatchObject({ code: 'unconfirmed', message: 'who knows' })
    expect(states(reported, HELLO)).toEqual(['sending', 'unconfirmed'])
    // The next thing that the service hears is not the send.
    await barrier(device, talk)
  })

  it('that the service failed at is asked for again, for it may have been done, and is never twice', async () => {
    const { device, talk, reported, clock, waits } = await loggedIn()

    const send = device.send(HELLO)
    const first = await talk.hear('send')
    await first.answer({ type: 'refused', code: 'internal', reason: 'the service failed', next: 'retry' })
    while ((await waits.take()) !== 500) continue
    clock.advance(500)
    const second = await talk.hear('send')
    await second.answer({ type: 'sent', number: 1 })
    await send

    expect(second.frame).toEqual(first.frame)
    expect(states(reported, HELLO)).toEqual(['sending', 'accepted'])
  })

  it('is unconfirmed when its session ends before it is answered, and those behind it are failed', async () => {
    const { device, talk, reported } = await loggedIn()
    const waiting: Command = { ...HELLO, text: 'waiting' }
    const failures = [failureOf(device.send(HELLO)), failureOf(device.send(waiting))]
    await talk.hear('send')

    await talk.push({ type: 'ended', session: SESSION, code: 'evicted', reason: 'the seat was needed', next: 'login' })

    const unconfirmed = { code: 'unconfirmed', message: 'it may or may not have been done: the seat was needed' }
    expect(await Promise.all(failures)).toMatchObject([unconfirmed, { code: 'evicted' }])
    expect(states(reported, HELLO)).toEqual(['sending', 'unconfirmed'])
    expect(states(reported, waiting)).toEqual(['sending', 'failed'])
  })

  it.each([
    ['unconfirmed', 'session-gone', 'says nothing of the first asking'],
    ['failed', 'upstream-refused', 'is the word on that number'],
  ] as const)('is %s when its repeat is refused with %s, which %s', async (...[state, code]) => {
    const { device, talk, reported, clock, waits } = await loggedIn()

    const failure = failureOf(device.send(HELLO))
    await talk.hear('send')
    talk.say(
      '{"message":"Endpoint request timed out","connectionId":"L0SM9cOFvHcCIhw=","requestId":"JKJaXmPLvHcESHA="}',
    )
    while ((await waits.take()) !== 500) continue
    clock.advance(500)
    const again = await talk.hear('send')
    await again.answer(refused(code))
    await failure

    expect(states(reported, HELLO)).toEqual(['sending', state])
  })

  it('is failed when the session turns out to be gone at its first asking', async () => {
    const { device, talk, reported } = await loggedIn()

    const failure = failureOf(device.send(HELLO))
    const { answer } = await talk.hear('send')
    await answer(refused('session-gone'))

    expect(await failure).toMatchObject({ code: 'session-gone' })
    expect(states(reported, HELLO)).toEqual(['sending', 'failed'])
  })

  it('may still be found to be done after it was unconfirmed', async () => {
    const { device, talk, reported, events: seen } = await loggedIn()

    const failure = failureOf(device.send(HELLO))
    const { answer } = await talk.hear('send')
    await answer({ type: 'refused', code: 'unconfirmed', reason: 'who knows', next: 'ask-user' })
    await failure
    await talk.push(happening(2, { kind: 'done', number: 1 }))
    await until(seen, isSend('accepted'))

    expect(states(reported, HELLO)).toEqual(['sending', 'unconfirmed', 'accepted'])
  })

  it('whose number was free again does not take the news of the one that got it', async () => {
    const { device, talk, reported, events: seen } = await loggedIn()
    const second: Command = { ...HELLO, text: 'again' }

    const sends = [failureOf(device.send(HELLO)), device.send(second)]
    const first = await talk.hear('send')
    await first.answer({ type: 'refused', code: 'upstream-away', reason: 'away', next: 'retry' })
    await (await talk.hear('send')).answer(refused('out-of-order'))
    const again = await talk.hear('send')
    await again.answer({ type: 'sent', number: 1 })
    await Promise.all(sends)
    await talk.push(happening(2, { kind: 'not-delivered', conversation: '1', number: 1, reason: 'gone' }))
    await until(seen, isSend('not-delivered'))

    expect(states(reported, HELLO)).toEqual(['sending', 'failed'])
    expect(states(reported, second)).toEqual(['sending', 'accepted', 'not-delivered'])
  })
})
