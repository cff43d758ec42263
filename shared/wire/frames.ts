import * as v from 'valibot'
import type { Capability } from '../rules/capabilities.ts'
import { ACCESS_LEVELS, AVAILABILITIES, ROLES, type ImEvent } from '../rules/messaging.ts'
import { Refusal, type NextStep, type RefusalCode } from '../rules/refusal.ts'
import { NAME_CHARACTERS, wrongWithName } from '../rules/user-name.ts'
import type { Action } from './actions.ts'
import { parseStrictly } from './strict-json.ts'

/** Largest JSON text inside a frame, in bytes after decompression. A frame that holds more is refused unread. */
export const PLAIN_BYTES = 128 * 1024

// Every rule has words of its own: valibot's quote what it received, and those of a password must not come back.
const whole = wholeFrom(0)
const text = characters(16_000)
const name = characters(NAME_CHARACTERS)
// Which URIs and conversations there are is the server's to say: here, only what may be part of a frame and a log line.
const uri = v.pipe(
  v.string(),
  v.regex(/^[a-zA-Z][a-zA-Z0-9+.-]{0,31}:[^\s<>"\p{C}]{1,400}$/u, 'a URI, such as sip:ann@contoso.test'),
)
const session = v.pipe(v.string(), v.regex(/^\d{1,5}-[\w-]{16,32}$/, 'a session id, as the service gave it'))
const conversation = opaque(256, 'a conversation, as the service gave it')
const message = opaque(256, "a message's id, as the service gave it")
const group = opaque(256, "a group's id, as the service gave it")
const groups = v.pipe(v.array(group), v.maxLength(100, '100 groups at most'), v.readonly())
// Which push services there are is the deployment's to say. The longest seen is that of Windows, of some 500 characters.
const endpoint = v.pipe(
  v.string(),
  v.regex(/^https?:\/\/[\x21-\x7e]{1,1000}$/, "a push subscription's endpoint, as the browser gave it"),
)
const people = v.pipe(v.array(uri), v.minLength(1, '1 to 100 URIs'), v.maxLength(100, '1 to 100 URIs'), v.readonly())

/** Of each command's `kind`. */
export const command = v.variant('kind', [
  v.strictObject({
    kind: v.literal('start'),
    to: people,
    text,
    subject: v.exactOptional(name),
  }),
  v.strictObject({ kind: v.literal('accept'), conversation }),
  v.strictObject({ kind: v.literal('message'), conversation, text }),
  v.strictObject({ kind: v.literal('typing'), conversation, typing: v.boolean() }),
  v.strictObject({ kind: v.literal('leave'), conversation }),
  v.strictObject({ kind: v.literal('presence'), availability: v.picklist(AVAILABILITIES) }),
  v.strictObject({ kind: v.literal('note'), note: v.pipe(v.string(), v.maxLength(500, '500 characters at most')) }),
  v.strictObject({ kind: v.literal('add-contact'), uri, name, groups: v.exactOptional(groups) }),
  v.strictObject({ kind: v.literal('update-contact'), uri, name, groups }),
  v.strictObject({ kind: v.literal('delete-contact'), uri }),
  v.strictObject({
    kind: v.literal('access'),
    uri,
    level: v.exactOptional(v.picklist(ACCESS_LEVELS)),
    was: v.exactOptional(v.picklist(ACCESS_LEVELS)),
  }),
  v.strictObject({ kind: v.literal('add-group'), name }),
  v.strictObject({ kind: v.literal('rename-group'), group, name }),
  v.strictObject({ kind: v.literal('delete-group'), group }),
  v.strictObject({ kind: v.literal('invite'), conversation, to: people }),
  v.strictObject({ kind: v.literal('eject'), conversation, uri }),
  v.strictObject({ kind: v.literal('role'), conversation, uri, role: v.picklist(ROLES) }),
  v.strictObject({ kind: v.literal('join'), conversation }),
  v.strictObject({ kind: v.literal('edit'), conversation, message, text }),
  v.strictObject({ kind: v.literal('delete'), conversation, message }),
  v.strictObject({ kind: v.literal('read'), conversation, message }),
  v.strictObject({
    kind: v.literal('history'),
    conversation,
    before: v.exactOptional(opaque(512, 'what the last page gave')),
  }),
  v.strictObject({ kind: v.literal('search'), text: name }),
])

/** Of each frame's `type`. asyncapi.json has the same as JSON Schema (test/repo/asyncapi). */
export const deviceFrame = v.variant('type', [
  v.strictObject({
    type: v.literal('login'),
    user: v.pipe(name, v.check(isNameOfAUser, 'a user name without invisible letters')),
    password: v.pipe(v.string(), v.maxLength(256, '256 characters at most')),
    availability: v.exactOptional(v.picklist(AVAILABILITIES)),
  }),
  v.strictObject({
    type: v.literal('send'),
    session,
    number: wholeFrom(1),
    ack: whole,
    command,
  }),
  v.strictObject({ type: v.literal('poll'), session, after: whole }),
  v.strictObject({
    type: v.literal('status'),
    session,
    ack: whole,
    active: v.boolean(),
    answer: v.boolean(),
  }),
  v.strictObject({ type: v.literal('logout'), session }),
  v.strictObject({
    type: v.literal('enroll'),
    claim: v.pipe(v.string(), v.regex(/^[\w-]{22,64}$/, '22 to 64 characters of base64url')),
  }),
  v.strictObject({ type: v.literal('subscribe'), endpoint: v.exactOptional(endpoint) }),
])

/**
 * What a device says. Its `type` is the frame's action.
 *
 * `session` is the id that `accepted` gave. `number` counts the device's sends within a session: 1, 2, 3, ….
 * `ack` and `after` are the number of the last batch of events that the device has. With `answer: false` a status is
 * answered only where it is refused: a message less to pay for. `endpoint` is where the device can be woken by Web Push;
 * without one it is woken no more.
 */
export type DeviceFrame = v.InferOutput<typeof deviceFrame>
export type DeviceFrameOf<A extends Action> = Extract<DeviceFrame, { type: A }>

/** Events that were kept together in a session's mailbox. `seq` counts the batches of a session: 1, 2, 3, …. */
export interface Batch {
  /** Where the batch stands for several, `first` to `seq`: it holds what they come to. Absent: it stands for itself. */
  readonly first?: number
  readonly seq: number
  readonly events: readonly ImEvent[]
}

/** What the service says: the answer to one frame, or `events` and `ended`, which also come unasked. */
export type ServiceFrame =
  | {
      readonly type: 'accepted'
      readonly session: string
      /** The URI that the user is signed in as. */
      readonly uri: string
      /** What the service checked, in its order, in words for people. */
      readonly steps: readonly string[]
      /** The device says `status` at least this often, in milliseconds. */
      readonly statusIntervalMs: number
      /** What the server upstream can do beside the core. A device leaves out those that it does not know. */
      readonly capabilities: readonly Capability[]
      readonly batches: readonly Batch[]
    }
  | {
      readonly type: 'sent'
      readonly number: number
      readonly conversation?: string
      /** What the server calls the message that was sent. */
      readonly message?: string
      /** What a question brought: of no batch, and kept nowhere. */
      readonly events?: readonly ImEvent[]
    }
  | {
      readonly type: 'events'
      readonly session: string
      readonly batches: readonly Batch[]
      /** There are more batches than fitted: poll again after the last of these. */
      readonly more: boolean
      /**
       * `false` when messages that the device never got are no longer kept. The first of `batches` then stands for what
       * was cut, and says how things stand after it.
       */
      readonly recovered: boolean
    }
  | { readonly type: 'heard'; readonly session: string }
  | { readonly type: 'bye'; readonly session: string }
  | {
      readonly type: 'enrolled'
      readonly device: string
      /** 32 bytes, base64url. */
      readonly transportKey: string
      /** Whom the device is for. */
      readonly user?: string
    }
  | {
      readonly type: 'subscribed'
      /** By which the push service knows this service: a P-256 point, 65 bytes, base64url (RFC 8292, 4.1). */
      readonly key: string
    }
  | {
      readonly type: 'refused'
      readonly code: RefusalCode
      readonly reason: string
      readonly next: NextStep
      readonly retryAfterMs?: number
      /** With `replayed`: the number that the device's next frame must be above. */
      readonly heard?: number
    }
  | {
      readonly type: 'ended'
      readonly session: string
      readonly code: RefusalCode
      readonly reason: string
      readonly next: NextStep
    }

/**
 * Reads the JSON text inside a device's frame.
 *
 * @throws Refusal `bad-frame`, with words that name the member and what is accepted there.
 */
export function parseDeviceFrame(text: string): DeviceFrame {
  const parsed = v.safeParse(deviceFrame, jsonIn(text))
  if (parsed.success) return parsed.output
  const issue = parsed.issues[0]
  throw new Refusal('bad-frame', { reason: `${v.getDotPath(issue) ?? 'the frame'}: ${wanted(issue)}` })
}

/** What would be accepted, and nothing of what was received. */
function wanted({ kind, type, expected, received, message }: v.BaseIssue<unknown>): string {
  if (kind === 'validation') return `expected ${message}`
  if (type === 'strict_object' && expected === 'never') return 'there is no such member'
  return received === 'undefined' ? 'this member is missing' : `expected ${expected}`
}

/** Reads the JSON text inside a frame from the service. The device trusts what its own key opened. */
export function parseServiceFrame(text: string): ServiceFrame {
  // The key that opened the frame is the service's: its shape is the service's promise, checked by the tests of both.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return jsonIn(text) as ServiceFrame
}

/** The inverse of both parsers. */
export function printFrame(frame: DeviceFrame | ServiceFrame): string {
  return JSON.stringify(frame)
}

function isNameOfAUser(name: string): boolean {
  return wrongWithName(name) === undefined
}

function wholeFrom(least: number) {
  const words = `a whole number from ${least} up`
  return v.pipe(v.number(), v.safeInteger(words), v.minValue(least, words))
}

function opaque(most: number, words: string) {
  return v.pipe(v.string(), v.regex(new RegExp(`^[^\\s\\p{C}]{1,${most}}$`, 'u'), words))
}

function characters(most: number) {
  const words = `1 to ${most} characters`
  return v.pipe(v.string(), v.minLength(1, words), v.maxLength(most, words))
}

function jsonIn(text: string): unknown {
  try {
    return parseStrictly(text)
  } catch (thrown) {
    throw new Refusal('bad-frame', { reason: thrown instanceof SyntaxError ? thrown.message : 'no JSON text' })
  }
}
