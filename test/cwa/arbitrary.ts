import * as fc from 'fast-check'
import type {
  CategoryValue,
  CwaAnswer,
  CwaCategory,
  CwaError,
  CwaEvent,
  CwaEvents,
  CwaMethod,
  CwaRequests,
  CwaResponses,
  ImMessage,
} from '../../shared/cwa/model.ts'

/** Every value of the model that both codecs carry: text without the characters that XML 1.0 does not have. */

const HOSTILE = [
  '<',
  '>',
  '&',
  '"',
  "'",
  ']]>',
  '<!--',
  '&amp;',
  '&#38;',
  '\r',
  '\n',
  '\r\n',
  '\t',
  ' ',
  '\u0085',
  '\u2028',
  '😀',
  '<![CDATA[',
  '__proto__',
  '\uFEFF',
]
// eslint-disable-next-line no-control-regex -- they are what is left out
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu

export const text = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 6 })
  .map((parts) => parts.join('').replace(NOT_XML, ''))
const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
const uri = fc.tuple(word, word).map(([user, host]) => `sip:${user}@${host}.test`)
const integer = fc.integer({ min: -1, max: 2 ** 40 })
const code = fc.integer({ min: 0, max: 999_999_999 })
const boolean = fc.boolean()

/** A record whose members in `optional` may be absent, as the model has it: never `undefined`. */
function record<R, O>(
  required: { [K in keyof R]: fc.Arbitrary<R[K]> },
  optional: { [K in keyof O]: fc.Arbitrary<O[K]> },
) {
  const some = fc.record(optional, { requiredKeys: [] })
  return fc.tuple(fc.record(required), some).map(([all, few]) => Object.assign({}, all, few))
}

const message: fc.Arbitrary<ImMessage> = record({ content: text }, { format: text })

const error: fc.Arbitrary<CwaError> = record(
  { code },
  { subCode: code, reason: text, detail: text, sip: record({ code }, { reason: text, diagnostics: text }) },
)

const value: fc.Arbitrary<CategoryValue> = fc.oneof(
  record(
    { type: fc.constantFrom('userState', 'machineState', 'aggregateState'), availability: integer },
    { manual: boolean, activity: text },
  ),
  record({ type: fc.constant('note' as const), text }, { noteType: text }),
  record({ type: fc.constant('contactCard' as const) }, { displayName: text, email: text }),
)

const category: fc.Arbitrary<CwaCategory> = record(
  { name: text },
  { instance: integer, version: integer, publishTime: text, expires: integer, value },
)

const groups = fc.array(word, { maxLength: 3 })
const rid = text
const confId = integer

const method: fc.Arbitrary<CwaMethod> = fc.oneof(
  record({ method: fc.constant('logon' as const) }, { user: text, password: text, uri: text }),
  record(
    { method: fc.constant('initiateSession' as const), rid },
    {
      localeId: integer,
      securityMode: fc.constantFrom('public', 'private'),
      userStateAvailability: integer,
      autoPublishMachineState: boolean,
      autoSubscribePresenceForContacts: boolean,
      debug: boolean,
      signInData: text,
    },
  ),
  record({ method: fc.constant('terminateSession' as const), rid }, {}),
  record(
    {
      method: fc.constantFrom('addContact', 'updateContact'),
      rid,
      contact: record({ uri, name: text, subscribed: boolean, tag: boolean, groups }, {}),
    },
    {},
  ),
  record({ method: fc.constant('deleteContact' as const), rid, uri }, {}),
  record({ method: fc.constant('addGroup' as const), rid, name: text }, { externalUri: text }),
  record({ method: fc.constant('updateGroup' as const), rid, id: text, name: text }, {}),
  record({ method: fc.constant('deleteGroup' as const), rid, id: text }, {}),
  record(
    { method: fc.constant('publishSelfPresence' as const), rid, categories: fc.array(category, { maxLength: 3 }) },
    {},
  ),
  record(
    { method: fc.constantFrom('queryPresence', 'subscribePresence'), rid, uris: fc.array(uri, { maxLength: 3 }) },
    {},
  ),
  record(
    {
      method: fc.constant('updateContainer' as const),
      rid,
      id: integer,
      members: fc.array(record({ action: fc.constantFrom('add', 'delete'), type: text, value: text }, {}), {
        maxLength: 3,
      }),
    },
    {},
  ),
  record(
    { method: fc.constant('search' as const), rid },
    { firstName: text, lastName: text, displayName: text, emailAlias: text, function: fc.constantFrom('and', 'or') },
  ),
  record(
    { method: fc.constant('initiateImSession' as const), rid, confId, uris: fc.array(uri, { maxLength: 3 }), message },
    { subject: text },
  ),
  record({ method: fc.constantFrom('acceptImSession', 'terminateImSession'), rid, confId }, {}),
  record({ method: fc.constant('sendMessage' as const), rid, confId, message }, {}),
  record(
    { method: fc.constant('notifyComposing' as const), rid, confId, state: fc.constantFrom('composing', 'idle') },
    {},
  ),
  record(
    { method: fc.constant('inviteParticipants' as const), rid, confId, uris: fc.array(uri, { maxLength: 3 }) },
    {},
  ),
  record({ method: fc.constantFrom('ejectParticipant', 'promoteParticipant'), rid, confId, uri }, {}),
  record({ method: fc.constant('other' as const), name: fc.constantFrom('lock', 'laterInvention') }, { rid }),
  record({ method: fc.constant('other' as const), name: fc.constant('sendInfo'), rid, confId }, {}),
)

export const requests: fc.Arbitrary<CwaRequests> = record(
  { methods: fc.array(method, { maxLength: 4 }) },
  { sid: text },
)

const action = fc.constantFrom('added' as const, 'updated' as const, 'deleted' as const)
const eid = fc.integer({ min: 0, max: 2 ** 40 })
const head = { eid, confId }

const conferenceEvent: fc.Arbitrary<CwaEvent> = fc.oneof(
  record(
    {
      event: fc.constant('imSessionReceived' as const),
      ...head,
      inviter: record({ uri }, { name: text, sourceNetwork: text }),
    },
    { role: word, escalationMode: word, subject: text, message },
  ),
  record(
    {
      event: fc.constant('imSessionState' as const),
      ...head,
      state: fc.constantFrom('incoming', 'connecting', 'connected', 'terminated'),
    },
    {},
  ),
  record({ event: fc.constant('messageReceived' as const), ...head, sender: uri, message }, {}),
  record({ event: fc.constantFrom('messageIdReceived', 'messageSendFailed'), ...head, messageId: text }, { rid: text }),
  record(
    { event: fc.constant('composingState' as const), ...head, state: fc.constantFrom('composing', 'idle') },
    { sender: uri },
  ),
  record({ event: fc.constant('escalationMode' as const), ...head, mode: word }, {}),
  record({ event: fc.constant('role' as const), ...head, role: word }, {}),
  record({ event: fc.constant('participant' as const), ...head }, { uri }),
  record({ event: fc.constantFrom('participantRemoved', 'inviteFailed', 'confUri'), ...head, uri }, {}),
  record({ event: fc.constant('initiateImSessionAccepted' as const), ...head }, { rid: text }),
  record({ event: fc.constant('locked' as const), ...head }, {}),
)

const sessionEvent: fc.Arbitrary<CwaEvent> = fc.oneof(
  record(
    {
      event: fc.constant('contactGroup' as const),
      eid,
      fullList: boolean,
      groups: fc.array(record({ id: text }, { name: text, externalUri: text, action }), { maxLength: 3 }),
      contacts: fc.array(record({ uri, groups }, { name: text, subscribed: boolean, tag: boolean, action }), {
        maxLength: 3,
      }),
    },
    { deltaNum: integer },
  ),
  record(
    {
      event: fc.constant('userPresence' as const),
      eid,
      users: fc.array(record({ uri, categories: fc.array(category, { maxLength: 2 }) }, { sourceNetwork: text }), {
        maxLength: 3,
      }),
    },
    {},
  ),
  record({ event: fc.constant('selfPresence' as const), eid, categories: fc.array(category, { maxLength: 3 }) }, {}),
  record({ event: fc.constant('requestSucceeded' as const), eid }, { rid: text }),
  record({ event: fc.constant('requestFailed' as const), eid, error }, { rid: text }),
  record(
    {
      event: fc.constant('subscribers' as const),
      eid,
      subscribers: fc.array(record({ uri }, { displayName: text, sourceNetwork: text, acknowledged: boolean }), {
        maxLength: 3,
      }),
    },
    {},
  ),
  record(
    {
      event: fc.constant('containers' as const),
      eid,
      containers: fc.array(
        record({ id: integer, members: fc.array(record({ type: text, value: text }, {}), { maxLength: 2 }) }, {}),
        { maxLength: 2 },
      ),
    },
    {},
  ),
  record(
    { event: fc.constant('configuration' as const), eid },
    {
      imComposingTimers: record({ refreshInterval: integer, timeout: integer }, {}),
      search: record({}, { defaultFunction: text, defaultFields: integer }),
      userNotice: text,
      enableAppearOffline: boolean,
      customAuthLogoffUrl: text,
    },
  ),
  record(
    {
      event: fc.constant('searchResult' as const),
      eid,
      users: fc.array(record({ uri }, { displayName: text, title: text, company: text, email: text }), {
        maxLength: 3,
      }),
    },
    { rid: text, returned: integer, moreAvailable: boolean },
  ),
  record({ event: fc.constant('other' as const), eid, name: fc.constantFrom('voIPReceived', 'laterInvention') }, {}),
)

export const events: fc.Arbitrary<CwaEvents> = record(
  { ackId: integer, events: fc.array(fc.oneof(sessionEvent, conferenceEvent), { maxLength: 4 }) },
  { sid: word, pollWaitTime: integer, sessionTimeout: integer },
)

const answer: fc.Arbitrary<CwaAnswer> = fc.oneof(
  record({ answer: fc.constant('requestSucceeded' as const) }, { rid: text, signInData: text, uri }),
  record({ answer: fc.constant('requestAccepted' as const) }, { rid: text, sid: word, uri, pollWaitTime: integer }),
  record({ answer: fc.constant('initiateImSessionAccepted' as const), confId }, { rid: text }),
  record({ answer: fc.constantFrom('requestFailed', 'requestInvalid', 'requestRejected') }, { rid: text, error }),
  record({ answer: fc.constant('error' as const), error }, {}),
)

export const responses: fc.Arbitrary<CwaResponses> = record(
  { answers: fc.array(answer, { maxLength: 4 }) },
  { sid: word, requestProcessed: integer, unexpectedElement: integer, events },
)
