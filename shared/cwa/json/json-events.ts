import * as v from 'valibot'
import { boolean, category, error, integer, maybe, message, string, uri } from './json-shapes.ts'
import { readable } from './json-lenient.ts'
import type { CwaEvent, CwaEvents } from '../model.ts'
import { unreadParts, type UnreadParts } from '../../upstream/unread.ts'

const eid = integer
const head = { eid, confId: integer }
const composing = v.picklist(['composing', 'idle'])

const conferenceEvents = [
  v.object({
    event: v.literal('imSessionReceived'),
    ...head,
    inviter: v.object({ uri, name: maybe(string), sourceNetwork: maybe(string) }),
    role: maybe(string),
    escalationMode: maybe(string),
    subject: maybe(string),
    message: maybe(message),
  }),
  v.object({
    event: v.literal('imSessionState'),
    ...head,
    state: v.picklist(['incoming', 'connecting', 'connected', 'terminated']),
  }),
  v.object({ event: v.literal('messageReceived'), ...head, sender: uri, message }),
  v.object({
    event: v.picklist(['messageIdReceived', 'messageSendFailed']),
    ...head,
    rid: maybe(string),
    messageId: string,
  }),
  v.object({ event: v.literal('composingState'), ...head, state: composing, sender: maybe(uri) }),
  v.object({ event: v.literal('escalationMode'), ...head, mode: string }),
  v.object({ event: v.literal('role'), ...head, role: string }),
  v.object({ event: v.literal('participant'), ...head, uri: maybe(uri) }),
  v.object({ event: v.picklist(['participantRemoved', 'inviteFailed', 'confUri']), ...head, uri }),
  v.object({ event: v.literal('initiateImSessionAccepted'), ...head, rid: maybe(string) }),
  v.object({ event: v.literal('locked'), ...head }),
] as const

const action = maybe(v.picklist(['added', 'updated', 'deleted']))

const sessionEvents = [
  v.object({
    event: v.literal('contactGroup'),
    eid,
    fullList: boolean,
    deltaNum: maybe(integer),
    groups: v.array(v.object({ id: string, name: maybe(string), externalUri: maybe(string), action })),
    contacts: v.array(
      v.object({
        uri,
        name: maybe(string),
        subscribed: maybe(boolean),
        tag: maybe(boolean),
        groups: v.array(string),
        action,
      }),
    ),
  }),
  v.object({
    event: v.literal('userPresence'),
    eid,
    users: v.array(v.object({ uri, sourceNetwork: maybe(string), categories: v.array(category) })),
  }),
  v.object({ event: v.literal('selfPresence'), eid, categories: v.array(category) }),
  v.object({ event: v.literal('requestSucceeded'), eid, rid: maybe(string) }),
  v.object({ event: v.literal('requestFailed'), eid, rid: maybe(string), error }),
  v.object({
    event: v.literal('subscribers'),
    eid,
    subscribers: v.array(
      v.object({ uri, displayName: maybe(string), sourceNetwork: maybe(string), acknowledged: maybe(boolean) }),
    ),
  }),
  v.object({
    event: v.literal('containers'),
    eid,
    containers: v.array(v.object({ id: integer, members: v.array(v.object({ type: string, value: string })) })),
  }),
  v.object({
    event: v.literal('configuration'),
    eid,
    imComposingTimers: maybe(v.object({ refreshInterval: integer, timeout: integer })),
    search: maybe(v.object({ defaultFunction: maybe(string), defaultFields: maybe(integer) })),
    userNotice: maybe(string),
    enableAppearOffline: maybe(boolean),
    customAuthLogoffUrl: maybe(string),
  }),
  v.object({
    event: v.literal('searchResult'),
    eid,
    rid: maybe(string),
    returned: maybe(integer),
    moreAvailable: maybe(boolean),
    users: v.array(v.objectWithRest({ uri }, string)),
  }),
  v.object({ event: v.literal('other'), eid, name: string }),
] as const

const known = v.variant('event', [...conferenceEvents, ...sessionEvents])

const NAMES = new Set(
  [...conferenceEvents, ...sessionEvents].flatMap(({ entries }): readonly string[] =>
    entries.event.type === 'literal' ? [entries.event.literal] : entries.event.options,
  ),
)

/** An event of a name that is not known is kept by name, so that its `eid` counts. */
const unknown = v.pipe(
  v.object({ event: string, eid }),
  v.transform(({ event, eid }) => ({ event: 'other' as const, name: event, eid })),
)

const event: v.GenericSchema<unknown, CwaEvent> = v.lazy((input) => {
  const name: unknown = Object(input).event
  return typeof name === 'string' && !NAMES.has(name) ? unknown : known
})

/** The envelope: without an `ackId` that can be read nothing of it can be acknowledged, and a `sid` says whose it is. */
export const envelope = v.object({
  sid: maybe(string),
  ackId: integer,
  pollWaitTime: maybe(v.unknown()),
  sessionTimeout: maybe(v.unknown()),
  events: v.array(v.unknown()),
})

/** Reads the events of an envelope, each as far as it can be read. */
export function eventsOf(
  { events, ...head }: v.InferOutput<typeof envelope>,
  unread: UnreadParts = unreadParts(),
): CwaEvents {
  const { sid, ackId } = head
  const times = v.object({ pollWaitTime: maybe(integer), sessionTimeout: maybe(integer) })
  return {
    ...(sid !== undefined && { sid }),
    ackId,
    ...readable(timesIn(head), times, 'cwaEvents', unread),
    events: events.flatMap((each, at) => eventIn(each, `cwaEvents.events.${at}`, unread) ?? []),
    ...unread.said(),
  }
}

const timesIn = ({ pollWaitTime, sessionTimeout }: { pollWaitTime?: unknown; sessionTimeout?: unknown }) => ({
  ...(pollWaitTime !== undefined && { pollWaitTime }),
  ...(sessionTimeout !== undefined && { sessionTimeout }),
})

/** Of an event that cannot be read the `eid` counts; without it, nothing distinguishes it from what was seen already. */
function eventIn(value: unknown, place: string, unread: UnreadParts): CwaEvent | undefined {
  const numbered = v.safeParse(v.object({ eid }), value)
  if (!numbered.success) {
    unread.note(`the JSON is not readable: ${place}.eid should be there, a whole number`)
    return undefined
  }
  const name: unknown = Object(value).event
  const unnamed = { event: 'other', name: typeof name === 'string' ? name : 'unnamed', ...numbered.output } as const
  return readable(value, event, place, unread) ?? unnamed
}
