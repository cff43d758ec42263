import { describe, expect, test } from 'vitest'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { conversationOf, methodsFor } from '../../shared/cwa/messaging/commands.ts'
import { eventsOf } from '../../shared/cwa/messaging/events.ts'
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
  { kind: 'note', note: 'at lunch' },
  { kind: 'note', note: '' },
  { kind: 'add-contact', uri: 'sip:bob@contoso.test', name: 'Bob' },
  { kind: 'add-contact', uri: 'sip:bob@contoso.test', name: 'Bob', groups: ['1'] },
  { kind: 'update-contact', uri: 'sip:bob@contoso.test', name: 'Bob', groups: ['1', '2'] },
  { kind: 'delete-contact', uri: 'sip:bob@contoso.test' },
  { kind: 'access', uri: 'sip:bob@contoso.test', level: 'blocked' },
  { kind: 'access', uri: 'sip:bob@contoso.test', was: 'team' },
  { kind: 'add-group', name: 'Friends & <foes>' },
  { kind: 'rename-group', group: '1', name: 'Friends' },
  { kind: 'delete-group', group: '1' },
  { kind: 'invite', conversation: '3', to: ['sip:cat@contoso.test', 'sip:dan@contoso.test'] },
  { kind: 'eject', conversation: '3', uri: 'sip:cat@contoso.test' },
  { kind: 'role', conversation: '3', uri: 'sip:cat@contoso.test', role: 'admin' },
  { kind: 'search', text: 'cat' },
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

  test('that moves a person between levels of access puts them in before it takes them out', () => {
    const uri = 'sip:bob@contoso.test'
    const members = (action: string) => [{ action, type: 'uri', value: uri }]
    expect(methodsFor({ kind: 'access', uri, level: 'team', was: 'blocked' }, 17)).toEqual([
      { method: 'updateContainer', rid: '17', id: 300, members: members('add') },
      { method: 'updateContainer', rid: '17-was', id: 32_000, members: members('delete') },
    ])
  })

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
    { kind: 'invite', conversation: '3', to: ['mailto:bob@contoso.test'] },
    { kind: 'role', conversation: '3', uri: 'sip:bob@contoso.test', role: 'member' },
    { kind: 'access', uri: 'sip:bob@contoso.test' },
    { kind: 'access', uri: 'mailto:bob@contoso.test', level: 'team' },
    { kind: 'add-group', name: '~' },
    { kind: 'rename-group', group: '1', name: '\u0007' },
    { kind: 'search', text: ' \u0000' },
    { kind: 'history', conversation: '3' },
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

const note = (text: string, noteType: string) => ({ name: 'note', value: { type: 'note', noteType, text } }) as const

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
  [
    'an invitation to several',
    { event: 'imSessionReceived', ...head, inviter: { uri: bob }, escalationMode: 'escalated' },
    [{ kind: 'invitation', conversation: '3', from: bob, several: true }],
  ],
  [
    'a third who is being fetched',
    { event: 'escalationMode', ...head, mode: 'escalating' },
    [{ kind: 'conversation', conversation: '3', state: 'connecting' }],
  ],
  [
    'two who have become several',
    { event: 'escalationMode', ...head, mode: 'escalated' },
    [{ kind: 'conversation', conversation: '3', state: 'connected', several: true }],
  ],
  [
    'two who go on alone',
    { event: 'escalationMode', ...head, mode: 'peer' },
    [{ kind: 'conversation', conversation: '3', state: 'connected' }],
  ],
  ['a way that ends', { event: 'escalationMode', ...head, mode: 'none' }, []],
  [
    'somebody who came',
    { event: 'participant', ...head, uri: bob },
    [{ kind: 'members', conversation: '3', whole: false, members: [{ uri: bob }] }],
  ],
  ['somebody without a name', { event: 'participant', ...head }, []],
  ['a role of a user who is not known', { event: 'role', ...head, role: 'presenter' }, []],
  [
    'who was found',
    {
      event: 'searchResult',
      eid: 1,
      rid: '17',
      returned: 2,
      moreAvailable: true,
      users: [{ uri: bob, displayName: 'Bob' }, { uri: 'sip:dan@contoso.test' }],
    },
    [
      {
        kind: 'found',
        number: 17,
        people: [
          { uri: bob, name: 'Bob' },
          { uri: 'sip:dan@contoso.test', name: 'sip:dan@contoso.test' },
        ],
        more: true,
      },
    ],
  ],
  ['found by another', { event: 'searchResult', eid: 1, rid: 'x', users: [] }, []],
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
  [
    'own presence with notes, of which that of the user counts',
    {
      event: 'selfPresence',
      eid: 1,
      categories: [note('away until Monday', 'OOF'), state(6500), note('lunch', 'personal')],
    },
    [{ kind: 'own-presence', availability: 'busy', note: 'lunch' }],
  ],
  [
    'presence with a note of no words',
    { event: 'userPresence', eid: 1, users: [{ uri: bob, categories: [state(6500), note(' ', 'personal')] }] },
    [{ kind: 'presence', uri: bob, availability: 'busy' }],
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
    [
      { kind: 'groups', whole: true, groups: [{ id: '1', name: 'Work' }], removed: [] },
      { kind: 'contacts', whole: true, contacts: [{ uri: bob, name: 'Bob', groups: ['1', '2'] }], removed: [] },
    ],
  ],
  [
    'an empty contact list',
    { event: 'contactGroup', eid: 1, fullList: true, groups: [], contacts: [] },
    [
      { kind: 'groups', whole: true, groups: [], removed: [] },
      { kind: 'contacts', whole: true, contacts: [], removed: [] },
    ],
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
    {
      event: 'contactGroup',
      eid: 1,
      fullList: false,
      groups: [
        { id: '1', name: 'Team', action: 'updated' },
        { id: '2', action: 'deleted' },
      ],
      contacts: [],
    },
    [{ kind: 'groups', whole: false, groups: [{ id: '1', name: 'Team' }], removed: ['2'] }],
  ],
  [
    'who is in which level, and in a container that is none',
    {
      event: 'containers',
      eid: 1,
      containers: [
        {
          id: 32_000,
          members: [
            { type: 'uri', value: bob },
            { type: 'domain', value: 'contoso.test' },
          ],
        },
        { id: 300, members: [] },
        { id: 2, members: [{ type: 'uri', value: bob }] },
      ],
    },
    [
      { kind: 'access', level: 'blocked', whole: true, people: [bob] },
      { kind: 'access', level: 'team', whole: true, people: [] },
    ],
  ],
  [
    'who watches, and is not acknowledged',
    {
      event: 'subscribers',
      eid: 1,
      subscribers: [
        { uri: bob, displayName: 'Bob', acknowledged: false },
        { uri: 'sip:cat@contoso.test', acknowledged: true },
      ],
    },
    [{ kind: 'subscribers', people: [{ uri: bob, name: 'Bob' }] }],
  ],
  ['what is not known', { event: 'other', eid: 1, name: 'voIPReceived' }, []],
]

describe('an event', () => {
  test.each(EVENTS)('that is %s reaches the device so', (_name, event, expected) => {
    expect(eventsOf(event)).toEqual(expected)
  })

  const own = 'sip:ann@contoso.test'

  test.each([
    ['presenter', 'admin'],
    ['attendee', 'member'],
  ] as const)('that makes the user a %s is about the user, as %s', (role, word) => {
    expect(eventsOf({ event: 'role', ...head, role }, { own })).toEqual([
      { kind: 'members', conversation: '3', whole: false, members: [{ uri: own, role: word }] },
    ])
  })

  test('that is a message of the user on another endpoint says so', () => {
    const said = {
      event: 'messageReceived',
      ...head,
      sender: 'sip:Ann@Contoso.test',
      message: { content: 'hi' },
    } as const
    expect(eventsOf(said, { own })).toMatchObject([{ kind: 'message', from: 'sip:Ann@Contoso.test', own: true }])
    expect(eventsOf({ ...said, sender: bob }, { own })).toEqual([
      { kind: 'message', conversation: '3', from: bob, text: 'hi' },
    ])
  })

  test('that ends an escalation with the beginning of a conversation is one event with it', () => {
    const escalated = { event: 'escalationMode', eid: 1, confId: 3, mode: 'escalated' } as const
    const connected = { event: 'imSessionState', eid: 2, confId: 3, state: 'connected' } as const
    expect(eventsOf(escalated, { next: connected })).toEqual([])
    expect(eventsOf(connected, { before: escalated })).toEqual([
      { kind: 'conversation', conversation: '3', state: 'connected', several: true },
    ])
    expect(eventsOf(connected, { before: { ...escalated, confId: 4 } })).toEqual([
      { kind: 'conversation', conversation: '3', state: 'connected' },
    ])
  })

  test('that says why somebody did not come says who', () => {
    const before = { event: 'inviteFailed', ...head, uri: bob } as const
    expect(eventsOf({ event: 'requestFailed', eid: 2, rid: '17', error: { code: 18_203 } }, { before })).toEqual([
      { kind: 'failed', number: 17, reason: expect.stringMatching(/^sip:bob@contoso\.test: .*18203/) },
    ])
  })
})
