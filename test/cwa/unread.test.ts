import { describe, expect, it } from 'vitest'
import type { CwaCodec } from '../../shared/cwa/codec.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { eventsOf } from '../../shared/cwa/messaging/events.ts'
import type { CwaEvent } from '../../shared/cwa/model.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import { clientOf } from '../kit/upstream.ts'
import { scriptedServer } from './scripted-server.ts'

const STATE = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
const LAST = { event: 'requestSucceeded', eid: 9, rid: '9' } as const

/** A batch as a server sends it: the event that is looked at, and another that must arrive whatever that one is. */
const json = (event: unknown) => JSON.stringify({ cwaEvents: { ackId: 9, events: [event, LAST] } })
const xml = (event: string) => `<cwaEvents ackId="9">${event}<requestSucceeded eid="9" rid="9"/></cwaEvents>`

interface Case {
  readonly what: string
  readonly json: unknown
  readonly xml: string
  readonly read: object
  /** An empty attribute says nothing; JSON's member of another type is noted. */
  readonly parts?: { readonly json: number; readonly xml: number }
}

const message = { event: 'messageReceived', eid: 8, confId: 1, sender: 'sip:bob@contoso.test' } as const
const other = (name: string) => ({ event: 'other', name, eid: 8 })
const inConference = (child: string) => `<conference eid="8" confId="1">${child}</conference>`

const CASES: readonly Case[] = [
  {
    what: 'a state of another type (calendarState)',
    json: {
      event: 'selfPresence',
      eid: 8,
      categories: [
        { name: 'state', instance: 1, value: { type: 'calendarState', availability: 6500 } },
        { name: 'state', instance: 0, value: { type: 'aggregateState', availability: 3500 } },
      ],
    },
    xml: `<selfPresence eid="8"><cwaCategory name="state" instance="1"><state ${STATE} xsi:type="calendarState">
      <availability>6500</availability></state></cwaCategory><cwaCategory name="state" instance="0"><state ${STATE}
      xsi:type="aggregateState"><availability>3500</availability></state></cwaCategory></selfPresence>`,
    read: {
      event: 'selfPresence',
      eid: 8,
      categories: [
        { name: 'state', instance: 1, value: { type: 'unread' } },
        { name: 'state', instance: 0, value: { type: 'aggregateState', availability: 3500 } },
      ],
    },
  },
  {
    what: 'a state without a number',
    json: {
      event: 'selfPresence',
      eid: 8,
      categories: [{ name: 'state', value: { type: 'userState', availability: 'busy' } }],
    },
    xml: `<selfPresence eid="8"><cwaCategory name="state"><state ${STATE} xsi:type="userState">
      <availability>busy</availability></state></cwaCategory></selfPresence>`,
    read: { event: 'selfPresence', eid: 8, categories: [{ name: 'state', value: { type: 'unread' } }] },
  },
  {
    what: 'empty attributes',
    json: {
      event: 'contactGroup',
      eid: 8,
      fullList: true,
      groups: [],
      contacts: [{ uri: 'sip:bob@contoso.test', tag: '', subscribed: '', groups: [], action: '' }],
    },
    xml: '<contactGroup eid="8" fullList="true" deltaNum=""><contact uri="sip:bob@contoso.test" tag="" subscribed="" groups="" action=""/></contactGroup>',
    read: {
      event: 'contactGroup',
      eid: 8,
      fullList: true,
      groups: [],
      contacts: [{ uri: 'sip:bob@contoso.test', groups: [] }],
    },
    parts: { json: 3, xml: 0 },
  },
  {
    what: 'an empty instance and expiry',
    json: { event: 'selfPresence', eid: 8, categories: [{ name: 'note', instance: '', version: '', expires: '' }] },
    xml: '<selfPresence eid="8"><cwaCategory name="note" instance="" version="" expires=""/></selfPresence>',
    read: { event: 'selfPresence', eid: 8, categories: [{ name: 'note' }] },
    parts: { json: 3, xml: 0 },
  },
  {
    what: 'a contact without a URI among others',
    json: {
      event: 'contactGroup',
      eid: 8,
      fullList: true,
      groups: [],
      contacts: [
        { name: 'nobody', groups: [] },
        { uri: 'sip:bob@contoso.test', groups: [] },
      ],
    },
    xml: '<contactGroup eid="8" fullList="true"><contact name="nobody"/><contact uri="sip:bob@contoso.test"/></contactGroup>',
    read: { contacts: [{ uri: 'sip:bob@contoso.test', groups: [] }] },
  },
  {
    what: 'a conversation in a state that is not known',
    json: { event: 'imSessionState', eid: 8, confId: 1, state: 'paused' },
    xml: inConference('<imSessionState>paused</imSessionState>'),
    read: other('imSessionState'),
  },
  {
    what: 'a message without content',
    json: { ...message, message: { format: 'text/plain' } },
    xml: inConference(
      '<messageReceived sender="sip:bob@contoso.test"><message><format>text/plain</format></message></messageReceived>',
    ),
    read: { ...message, message: { content: '' } },
  },
  {
    what: 'a message without a message',
    json: message,
    xml: inConference('<messageReceived sender="sip:bob@contoso.test"/>'),
    read: { ...message, message: { content: '' } },
  },
  {
    what: 'a message without an author: the client guesses none',
    json: { event: 'messageReceived', eid: 8, confId: 1, message: { content: 'hi' } },
    xml: inConference('<messageReceived><message><content>hi</content></message></messageReceived>'),
    read: other('messageReceived'),
  },
  {
    what: 'a conversation without its number',
    json: { event: 'imSessionState', eid: 8, state: 'connected' },
    xml: '<conference eid="8"><imSessionState>connected</imSessionState></conference>',
    read: other('imSessionState'),
  },
]

describe.each([jsonCodec, xmlCodec])('in $name', (codec: CwaCodec) => {
  it.each(CASES)('$what costs no more than that', ({ json: asJson, xml: asXml, read, parts = { json: 1, xml: 1 } }) => {
    const { events, unread } = codec.parseEvents(codec.name === 'json' ? json(asJson) : xml(asXml))

    expect(events).toHaveLength(2)
    expect(events[0]).toMatchObject(read)
    expect(events[0]).toMatchObject({ eid: 8 })
    expect(events[1]).toStrictEqual(LAST)
    expect(unread?.parts ?? 0).toBe(parts[codec.name])
  })

  it('an event without a number costs that event, and is noted', () => {
    const text = codec.name === 'json' ? json({ event: 'selfPresence', categories: [] }) : xml('<selfPresence/>')
    expect(codec.parseEvents(text)).toMatchObject({ events: [LAST], unread: { parts: 1 } })
  })

  it('a batch whose time to wait cannot be read arrives', () => {
    const text =
      codec.name === 'json'
        ? JSON.stringify({ cwaEvents: { ackId: 9, pollWaitTime: 'soon', sessionTimeout: '', events: [LAST] } })
        : '<cwaEvents ackId="9" pollWaitTime="soon" sessionTimeout=""><requestSucceeded eid="9" rid="9"/></cwaEvents>'
    const { unread, ...rest } = codec.parseEvents(text)
    expect(rest).toStrictEqual({ ackId: 9, events: [LAST] })
    expect(unread?.parts).toBe(codec.name === 'json' ? 2 : 1)
  })

  it('what cannot be read is named by its place, and never quoted', () => {
    const hush = { event: 'imSessionState', eid: 8, confId: 'hush', state: 'hush' }
    const text = codec.name === 'json' ? json(hush) : xml(`<conference eid="8" confId="hush"><role/></conference>`)
    const { unread } = codec.parseEvents(text)
    expect(unread?.first).toContainEqual(expect.stringMatching(/confId should be/))
    expect(JSON.stringify(unread)).not.toContain('hush')
  })

  it('an answer whose parts cannot be read says the rest', () => {
    const text =
      codec.name === 'json'
        ? JSON.stringify({
            cwaResponses: {
              requestProcessed: 'all',
              answers: [
                { answer: 'requestAccepted', rid: '1', sid: '42', pollWaitTime: '' },
                { answer: 'initiateImSessionAccepted', rid: '2', confId: 'x' },
                { answer: 'requestFailed', rid: '3', error: { code: 'x', reason: 'no' } },
              ],
              events: { ackId: 'soon', events: [] },
            },
          })
        : '<cwaResponses requestProcessed="all"><requestAccepted rid="1"><sid>42</sid><pollWaitTime/></requestAccepted>' +
          '<initiateImSessionAccepted rid="2" confId="x"/><requestFailed rid="3"><error code="x" reason="no"/></requestFailed>' +
          '<cwaEvents ackId="soon"/></cwaResponses>'
    const { unread, ...rest } = codec.parseResponses(text)

    expect(rest).toStrictEqual({
      answers: [
        { answer: 'requestAccepted', rid: '1', sid: '42' },
        { answer: 'requestFailed', rid: '3', error: { code: 18_400, reason: 'no' } },
      ],
    })
    expect(unread?.parts).toBeGreaterThanOrEqual(3)
  })

  it('a session is opened though its answer has parts that cannot be read, and the caller hears how many', async () => {
    const body =
      codec.name === 'json'
        ? '{"cwaResponses":{"answers":[{"answer":"requestAccepted","rid":"initiate","sid":"42","uri":"sip:ann@contoso.test","pollWaitTime":"3 s"}]}}'
        : '<cwaResponses><requestAccepted rid="initiate"><sid>42</sid><uri>ann@contoso.test</uri><pollWaitTime>3 s</pollWaitTime></requestAccepted></cwaResponses>'
    const { url } = await scriptedServer(() => ({ body }))
    const noted: unknown[] = []

    const session = await clientOf(url, codec, undefined, {
      onUnread: (doing, { parts }) => noted.push([doing, parts]),
    }).initiateSession({ ticket: 't' })

    expect(session).toMatchObject({ sid: '42', uri: 'sip:ann@contoso.test' })
    expect(noted).toEqual([['opening a session', 1]])
  })

  it('a sign-in is one by its ticket, whatever its answer is', async () => {
    const { url } = await scriptedServer(({ path }) =>
      path.startsWith('/iwa/') ? { status: 404 } : { headers: { 'CWA-Ticket': 't' }, body: '<html>welcome' },
    )
    const noted: string[] = []

    const client = clientOf(url, codec, undefined, { onUnread: (doing) => noted.push(doing) })

    await expect(client.signIn('CONTOSO\\ann', 'secret')).resolves.toMatchObject({ ticket: 't', by: 'forms' })
    expect(noted).toEqual(['signing in'])
  })
})

const own = (...categories: Extract<CwaEvent, { event: 'selfPresence' }>['categories']) =>
  eventsOf({ event: 'selfPresence', eid: 1, categories })

describe('the user’s own state', () => {
  it('is what the client understands of it, and no event where that is nothing', () => {
    const unread = { name: 'state', value: { type: 'unread' } } as const
    const busy = { name: 'state', value: { type: 'aggregateState', availability: 6_500 } } as const
    expect(own(unread, busy)).toEqual([{ kind: 'own-presence', availability: 'busy' }])
    expect(own(unread)).toEqual([])
    expect(own(unread, { name: 'state' })).toEqual([])
    expect(own({ name: 'state' })).toEqual([{ kind: 'own-presence', availability: 'offline' }])
  })
})
