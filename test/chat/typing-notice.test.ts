import { describe, expect, it } from 'vitest'
import { TYPING_PAUSE_MS, typingNotice } from '../../infra/chat/typing-notice.ts'
import { testClock } from '../kit/clock.ts'

function noticing() {
  const clock = testClock()
  const said: [conversation: string, typing: boolean][] = []
  const notice = typingNotice(clock, (conversation, typing) => said.push([conversation, typing]))
  return { clock, said, notice }
}

describe('typingNotice', () => {
  it('tells the beginning once, however many keys follow', () => {
    const { notice, said } = noticing()

    for (const line of ['h', 'he', 'hel']) notice.pressed(line, '1')

    expect(said).toEqual([['1', true]])
  })

  it('tells the end after a pause', () => {
    const { clock, notice, said } = noticing()

    notice.pressed('h', '1')
    clock.advance(TYPING_PAUSE_MS - 1)
    notice.pressed('he', '1')
    clock.advance(TYPING_PAUSE_MS - 1)
    expect(said).toEqual([['1', true]])
    clock.advance(1)

    expect(said.slice(1)).toEqual([['1', false]])
  })

  it('tells no end when the line is sent, for the message does', () => {
    const { clock, notice, said } = noticing()

    notice.pressed('h', '1')
    notice.sent()
    clock.advance(TYPING_PAUSE_MS)

    expect(said).toEqual([['1', true]])
    expect(clock.waiting()).toBe(0)
  })

  it('tells the end when the line is emptied, or goes to another', () => {
    const { notice, said } = noticing()

    notice.pressed('h', '1')
    notice.pressed('', '1')
    notice.pressed('h', '1')
    notice.pressed('h', '2')

    expect(said).toEqual([
      ['1', true],
      ['1', false],
      ['1', true],
      ['1', false],
      ['2', true],
    ])
  })

  it.each([
    ['a command', '/who', '1'],
    ['no one', 'h', undefined],
  ])('says nothing of typing for %s', (_, line, conversation) => {
    const { notice, said } = noticing()

    notice.pressed(line, conversation)

    expect(said).toEqual([])
  })
})
