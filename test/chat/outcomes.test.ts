import { describe, expect, it } from 'vitest'
import { LATE_NEWS_MS, outcomes } from '../../infra/chat/outcomes.ts'
import type { SendEvent } from '../../shared/device/event.ts'
import type { SendState } from '../../shared/device/send-state.ts'
import { testClock } from '../kit/clock.ts'

const START = { kind: 'start', to: ['sip:bob@contoso.test'], text: 'Hello' } as const
const MESSAGE = { kind: 'message', conversation: '7', text: 'Hello' } as const
const ADD = { kind: 'add-contact', uri: 'sip:dave@contoso.test', name: 'Dave' } as const

function news() {
  const clock = testClock()
  const came = outcomes(clock)
  const send = (command: SendEvent['command'], state: SendState['state'], number = 1) => {
    const failed = state === 'failed' || state === 'not-delivered' || state === 'unconfirmed'
    const known: SendState = failed ? { state, reason: 'why' } : { state }
    came.take({ kind: 'send', command, number, ...(command.kind === 'start' && { conversation: '7' }), ...known })
  }
  return { clock, came, send }
}

describe('what became of a send', () => {
  it('is open when the service took it, until the server tells', () => {
    const { came, send } = news()
    send(MESSAGE, 'sending')
    expect(came.open).toBe(0)
    send(MESSAGE, 'accepted')
    expect([came.open, came.failed]).toEqual([1, false])
    send(MESSAGE, 'delivered')
    expect([came.open, came.failed]).toEqual([0, false])
  })

  it.each(['failed', 'not-delivered', 'unconfirmed'] as const)(
    'is a failure when it is %s, late or at once',
    (state) => {
      const { came, send } = news()
      send(MESSAGE, 'accepted')
      send(MESSAGE, state)
      expect([came.open, came.failed]).toEqual([0, true])
    },
  )

  it('is not waited for any longer than the server may take to tell', () => {
    const { clock, came, send } = news()
    send(MESSAGE, 'accepted')
    clock.advance(LATE_NEWS_MS - 1)
    expect(came.open).toBe(1)
    clock.advance(1)
    expect([came.open, came.failed]).toEqual([0, false])
  })

  it('is a failure of a first text whose conversation ends before it began, and none of one that began', () => {
    const refused = news()
    refused.send(START, 'accepted')
    refused.came.take({ kind: 'conversation', conversation: '7', state: 'ended' })
    expect([refused.came.open, refused.came.failed]).toEqual([0, true])

    const taken = news()
    taken.send(START, 'accepted')
    taken.came.take({ kind: 'conversation', conversation: '7', state: 'connected' })
    taken.came.take({ kind: 'conversation', conversation: '7', state: 'ended' })
    expect([taken.came.open, taken.came.failed]).toEqual([0, false])
  })

  it('is known of anything but a text when it is done, before the answer or after it', () => {
    const { came, send } = news()
    send(ADD, 'accepted', 1)
    came.take({ kind: 'done', number: 1 })
    came.take({ kind: 'done', number: 2 })
    send(ADD, 'accepted', 2)
    expect([came.open, came.failed]).toEqual([0, false])
  })

  it('is nothing to wait for, or to miss, where it is that somebody types', () => {
    const { came, send } = news()
    const typing = { kind: 'typing', conversation: '7', typing: true } as const
    send(typing, 'accepted')
    send(typing, 'failed')
    expect([came.open, came.failed]).toEqual([0, false])
  })

  it('wakes what waits for it', async () => {
    const { came, send } = news()
    send(MESSAGE, 'accepted')
    const changed = came.changed()
    send(MESSAGE, 'delivered')
    await expect(changed).resolves.toBeUndefined()
  })
})
