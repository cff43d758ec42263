import { describe, expect, test } from 'vitest'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { conversationOf, eventsOf, methodsFor } from '../../shared/cwa/messaging.ts'
import type { CwaEvent } from '../../shared/cwa/model.ts'
import { NotPossible } from '../../shared/upstream/not-possible.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import type { Command, ImEvent } from '../../shared/rules/messaging.ts'

const COMMANDS: readonly Command[] = [
  { kind: 'start', to: ['sip:bob@contoso.test'], text: 'hi', subject: 'lunch' },
  { kind: 'accept', conversation: '3' },
  { kind: 'message', conversation: '3', text: 'hi' },
  { kind: 'typing', conversation: '3', typing: true },
  { kind: 'leave', conversation: '3' },
  { kind: 'presence', availability: 'busy' },
  { kind: 'add-contact', uri: 'sip:bob@contoso.test', name: 'Bob' },
  { kind: 'delete-contact', uri: 'sip:bob@contoso.test' },
]

describe('a command', () => {
  test.each(COMMANDS)(
    '$kind becomes one method, with the number of the send as rid, that both codecs carry',
    (command) => {
      const methods = methodsFor(command, 17)
      expect(methods).toHaveLength(1)
      expect(methods[0]).toMatchObject({ rid: '17' })
      for (const codec of [jsonCodec, xmlCodec])
        expect(codec.parseRequests(codec.printRequests({ methods })).methods).toEqual(methods)
    },
  )

  test('that starts a conversation names it by its own number', () => {
    expect(methodsFor({ kind: 'start', to: ['sip:bob@contoso.test'], text: 'hi' }, 17)).toEqual([
      {
        method: 'initiateImSession',
        rid: '17',
        confId: 17,
        uris: ['sip:bob@contoso.test'],
        message: { format: 'text/plain', content: 'hi' },
      },
    ])
  })

  test.each([
    { kind: 'start', to: ['sip:bob@contoso.test', 'mailto:bob@contoso.test'], text: 'hi' },
    { kind: 'add-contact', uri: 'matrix:u/bob:contoso.test', name: 'Bob' },
    { kind: 'delete-contact', uri: 'sip:nobody' },
    { kind: 'message', conversation: '!room:contoso.test', text: 'hi' },
    { kind: 'leave', conversation: '3.5' },
  ] as const)('is not possible where CWA has no words for whom it names: %j', (command) => {
    expect(() => methodsFor(command, 17)).toThrow(NotPossible)
  })

  test('loses the characters that XML cannot carry, and no other', () => {
    const text = 'a\u0000b\u001F\uD800c\r\n\t😀'
    expect(methodsFor({ kind: 'message', conversation: '1', text }, 1)).toMatchObject([
      { message: { content: 'abc\r\n\t😀' } },
    ])
  })

  test('publishes the state that the user chose', () => {
    expect(methodsFor({ kind: 'presence', availability: 'away' }, 1)).toMatchObject([
      { categories: [{ name: 'state', value: { type: 'userState', availability: 15_500, manual: true } }] },
    ])
  })

  test('adds a contact of no name under its URI, because empty attributes are refused', () => {
    expect(methodsFor({ kind: 'add-contact', uri: 'sip:bob@contoso.test', name: '\u0007' }, 1)).toMatchObject([
      { contact: { name: 'sip:bob@contoso.test' } },
    ])
  })
})

describe("a conversation's name", () => {
  test("is the server's", () => {
    expect(conversationOf([{ answer: 'requestAccepted' }, { answer: 'initiateImSessionAccepted', confId: 9 }])).toBe(
      '9',
    )
  })

  test('is not known from answers that do not say it', () => {
    expect(conversationOf([{ answer: 'requestAccepted', rid: '1' }])).toBeUndefined()
  })
})

const head = { eid: 1, confId: 3 }
const bob = 'sip:bob@contoso.test'
const state = (availability: number, type: 'aggregateState' | 'machineState' | 'userState' = 'aggregateState') =>
  ({ name: 'state', value: { type, availability } }) as const

const EVENTS: readonly (readonly [string, CwaEvent, readonly ImEvent[]])[] = [
  [
    'an invitation',
    {
      event: 'imSessionReceived',
      ...head,
      inviter: { uri: bob, name: 'Bob' },
      subject: 's',
      message: { content: 'hi' },
    },
    [{ kind: 'invitation', conversation: '3', from: bob, name: 'Bob', subject: 's', text: 'hi' }],
  ],
  [
    'an invitation without a word',
    { event: 'imSessionReceived', ...head, inviter: { uri: bob } },
    [{ kind: 'invitation', conversation: '3', from: bob }],
  ],
  [
    'an end',
    { event: 'imSessionState', ...head, state: 'terminated' },
    [{ kind: 'conversation', conversation: '3', state: 'ended' }],
  ],
  [
    'a connection',
    { event: 'imSessionState', ...head, state: 'connected' },
    [{ kind: 'conversation', conversation: '3', state: 'connected' }],
  ],
  [
    'an accepted start',
    { event: 'initiateImSessionAccepted', ...head, rid: '17' },
    [{ kind: 'conversation', conversation: '3', state: 'connecting' }],
  ],
  [
    'a plain message',
    { event: 'messageReceived', ...head, sender: bob, message: { format: 'text/plain', content: ' hi ' } },
    [{ kind: 'message', conversation: '3', from: bob, text: ' hi ' }],
  ],
  [
    'a message with a font',
    {
      event: 'messageReceived',
      ...head,
      sender: bob,
      message: { format: 'X-MMS-IM-Format: FN=Arial; EF=; CO=0', content: 'hi' },
    },
    [{ kind: 'message', conversation: '3', from: bob, text: 'hi' }],
  ],
  [
    'typing',
    { event: 'composingState', ...head, state: 'composing', sender: bob },
    [{ kind: 'typing', conversation: '3', typing: true, from: bob }],
  ],
  [
    'no typing',
    { event: 'composingState', ...head, state: 'idle' },
    [{ kind: 'typing', conversation: '3', typing: false }],
  ],
  [
    'somebody who left',
    { event: 'participantRemoved', ...head, uri: bob },
    [{ kind: 'left', conversation: '3', uri: bob }],
  ],
  [
    'a delivery',
    { event: 'messageIdReceived', ...head, rid: '17', messageId: '2-mcu' },
    [{ kind: 'delivered', conversation: '3', number: 17 }],
  ],
  [
    "a failed delivery of another endpoint's message",
    { event: 'messageSendFailed', ...head, rid: 'x', messageId: '2' },
    [{ kind: 'not-delivered', conversation: '3', reason: 'it could not be delivered' }],
  ],
  ['a role', { event: 'role', ...head, role: 'presenter' }, []],
  ['a success', { event: 'requestSucceeded', eid: 1, rid: '17' }, [{ kind: 'done', number: 17 }]],
  ['a success of our own', { event: 'requestSucceeded', eid: 1, rid: 'initiate' }, []],
  [
    'a failure',
    {
      event: 'requestFailed',
      eid: 1,
      rid: '17',
      error: { code: 18201, sip: { code: 480, reason: 'Temporarily Unavailable' } },
    },
    [
      {
        kind: 'failed',
        number: 17,
        reason: 'the communications server answered with a failure (18201): SIP 480 Temporarily Unavailable',
      },
    ],
  ],
  [
    'own presence',
    { event: 'selfPresence', eid: 1, categories: [state(6500)] },
    [{ kind: 'own-presence', availability: 'busy' }],
  ],
  ['own presence that is no state', { event: 'selfPresence', eid: 1, categories: [{ name: 'note' }] }, []],
  [
    'presence, of which the aggregate counts',
    {
      event: 'userPresence',
      eid: 1,
      users: [
        {
          uri: bob,
          categories: [
            state(3500, 'machineState'),
            state(9500),
            { name: 'contactCard', value: { type: 'contactCard', displayName: 'Bob' } },
          ],
        },
        { uri: 'sip:cat@contoso.test', categories: [{ name: 'state' }] },
        { uri: 'sip:dan@contoso.test', categories: [] },
      ],
    },
    [
      { kind: 'presence', uri: bob, availability: 'do-not-disturb', name: 'Bob' },
      { kind: 'presence', uri: 'sip:cat@contoso.test', availability: 'offline' },
    ],
  ],
  [
    'the contact list',
    {
      event: 'contactGroup',
      eid: 1,
      fullList: true,
      groups: [{ id: '1', name: 'Work' }],
      contacts: [{ uri: bob, name: 'Bob', groups: ['1', '2'] }],
    },
    [{ kind: 'contacts', whole: true, contacts: [{ uri: bob, name: 'Bob', groups: ['Work', '2'] }], removed: [] }],
  ],
  [
    'an empty contact list',
    { event: 'contactGroup', eid: 1, fullList: true, groups: [], contacts: [] },
    [{ kind: 'contacts', whole: true, contacts: [], removed: [] }],
  ],
  [
    'a contact that went',
    {
      event: 'contactGroup',
      eid: 1,
      fullList: false,
      groups: [],
      contacts: [{ uri: bob, groups: [], action: 'deleted' }],
    },
    [{ kind: 'contacts', whole: false, contacts: [], removed: [bob] }],
  ],
  [
    'a group alone',
    { event: 'contactGroup', eid: 1, fullList: false, groups: [{ id: '1', action: 'added' }], contacts: [] },
    [],
  ],
  ['what is not known', { event: 'other', eid: 1, name: 'voIPReceived' }, []],
]

describe('an event', () => {
  test.each(EVENTS)('that is %s reaches the device so', (_name, event, expected) => {
    expect(eventsOf(event)).toEqual(expected)
  })
})
