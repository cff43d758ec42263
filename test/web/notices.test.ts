import { describe, expect, it } from 'vitest'
import { after, NOTHING, type Model } from '../../infra/web/model/model.ts'
import { newsIn, noticesOf, type NoticeSettings } from '../../infra/web/model/notices.ts'
import { clockTime, isQuiet, minuteIn, minuteOfDay } from '../../infra/web/model/quiet-hours.ts'
import { talkIn, talkLink } from '../../infra/web/model/talk-link.ts'
import { idOfPerson } from '../../infra/web/model/talks.ts'
import { de } from '../../infra/web/words/de.ts'
import { en } from '../../infra/web/words/en.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'

const BOB = 'sip:bob@contoso.test'
const CAT = 'sip:cat@contoso.test'
const WITH_BOB = idOfPerson(BOB)

let made = 0
const moment = { now: 1_000, newId: () => `entry ${(made += 1)}`, own: 'sip:ann@contoso.test' }
const afterAll = (model: Model, ...events: ImEvent[]) =>
  events.reduce((before, event) => after(before, event, moment), model)
const said = (text: string, conversation = '1', from = BOB): ImEvent => ({ kind: 'message', conversation, from, text })
const contacts: ImEvent = {
  kind: 'contacts',
  whole: true,
  contacts: [{ uri: BOB, name: 'Bob Baker', groups: [] }],
  removed: [],
}
const KNOWN = afterAll(NOTHING, contacts)
const lunch = (): ImEvent[] => [
  { kind: 'conversation', conversation: '2', state: 'connected', subject: 'Lunch', several: true },
  said('Where?', '2', CAT),
]

/** What is shown as a model becomes another one. */
function shown(before: Model, now: Model, settings: Partial<NoticeSettings> = {}, minute = 12 * 60, words = en) {
  const news = newsIn(before.talks, now.talks)
  return noticesOf(news, { people: now.people, settings: { shows: 'text', ...settings }, minute, words })
}

const muted = (model: Model, id: string): Model => ({
  ...model,
  talks: model.talks.map((talk) => (talk.id === id ? { ...talk, muted: true } : talk)),
})

describe('a notification', () => {
  it('shows who said what, and leads to the conversation', () => {
    expect(shown(KNOWN, afterAll(KNOWN, said('Lunch?')))).toEqual([
      { tag: WITH_BOB, talk: WITH_BOB, title: 'Bob Baker', body: 'Lunch?' },
    ])
  })

  it.each([
    ['sender', 'Bob Baker', 'New message', WITH_BOB, /secret/],
    ['nothing', 'Collaboration', 'Something waits for you', undefined, /secret|bob/i],
  ] as const)('shows no more than %s where the user wants that', (shows, title, body, talk, hidden) => {
    const notices = shown(KNOWN, afterAll(KNOWN, said('a secret')), { shows })
    expect(notices).toMatchObject([{ title, body }])
    expect(notices[0]?.talk).toBe(talk)
    expect(JSON.stringify(notices)).not.toMatch(hidden)
  })

  it('is one for each conversation, with the last text and how much is unread', () => {
    const now = afterAll(KNOWN, said('One'), said('Two'), ...lunch())
    expect(shown(KNOWN, now)).toMatchObject([
      { title: 'Bob Baker (2)', body: 'Two' },
      { title: 'Lunch', body: 'cat: Where?' },
    ])
    expect(shown(KNOWN, now, { shows: 'sender' }).map(({ body }) => body)).toEqual(['2 new messages', 'New message'])
    expect(shown(KNOWN, now, { shows: 'nothing' })).toHaveLength(1)
  })

  it('speaks the language of the page', () => {
    const [notice] = shown(KNOWN, afterAll(KNOWN, said('a'), said('b')), { shows: 'sender' }, 0, de)
    expect(notice?.body).toBe('2 neue Nachrichten')
  })

  it('tells of an invitation without words, and of what was said before this session', () => {
    const invited = afterAll(KNOWN, { kind: 'invitation', conversation: '1', from: BOB })
    expect(shown(KNOWN, invited)).toMatchObject([{ title: 'Bob Baker', body: 'Bob Baker wants to talk to you' }])
    const missed = afterAll(KNOWN, { kind: 'missed', from: BOB, text: 'Yesterday' })
    expect(shown(KNOWN, missed)).toMatchObject([{ body: 'Yesterday' }])
  })

  it('is not of what is known, of what the user said elsewhere, or of presence, members and typing', () => {
    const before = afterAll(KNOWN, said('Old'))
    const now = afterAll(
      before,
      { kind: 'message', conversation: '1', from: moment.own, text: 'From my phone', own: true },
      { kind: 'typing', conversation: '1', from: BOB, typing: true },
      { kind: 'presence', uri: BOB, availability: 'busy' },
      { kind: 'conversation', conversation: '1', state: 'ended' },
    )
    expect(shown(before, before)).toEqual([])
    expect(shown(before, now)).toEqual([])
    expect(shown(NOTHING, NOTHING)).toEqual([])
  })

  it('is not of a conversation that is muted, and of the others all the same', () => {
    const before = muted(afterAll(KNOWN, said('Old'), ...lunch()), WITH_BOB)
    const now = afterAll(before, said('New'), said('There', '2', CAT))
    expect(shown(before, now)).toMatchObject([{ title: 'Lunch (2)' }])
    expect(shown(before, afterAll(before, said('New')), { shows: 'nothing' })).toEqual([])
  })

  it('is none in quiet hours', () => {
    const now = afterAll(KNOWN, said('Late'))
    const quiet = { from: 22 * 60, to: 7 * 60 }
    expect(shown(KNOWN, now, { quiet }, 3 * 60)).toEqual([])
    expect(shown(KNOWN, now, { quiet }, 7 * 60)).toHaveLength(1)
  })

  it('has room for so much, and cuts no letter in two', () => {
    const [notice] = shown(KNOWN, afterAll(KNOWN, said('👋'.repeat(300))))
    expect(Array.from(notice?.body ?? '')).toHaveLength(200)
    expect(notice?.body).toMatch(/^(👋)+…$/u)
  })
})

describe('quiet hours', () => {
  it.each([
    ['in the day', { from: 9 * 60, to: 17 * 60 }, [540, 1019], [539, 1020, 0]],
    ['over midnight', { from: 22 * 60, to: 7 * 60 }, [1320, 1439, 0, 419], [420, 720, 1319]],
    ['from midnight', { from: 0, to: 60 }, [0, 59], [60, 1439]],
    ['to midnight', { from: 23 * 60, to: 0 }, [1380, 1439], [0, 1379]],
    ['that end as they begin', { from: 60, to: 60 }, [], [60, 0, 1439]],
    ['that are not set', undefined, [], [0, 720]],
  ])('%s', (_, hours, quiet, loud) => {
    expect(quiet.filter((minute) => !isQuiet(hours, minute))).toEqual([])
    expect(loud.filter((minute) => isQuiet(hours, minute))).toEqual([])
  })

  const NIGHT = { from: 60, to: 150 }
  const inBerlin = (iso: string) => isQuiet(NIGHT, minuteOfDay(Date.parse(iso), 'Europe/Berlin'))

  it('are by the clock on the wall of where the user is', () => {
    const at = Date.parse('2026-11-28T21:30:00Z')
    expect(['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/St_Johns'].map((zone) => minuteOfDay(at, zone))).toEqual([
      21 * 60 + 30,
      22 * 60 + 30,
      3 * 60,
      18 * 60,
    ])
    expect(minuteOfDay(Date.parse('2026-11-28T00:00:00Z'), 'UTC')).toBe(0)
  })

  it('from 1:00 to 2:30 end at 3:00 in the night in which summer time begins, for there is no 2:30', () => {
    expect(['00:59', '01:00', '01:30'].map((time) => inBerlin(`2027-03-28T${time}:00Z`))).toEqual([true, false, false])
  })

  it('from 1:00 to 2:30 begin again as 2:00 comes a second time in the night in which summer time ends', () => {
    const quiet = ['23:00', '00:29', '00:31', '01:00', '01:29', '01:30']
    const days = quiet.map((time) => (time === '23:00' ? '2026-10-24' : '2026-10-25'))
    expect(quiet.map((time, index) => inBerlin(`${days[index]}T${time}:00Z`))).toEqual([
      true,
      true,
      false,
      true,
      true,
      false,
    ])
  })

  it('are written and read as a field for a time has them', () => {
    expect([0, 425, 1439].map(clockTime)).toEqual(['00:00', '07:05', '23:59'])
    expect(['00:00', '07:05', '23:59', '07:05:30'].map(minuteIn)).toEqual([0, 425, 1439, 425])
    expect(['', '24:00', '7:05', '12:60', 'noon'].map(minuteIn)).toEqual(Array(5).fill(undefined))
  })
})

describe('the address of a conversation', () => {
  it('is read as it was written, whatever the conversation is called', () => {
    for (const id of [WITH_BOB, 'group:7f', 'one:sip:a&b=c#d%e@x'])
      expect(talkIn(`https://chat.contoso.test${talkLink(id)}`)).toBe(id)
  })

  it.each([
    'https://a.test/',
    'https://a.test/#enroll?code=a',
    'https://a.test/#talk=',
    'https://a.test/#talk=%E0%A4%A',
  ])('%s leads to none', (address) => expect(talkIn(address)).toBeUndefined())
})
