import { describe, expect, it } from 'vitest'
import {
  after,
  groupBegun,
  NOTHING,
  opened,
  reading,
  said,
  signedOut,
  type Model,
} from '../../infra/web/model/model.ts'
import { fromBefore } from '../../infra/web/model/kept.ts'
import type { Entry, OwnState } from '../../infra/web/model/talk.ts'
import { idOfPerson, unread } from '../../infra/web/model/talks.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'

const BOB = 'sip:bob@contoso.test'
const CAT = 'sip:cat@contoso.test'
const WITH_BOB = idOfPerson(BOB)

let made = 0
const moment = { now: 1_000, newId: () => `entry ${(made += 1)}` }
const afterAll = (model: Model, ...events: ImEvent[]) =>
  events.reduce((before, event) => after(before, event, moment), model)
const own = (text: string, state: OwnState['state'] = 'waiting') =>
  ({ kind: 'own', id: text, at: 0, text, own: state === 'waiting' ? { state } : { state, reason: '' } }) as Extract<
    Entry,
    { kind: 'own' }
  >
const talkIn = ({ talks }: Model, id = WITH_BOB) => talks.find((talk) => talk.id === id)
const texts = (model: Model, id?: string) =>
  talkIn(model, id)?.entries.map((entry) => (entry.kind === 'note' ? entry.note : entry.text))

const invitation = { kind: 'invitation', conversation: '7', from: BOB, text: 'Hello' } as const
const message = (text: string, from = BOB) => ({ kind: 'message', conversation: '7', from, text }) as const
const became = (state: 'connected' | 'ended', conversation = '7') =>
  ({ kind: 'conversation', conversation, state }) as const

describe('a conversation with one person', () => {
  it('is the same one, on whichever side it begins, and however often', () => {
    const first = afterAll(NOTHING, invitation, became('connected'), message('Lunch?'), became('ended'))
    const again = afterAll(first, { ...invitation, conversation: '8', from: 'sip:BOB@contoso.test', text: 'Again' })

    expect(again.talks).toHaveLength(1)
    expect(texts(again)).toEqual(['Hello', 'Lunch?', 'Again'])
    expect(talkIn(first)?.live).toBeUndefined()
    expect(talkIn(again)?.live).toEqual({ conversation: '8', state: 'incoming' })
  })

  it('is begun by a message whose invitation was lost', () => {
    expect(texts(afterAll(NOTHING, message('Are you there?')))).toEqual(['Are you there?'])
  })

  it('tells of an invitation without words', () => {
    const { text: _none, ...silent } = invitation
    expect(texts(afterAll(NOTHING, silent))).toEqual(['invited'])
  })

  it('takes an invitation that comes twice once', () => {
    expect(texts(afterAll(NOTHING, invitation, invitation))).toEqual(['Hello'])
  })

  it.each([
    ['its number from an event where the answer is late', became('connected')],
    [
      'its state from what was delivered, where the server had it before',
      { kind: 'delivered', conversation: '7', number: 1 },
    ],
  ] as const)('gets %s', (_, event) => {
    const starting = { ...opened(NOTHING, BOB) }
    const begun = {
      ...starting,
      talks: starting.talks.map((talk) => ({ ...talk, live: { state: 'starting', first: 'Hi' } as const })),
    }
    expect(talkIn(afterAll(begun, event))?.live).toEqual({
      conversation: '7',
      state: 'connected',
      first: 'Hi',
    })
  })

  it('that ends before anybody was there leaves its first words undelivered', () => {
    const begun = said(opened(NOTHING, BOB), WITH_BOB, own('Hi', 'accepted'))
    const live = { conversation: '7', state: 'connecting', first: 'Hi' } as const
    const model = afterAll({ ...begun, talks: begun.talks.map((talk) => ({ ...talk, live })) }, became('ended'))
    expect(talkIn(model)?.entries).toMatchObject([{ text: 'Hi', own: { state: 'not-delivered' } }])
  })
})

describe('what is unread', () => {
  it('is counted where it is not on the screen, until it is', () => {
    const heard = afterAll(NOTHING, invitation, message('one'), message('two'))
    expect(unread(heard.talks)).toBe(3)
    const read = reading(heard, WITH_BOB)
    expect(unread(read.talks)).toBe(0)
    expect(unread(afterAll(read, message('three')).talks)).toBe(0)
    expect(unread(afterAll(reading(read, undefined), message('four')).talks)).toBe(1)
  })
})

describe('typing', () => {
  it('ends with what was typed', () => {
    const typing = afterAll(NOTHING, invitation, { kind: 'typing', conversation: '7', typing: true })
    expect(talkIn(typing)?.typing).toEqual([BOB])
    expect(talkIn(afterAll(typing, message('So')))?.typing).toEqual([])
    expect(talkIn(afterAll(typing, { kind: 'typing', conversation: '7', typing: false }))?.typing).toEqual([])
  })
})

describe('a conversation with several', () => {
  const begun = groupBegun(NOTHING, { id: 'group', members: [BOB, CAT], subject: 'Lunch' })
  const live = { ...begun, talks: begun.talks.map((talk) => ({ ...talk, live: { state: 'starting' } as const })) }
  const connected = afterAll(live, became('connected'))

  it('tells who left, and that it ended', () => {
    const model = afterAll(connected, { kind: 'left', conversation: '7', uri: CAT }, became('ended'))
    expect(texts(model, 'group')).toEqual(['left', 'ended'])
    expect(talkIn(model, 'group')).toMatchObject({ members: [BOB], isGroup: true })
  })

  it('is what somebody invites to whom one is talking already', () => {
    const talking = afterAll(NOTHING, invitation, became('connected'))
    const model = afterAll(talking, { ...invitation, conversation: '9', subject: 'Lunch', text: 'All of you' })
    expect(model.talks).toMatchObject([
      { id: WITH_BOB, live: { conversation: '7', state: 'connected' }, isGroup: false },
      { subject: 'Lunch', live: { conversation: '9', state: 'incoming' }, isGroup: true, members: [BOB] },
    ])
  })

  it('is what one with one person becomes as another is heard', () => {
    const model = afterAll(NOTHING, invitation, became('connected'), message('I am here, too', CAT))
    expect(model.talks).toMatchObject([
      { id: WITH_BOB, isGroup: false, members: [BOB], entries: [{ text: 'Hello' }] },
      { isGroup: true, members: [BOB, CAT], live: { conversation: '7' }, entries: [{ text: 'I am here, too' }] },
    ])
    expect(talkIn(model)?.live).toBeUndefined()
  })

  it('is what one becomes as others are named in it: who reads it reads on there', () => {
    const talking = reading(afterAll(NOTHING, invitation, became('connected')), WITH_BOB)
    const members = [
      { uri: 'sip:ann@contoso.test', role: 'admin' },
      { uri: BOB, role: 'member' },
      { uri: CAT, role: 'member' },
    ] as const
    const all = { kind: 'members', conversation: '7', whole: true, members } as const
    const model = after(talking, all, { ...moment, own: 'sip:ann@contoso.test' })
    const [, several] = model.talks
    expect(several).toMatchObject({ isGroup: true, members: [BOB, CAT], roles: { 'sip:ann@contoso.test': 'admin' } })
    expect(model.reading).toBe(several?.id)
  })
})

/** What was heard after the invitation. */
const last = ({ talks }: Model) => talks[0]?.entries.filter((entry) => entry.kind === 'heard').slice(1)

describe('what newer servers tell', () => {
  const several = { ...invitation, several: true } as const
  const begun = afterAll(NOTHING, several, became('connected'))
  const said = { ...message('Lunch?'), id: 'm1', at: 7 } as const

  it('of an invitation to several begins another conversation than that with who invites', () => {
    expect(begun.talks).toMatchObject([{ isGroup: true, members: [BOB], live: { state: 'connected' } }])
    expect(talkIn(begun)).toBeUndefined()
  })

  it('of members says who is in it, without the user', () => {
    const members = [{ uri: BOB }, { uri: CAT, name: 'Cat Cooper' }, { uri: 'sip:ann@contoso.test' }]
    const event = { kind: 'members', conversation: '7', whole: true, members } as const
    const model = after(begun, event, { ...moment, own: 'sip:ann@contoso.test' })
    expect(model.talks).toMatchObject([{ members: [BOB, CAT] }])
    expect(model.people[CAT]?.name).toBe('Cat Cooper')
  })

  it('of a message by its name is taken once, at its own time, and can be changed and taken back', () => {
    const heard = afterAll(begun, said, said)
    const edited = afterAll(heard, { kind: 'edited', conversation: '7', message: 'm1', text: 'Dinner?' })
    const deleted = afterAll(edited, { kind: 'deleted', conversation: '7', message: 'm1' })
    expect(last(heard)).toMatchObject([{ text: 'Lunch?', at: 7 }])
    expect(last(edited)).toMatchObject([{ text: 'Dinner?', changed: 'edited' }])
    expect(last(deleted)).toMatchObject([{ text: '', changed: 'deleted' }])
  })

  it('of the user on another device is nothing unread, and makes the user no member', () => {
    const model = afterAll(begun, { ...message('On my way', 'sip:ann@contoso.test'), own: true })
    expect(model.talks).toMatchObject([{ members: [BOB], unread: 0 }])
  })
})

describe('what is kept from one visit to the next', () => {
  it('still has what was not sent, and doubts what was being sent', () => {
    const model = said(said(opened(NOTHING, BOB), WITH_BOB, own('waits')), WITH_BOB, own('was going', 'sending'))
    expect(talkIn(fromBefore(model))?.entries).toMatchObject([
      { text: 'waits', own: { state: 'waiting' } },
      { text: 'was going', own: { state: 'unconfirmed' } },
    ])
  })

  it('knows of no one that they are there, and nothing to be live', () => {
    const model = afterAll(NOTHING, invitation, { kind: 'presence', uri: BOB, availability: 'busy' })
    for (const later of [fromBefore(model), signedOut(model)]) {
      expect(later.people[BOB]?.availability).toBeUndefined()
      expect(talkIn(later)?.live).toBeUndefined()
      expect(texts(later)).toEqual(['Hello'])
    }
  })
})
