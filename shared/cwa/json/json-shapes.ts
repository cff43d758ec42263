import * as v from 'valibot'
import type { CwaError, CwaMethod, ImMessage } from '../model.ts'
import { sipUri } from '../uri.ts'

/** Shapes that requests, answers and events share, and the methods. Members that are not known are dropped. */

export const maybe = v.exactOptional
export const string = v.string()
export const boolean = v.boolean()
export const integer = v.pipe(v.number(), v.safeInteger())
export const uri = v.pipe(string, v.transform(sipUri))
const uris = v.array(uri)

export const message: v.GenericSchema<unknown, ImMessage> = v.object({ format: maybe(string), content: string })

export const error: v.GenericSchema<unknown, CwaError> = v.object({
  code: integer,
  subCode: maybe(integer),
  reason: maybe(string),
  detail: maybe(string),
  sip: maybe(v.object({ code: integer, reason: maybe(string), diagnostics: maybe(string) })),
})

const categoryValue = v.variant('type', [
  v.object({
    type: v.picklist(['userState', 'machineState', 'aggregateState']),
    availability: integer,
    manual: maybe(boolean),
    activity: maybe(string),
  }),
  v.object({ type: v.literal('note'), noteType: maybe(string), text: string }),
  v.object({ type: v.literal('contactCard'), displayName: maybe(string), email: maybe(string) }),
  v.object({ type: v.literal('unread') }),
])

export const category = v.object({
  name: string,
  instance: maybe(integer),
  version: maybe(integer),
  publishTime: maybe(string),
  expires: maybe(integer),
  value: maybe(categoryValue),
})

const contact = v.object({ uri, name: string, subscribed: boolean, tag: boolean, groups: v.array(string) })

const member = v.object({ action: v.picklist(['add', 'delete']), type: string, value: string })

const rid = string
const inConference = { rid, confId: integer }

const METHODS = [
  v.object({ method: v.literal('logon'), user: maybe(string), password: maybe(string), uri: maybe(string) }),
  v.object({
    method: v.literal('initiateSession'),
    rid,
    localeId: maybe(integer),
    securityMode: maybe(v.picklist(['public', 'private'])),
    userStateAvailability: maybe(integer),
    autoPublishMachineState: maybe(boolean),
    autoSubscribePresenceForContacts: maybe(boolean),
    debug: maybe(boolean),
    signInData: maybe(string),
  }),
  v.object({ method: v.literal('terminateSession'), rid }),
  v.object({ method: v.picklist(['addContact', 'updateContact']), rid, contact }),
  v.object({ method: v.literal('deleteContact'), rid, uri }),
  v.object({ method: v.literal('addGroup'), rid, name: string, externalUri: maybe(string) }),
  v.object({ method: v.literal('updateGroup'), rid, id: string, name: string }),
  v.object({ method: v.literal('deleteGroup'), rid, id: string }),
  v.object({ method: v.literal('publishSelfPresence'), rid, categories: v.array(category) }),
  v.object({ method: v.picklist(['queryPresence', 'subscribePresence']), rid, uris }),
  v.object({ method: v.literal('updateContainer'), rid, id: integer, members: v.array(member) }),
  v.object({
    method: v.literal('search'),
    rid,
    firstName: maybe(string),
    lastName: maybe(string),
    displayName: maybe(string),
    emailAlias: maybe(string),
    function: maybe(v.picklist(['and', 'or'])),
  }),
  v.object({ method: v.literal('initiateImSession'), ...inConference, uris, message, subject: maybe(string) }),
  v.object({ method: v.picklist(['acceptImSession', 'terminateImSession']), ...inConference }),
  v.object({ method: v.literal('sendMessage'), ...inConference, message }),
  v.object({ method: v.literal('notifyComposing'), ...inConference, state: v.picklist(['composing', 'idle']) }),
  v.object({ method: v.literal('inviteParticipants'), ...inConference, uris }),
  v.object({ method: v.picklist(['ejectParticipant', 'promoteParticipant']), ...inConference, uri }),
] as const

const known = v.variant('method', METHODS)

const NAMES = new Set(
  METHODS.flatMap(({ entries }): readonly string[] =>
    entries.method.type === 'literal' ? [entries.method.literal] : entries.method.options,
  ),
)

/** As the codec itself prints one. */
const other = v.object({ method: v.literal('other'), name: string, rid: maybe(string), confId: maybe(integer) })

/** A method of another name, or of a shape that is not its own, which its `rid` makes answerable: kept by name. */
const unknown = v.pipe(
  v.object({
    method: string,
    rid: v.optional(v.fallback(v.optional(string), undefined)),
    confId: v.optional(v.fallback(v.optional(integer), undefined)),
  }),
  v.transform(({ method, rid, confId }) => ({
    method: 'other' as const,
    name: method,
    ...(rid === undefined ? {} : { rid }),
    ...(confId === undefined ? {} : { confId }),
  })),
)

export const method: v.GenericSchema<unknown, CwaMethod> = v.lazy((input) => {
  const { method: name, rid }: { method?: unknown; rid?: unknown } = Object(input)
  if (typeof name !== 'string') return known
  if (name === 'other') return other
  if (!NAMES.has(name)) return unknown
  return typeof rid !== 'string' || v.is(known, input) ? known : unknown
})
