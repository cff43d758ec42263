import * as v from 'valibot'
import type { ClientCodec, CwaCodec } from '../codec.ts'
import { CwaFault } from '../faults.ts'
import { envelope, eventsOf } from './json-events.ts'
import { readable } from './json-lenient.ts'
import { error, integer, maybe, method, string, uri } from './json-shapes.ts'
import { CWA_LIMITS } from '../limits.ts'
import type { CwaAnswer, CwaRequests, CwaResponses } from '../model.ts'
import { unreadParts } from '../../upstream/unread.ts'

const printRequests = (value: CwaRequests) => JSON.stringify({ cwaRequests: value })
const parseEvents = (text: string) => eventsOf(read(text, 'cwaEvents', envelope))
const contentType = 'application/json; charset=utf-8'

/** The client's half of `jsonCodec`. */
export const jsonClient: ClientCodec = { name: 'json', contentType, printRequests, parseResponses, parseEvents }

/**
 * The model as JSON, envelope by envelope: `{"cwaRequests": {…}}`, `{"cwaResponses": {…}}`, `{"cwaEvents": {…}}`.
 * No published CWA speaks it (bb969487 has XML only); a Collaboration Service's description has its login "in JSON".
 */
export const jsonCodec: CwaCodec = {
  name: 'json',
  contentType,
  printRequests,
  parseRequests: (text) => read(text, 'cwaRequests', requests),
  printResponses: (value) => JSON.stringify({ cwaResponses: value }),
  parseResponses,
  printEvents: (value) => JSON.stringify({ cwaEvents: value }),
  parseEvents,
}

const requests: v.GenericSchema<unknown, CwaRequests> = v.object({ sid: maybe(string), methods: v.array(method) })

const rid = maybe(string)
const answer: v.GenericSchema<unknown, CwaAnswer> = v.variant('answer', [
  v.object({ answer: v.literal('requestSucceeded'), rid, signInData: maybe(string), uri: maybe(uri) }),
  v.object({
    answer: v.literal('requestAccepted'),
    rid,
    sid: maybe(string),
    uri: maybe(uri),
    pollWaitTime: maybe(integer),
  }),
  v.object({ answer: v.literal('initiateImSessionAccepted'), rid, confId: integer }),
  v.object({
    answer: v.picklist(['requestFailed', 'requestInvalid', 'requestRejected']),
    rid,
    error: maybe(error),
  }),
  v.object({ answer: v.literal('error'), error }),
])

const ANSWERS = new Set<string>([
  'requestSucceeded',
  'requestAccepted',
  'initiateImSessionAccepted',
  'requestFailed',
  'requestInvalid',
  'requestRejected',
  'error',
] satisfies CwaAnswer['answer'][])

/** An answer of a name that is not known says nothing that a caller could use: it is passed over, as in XML. */
const passedOver = v.pipe(
  v.object({ answer: string }),
  v.transform(() => undefined),
)

const answerOrNothing = v.lazy((input): v.GenericSchema<unknown, CwaAnswer | undefined> => {
  const name: unknown = Object(input).answer
  return typeof name === 'string' && !ANSWERS.has(name) ? passedOver : answer
})

const head = v.object({
  sid: maybe(string),
  requestProcessed: maybe(integer),
  unexpectedElement: maybe(integer),
})

/** Each answer as far as it can be read. One of which nothing is left says nothing of its method. */
function parseResponses(text: string): CwaResponses {
  const whole = read(text, 'cwaResponses', v.looseObject({ answers: v.array(v.unknown()) }))
  const unread = unreadParts()
  const { answers, events, ...rest } = whole
  const brought = v.safeParse(envelope, events)
  if (events !== undefined && !brought.success) unread.note('the JSON is not readable: cwaResponses.events')
  return {
    ...readable(rest, head, 'cwaResponses', unread),
    answers: answers.flatMap((each, at) => readable(each, answerOrNothing, `cwaResponses.answers.${at}`, unread) ?? []),
    ...(brought.success && { events: eventsOf(brought.output, unread) }),
    ...unread.said(),
  }
}

/** Words about a fault name the place and what was expected there, never the value: it may be a password. */
function read<T>(text: string, envelope: string, schema: v.GenericSchema<unknown, T>): T {
  if (text.length > CWA_LIMITS.body) throw unreadable('the document', `${CWA_LIMITS.body} characters at most`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    const found = /^\s*</.test(text) ? ', not XML or HTML' : ''
    throw unreadable('the document', `{"${envelope}": …}${found}`)
  }
  const outcome = v.safeParse(v.object({ [envelope]: schema }), json)
  if (!outcome.success) {
    const [issue] = outcome.issues
    const expected = issue.received === 'undefined' ? 'there' : (issue.expected ?? 'something else')
    throw unreadable(v.getDotPath(issue) ?? 'the document', expected)
  }
  const value = outcome.output[envelope]
  if (value === undefined) throw unreadable(envelope, 'there')
  return value
}

function unreadable(place: string, expected: string): CwaFault {
  return new CwaFault('give-up', `the JSON is not readable: ${place} should be ${expected}`)
}
