import type { CwaEvent } from '../../shared/cwa/model.ts'

const state = (type: 'aggregateState' | 'userState' | 'machineState', availability: number) =>
  ({
    name: 'state',
    instance: 1,
    version: 4,
    publishTime: '2010-09-01T08:00:00',
    value: { type, availability },
  }) as const

/**
 * What a session brings, in the shapes of MSDN's samples (bb969494, bb969550, bb969582, bb969642, bb969556) and of what a
 * client of 2010 wrote down of a live server: every event that has a shape of its own once, and long lists.
 */
export const RECORDED: readonly CwaEvent[] = [
  {
    event: 'contactGroup',
    eid: 1,
    fullList: true,
    deltaNum: 12,
    groups: [
      { id: '1', name: '~', externalUri: '' },
      { id: '2', name: 'Team', action: 'added' },
    ],
    contacts: [
      { uri: 'sip:bob@contoso.test', name: 'Bob Baker', subscribed: true, tag: false, groups: ['1', '2'] },
      { uri: 'sip:cat@contoso.test', name: 'Cat Cooper', subscribed: false, tag: true, groups: [], action: 'updated' },
      { uri: 'sip:dan@contoso.test', groups: ['2'], action: 'deleted' },
    ],
  },
  {
    event: 'selfPresence',
    eid: 2,
    categories: [
      state('aggregateState', 6_500),
      state('userState', 3_500),
      { name: 'note', instance: 0, expires: -1, value: { type: 'note', noteType: 'personal', text: 'at my desk' } },
      { name: 'calendarData', instance: 0 },
      {
        name: 'contactCard',
        instance: 0,
        value: { type: 'contactCard', displayName: 'Ann', email: 'ann@contoso.test' },
      },
    ],
  },
  {
    event: 'userPresence',
    eid: 3,
    users: [
      {
        uri: 'sip:bob@contoso.test',
        sourceNetwork: 'sameEnterprise',
        categories: [state('aggregateState', 3_500), { name: 'services', instance: 0 }],
      },
      { uri: 'sip:cat@contoso.test', categories: [{ name: 'state' }] },
      { uri: 'sip:dan@contoso.test', sourceNetwork: 'federated', categories: [state('aggregateState', 18_000)] },
    ],
  },
  {
    event: 'configuration',
    eid: 4,
    search: { defaultFunction: 'or', defaultFields: 12 },
    imComposingTimers: { refreshInterval: 60, timeout: 120 },
    userNotice: 'be kind',
    enableAppearOffline: true,
    customAuthLogoffUrl: 'https://sso.contoso.test/off',
  },
  { event: 'containers', eid: 5, containers: [{ id: 300, members: [{ type: 'uri', value: 'sip:bob@contoso.test' }] }] },
  {
    event: 'subscribers',
    eid: 6,
    subscribers: [{ uri: 'sip:bob@contoso.test', displayName: 'Bob', sourceNetwork: 'domain', acknowledged: true }],
  },
  { event: 'requestSucceeded', eid: 7, rid: '4' },
  {
    event: 'requestFailed',
    eid: 8,
    rid: '5',
    error: { code: 18_201, reason: 'failed', sip: { code: 480, reason: 'away', diagnostics: '1003;reason="x"' } },
  },
  {
    event: 'searchResult',
    eid: 9,
    rid: '6',
    returned: 1,
    moreAvailable: false,
    users: [{ uri: 'sip:bob@contoso.test', displayName: 'Bob Baker', title: 'Baker' }],
  },
  {
    event: 'imSessionReceived',
    eid: 10,
    confId: 1,
    inviter: { uri: 'sip:bob@contoso.test', name: 'Bob Baker', sourceNetwork: 'sameEnterprise' },
    role: 'attendee',
    escalationMode: 'none',
    subject: 'lunch',
    message: { format: 'text/plain', content: 'Hello' },
  },
  { event: 'imSessionState', eid: 11, confId: 1, state: 'connected' },
  {
    event: 'messageReceived',
    eid: 12,
    confId: 1,
    sender: 'sip:bob@contoso.test',
    message: { format: 'X-MMS-IM-Format: FN=Arial; EF=; CO=000000; CS=1; PF=00', content: 'one < two & three' },
  },
  { event: 'messageIdReceived', eid: 13, confId: 1, rid: '7', messageId: '2-mcu' },
  { event: 'messageSendFailed', eid: 14, confId: 1, rid: '8', messageId: '3' },
  { event: 'composingState', eid: 15, confId: 1, state: 'composing', sender: 'sip:bob@contoso.test' },
  { event: 'escalationMode', eid: 16, confId: 1, mode: 'peer' },
  { event: 'role', eid: 17, confId: 1, role: 'presenter' },
  { event: 'participant', eid: 18, confId: 1, uri: 'sip:cat@contoso.test' },
  { event: 'participantRemoved', eid: 19, confId: 1, uri: 'sip:cat@contoso.test' },
  { event: 'inviteFailed', eid: 20, confId: 1, uri: 'sip:dan@contoso.test' },
  { event: 'confUri', eid: 21, confId: 1, uri: 'sip:ann@contoso.test;gruu;opaque=app:conf:focus:id:1' },
  { event: 'initiateImSessionAccepted', eid: 22, confId: 2, rid: '9' },
  { event: 'locked', eid: 23, confId: 2 },
  { event: 'other', eid: 24, name: 'voIPReceived' },
]
