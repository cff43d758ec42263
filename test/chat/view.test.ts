import { describe, expect, it } from 'vitest'
import { COMMAND_WORDS } from '../../infra/chat/commands.ts'
import { accessLines, groupLines, helpLines, whoLines } from '../../infra/chat/screen/listing.ts'
import { harmless, noPaint, paintFor } from '../../infra/terminal/paint.ts'
import { promptFor, type PromptScene } from '../../infra/chat/screen/prompt.ts'
import { said, type Scene } from '../../infra/chat/screen/lines.ts'
import { linesOf, loginFailure, unsentLine } from '../../infra/chat/screen/view.ts'
import { TOPICS } from '../../infra/chat/topics.ts'
import type { Talk } from '../../infra/chat/people/talks.ts'
import { Refused } from '../../shared/device/refused.ts'
import type { SendState } from '../../shared/device/send-state.ts'

const BOB = 'sip:bob@contoso.test'
const NOW = new Date(2026, 0, 1, 10, 32).getTime()
const paint = noPaint

function scene(over: Partial<Scene> = {}): Scene {
  const nothing = { talk: undefined, was: undefined, current: undefined, before: undefined, away: false }
  return { paint, now: NOW, nameOf: () => 'Bob', ...nothing, ...over }
}

const talk: Talk = { uri: BOB, number: '1', state: 'connected', held: [], typing: false }

describe('linesOf', () => {
  it('shows a message with its time, and further lines under the first', () => {
    const event = { kind: 'message', conversation: '1', from: BOB, text: 'one\ntwo' } as const

    expect(linesOf(event, scene())).toEqual(['10:32 Bob: one', '           two'])
  })

  it('takes out what would steer the terminal', () => {
    const text = '\u001b[2Jhi\u0007\rthere\u202e'

    expect(linesOf({ kind: 'message', conversation: '1', from: BOB, text }, scene())).toEqual(['10:32 Bob: hi  there '])
  })

  it('takes out what turns the direction of a line, or is not seen, and keeps what joins a family', () => {
    const text = 'a\u200b\u200e\u061c\u2028\ufeffb 👨‍👩‍👧'

    expect(linesOf({ kind: 'message', conversation: '1', from: BOB, text }, scene())).toEqual(['10:32 Bob: a     b 👨‍👩‍👧'])
  })

  it('puts further lines under the first by its width, and cuts between characters', () => {
    const event = { kind: 'message', conversation: '1', from: BOB, text: 'one\ntwo' } as const
    const text = `${'a'.repeat(22)}👨‍👩‍👧👨‍👩‍👧`

    expect(linesOf(event, scene({ nameOf: () => '山田' }))).toEqual(['10:32 山田: one', '            two'])
    expect(unsentLine('Bob', text, 'no', scene())).toBe(`! not sent to Bob ("${'a'.repeat(22)}👨‍👩‍👧…"): no`)
  })

  it('says how an invitation is answered, and what its first words are', () => {
    const event = { kind: 'invitation', conversation: '1', from: BOB, text: 'Hello' } as const

    expect(linesOf(event, scene({ current: BOB }))).toEqual([
      '- Bob wants to talk: just answer, or /leave',
      '10:32 Bob: Hello',
    ])
    expect(linesOf(event, scene({ current: 'sip:carol@contoso.test' }))[0]).toContain(`/to ${BOB} to answer`)
  })

  it.each([
    [
      'somebody who watches',
      { kind: 'subscribers', people: [{ uri: 'sip:zed@contoso.test' }] },
      [
        '- Bob sees your state: /add sip:zed@contoso.test if you want to see theirs, /access sip:zed@contoso.test blocked if not',
      ],
    ],
    [
      'a change of presence with a note',
      { kind: 'presence', uri: BOB, availability: 'away', note: 'lunch' },
      ['- Bob is away: lunch'],
    ],
    ['a change of presence', { kind: 'presence', uri: BOB, availability: 'be-right-back' }, ['- Bob is be right back']],
    [
      'a conversation that begins',
      { kind: 'conversation', conversation: '1', state: 'connected' },
      ['- Bob is in the conversation'],
    ],
    [
      'one that ends',
      { kind: 'conversation', conversation: '1', state: 'ended' },
      ['- the conversation with Bob has ended'],
    ],
    ['a failure of something unknown', { kind: 'failed', reason: 'gone' }, ['! it did not work: gone']],
    ['a failure that shows as the state of a send', { kind: 'failed', number: 3, reason: 'gone' }, []],
    ['a gap', { kind: 'gap' }, ['! some messages were lost: you were away for longer than the service keeps them']],
    [
      'the loss of the connection',
      { kind: 'state', state: 'connecting', reason: 'closed (1006)' },
      ['- out of coverage: closed (1006). Trying again; what you write meanwhile waits'],
    ],
    ['the way back', { kind: 'state', state: 'online' }, ['- back in coverage']],
    [
      'the end',
      { kind: 'ended', code: 'evicted', reason: 'the place was needed', next: 'login' },
      ['! your session has ended: the place was needed', '- /resume logs in again, /quit leaves'],
    ],
    ['the other who leaves', { kind: 'left', conversation: '1', uri: 'sip:Bob@contoso.test' }, []],
    ['one of several who leaves', { kind: 'left', conversation: '1', uri: 'sip:al@contoso.test' }, ['- Bob has left']],
    ['typing', { kind: 'typing', conversation: '1', typing: true }, []],
    ['a delivery', { kind: 'delivered', conversation: '1', number: 3 }, []],
  ] as const)('has its words for %s', (_, event, expected) => {
    expect(linesOf(event, scene({ talk, before: 'available', away: true }))).toEqual(expected)
  })

  const hello = { kind: 'send', command: { kind: 'message', conversation: '1', text: 'Hello' }, number: 3 } as const
  it.each<[SendState, string[]]>([
    [{ state: 'sending' }, []],
    [{ state: 'accepted' }, ['✓ "Hello"']],
    [{ state: 'delivered' }, ['✓✓ "Hello"']],
    [{ state: 'not-delivered', reason: 'gone' }, ['✗ not delivered "Hello": gone']],
    [{ state: 'failed', reason: 'refused' }, ['✗ failed to send "Hello": refused']],
    [{ state: 'unconfirmed', reason: 'no answer' }, ['? perhaps failed to send "Hello": no answer']],
  ])('shows a text that is %o', (state, expected) => {
    expect(linesOf({ ...hello, ...state }, scene({ talk }))).toEqual(expected)
  })

  it('tells of anything else that was asked for only that it was not done', () => {
    const leave = { kind: 'send', command: { kind: 'leave', conversation: '1' } } as const
    const typing = { kind: 'send', command: { kind: 'typing', conversation: '1', typing: true } } as const
    const failed = { state: 'failed', reason: 'no' } as const

    expect(linesOf({ ...leave, state: 'accepted' }, scene())).toEqual([])
    expect(linesOf({ ...leave, ...failed }, scene())).toEqual(['✗ failed to leave the conversation: no'])
    expect(linesOf({ ...typing, ...failed }, scene())).toEqual([])
  })

  it('does not announce the presence that is known first', () => {
    expect(linesOf({ kind: 'presence', uri: BOB, availability: 'away' }, scene())).toEqual([])
  })
})

describe('loginFailure', () => {
  it.each([
    ['server-busy', 60_000, 'what to do: try again in 60 s'],
    ['bad-credentials', undefined, 'what to do: check the user name and the password'],
    ['not-for-you', undefined, 'what to do: this client and the service do not understand each other'],
  ] as const)('says what to do after %s', (code, retryAfterMs, todo) => {
    const refused = new Refused({ code, reason: 'so it is', ...(retryAfterMs !== undefined && { retryAfterMs }) })

    const [what, next] = loginFailure(refused, { paint })

    expect(what).toBe(`! could not log in: so it is (${code})`)
    expect(next).toContain(todo)
  })
})

describe('unsentLine', () => {
  it('quotes the beginning of the text', () => {
    const line = unsentLine('Bob', 'a text that is longer than that', 'the conversation has ended', { paint })

    expect(line).toBe('! not sent to Bob ("a text that is longer th…"): the conversation has ended')
  })
})

describe('whoLines', () => {
  it('lists those who are there first', () => {
    const people = [
      {
        uri: 'sip:al@contoso.test',
        name: 'Al',
        availability: 'offline',
        note: undefined,
        contact: true,
        groups: ['Team'],
        groupIds: ['1'],
        access: undefined,
      },
      {
        uri: BOB,
        name: 'Bob',
        availability: 'available',
        note: 'at\nlunch',
        contact: true,
        groups: ['Team', 'Friends'],
        groupIds: ['1', '2'],
        access: 'team',
      },
    ] as const

    expect(whoLines(people, paint)).toEqual([
      '  ● Bob  available       sip:bob@contoso.test "at lunch"',
      '  ○ Al   offline         sip:al@contoso.test',
    ])
    expect(whoLines(people, paint, (uri) => (uri === BOB ? 2 : 0))[0]).toBe(
      '  ● Bob  available       sip:bob@contoso.test  2 unread "at lunch"',
    )
    expect(accessLines(people, paint)).toEqual(['  team      Bob'])
    expect(accessLines([], paint)).toEqual(['- no one is in a level: /access NAME LEVEL puts somebody into one'])
    expect(groupLines(people, [{ id: '3', name: 'Old' }], paint)).toEqual([
      '  Friends  1 contact',
      '  Old  0 contacts',
      '  Team  2 contacts',
    ])
  })
})

describe('helpLines', () => {
  it('lists the topics with their commands, and every command once', () => {
    const words =
      helpLines()
        .slice(0, TOPICS.size)
        .join(' ')
        .match(/\/[a-z]+/g) ?? []

    expect(helpLines()[0]).toBe('  talking  text /to /msg /accept /leave /edit /delete /read /history')
    expect(words.toSorted()).toEqual(
      COMMAND_WORDS.filter((word) => word !== 'help')
        .map((word) => `/${word}`)
        .toSorted(),
    )
  })

  it('says how the commands of a topic, or one command, are used', () => {
    expect(helpLines('you')).toEqual([
      '  /available /busy /away  your own state',
      expect.stringMatching(/^ {2}\/presence STATE {9}available idle/),
      '  /note [text]            what others read beside your state; without a text: nothing',
    ])
    expect(helpLines('busy')).toEqual(['  /available /busy /away  your own state'])
    expect(helpLines('cooking')).toEqual(['  no help on "cooking": /help lists the topics'])
  })
})

describe('promptFor', () => {
  const quiet: PromptScene = {
    paint,
    own: 'ann',
    state: 'online',
    availability: 'available',
    current: undefined,
    typing: false,
    sending: 0,
    waiting: 0,
    unread: [],
  }
  it.each([
    ['no one to talk to', {}, 'ann · available> '],
    ['somebody', { current: 'Bob' }, 'ann · available · Bob> '],
    ['somebody who types', { current: 'Bob', typing: true }, 'ann · available · Bob is typing> '],
    ['a send under way', { current: 'Bob', sending: 1 }, 'ann · available · sending… · Bob> '],
    ['a text that waits', { current: 'Bob', waiting: 1 }, 'ann · available · calling… · Bob> '],
    ['what was not read', { current: 'Bob', unread: [{ name: 'Cat', count: 2 }] }, 'ann · available · ✉ Cat 2 · Bob> '],
    ['no coverage', { state: 'offline' }, 'ann · out of coverage> '],
    ['an attempt', { state: 'connecting' }, 'ann · connecting…> '],
  ] as const)('shows %s', (_, over, expected) => {
    expect(promptFor({ ...quiet, ...over })).toBe(expected)
  })
})

describe('paintFor', () => {
  it('colours on a terminal only, and not when NO_COLOR is set', () => {
    const painted = [paintFor({ isTTY: true }, {}), paintFor({ isTTY: true }, { NO_COLOR: '1' }), paintFor({}, {})].map(
      (paint) => said('Bob', 'hi', 'cyan', { paint, now: NOW })[0],
    )

    expect(painted).toEqual([expect.stringContaining('\u001b[36mBob:'), '10:32 Bob: hi', '10:32 Bob: hi'])
    expect(harmless(painted[0] ?? '')).toBe('10:32 Bob: hi')
  })
})
