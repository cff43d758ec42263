import * as v from 'valibot'
import { CAPABILITIES } from '../../../shared/rules/capabilities.ts'
import { ACCESS_LEVELS, AVAILABILITIES, ROLES, type ImEvent } from '../../../shared/rules/messaging.ts'
import { REFUSALS } from '../../../shared/rules/refusal.ts'
import type { ServiceFrame } from '../../../shared/wire/frames.ts'

/*
 * What the service says, as schemas. The device trusts what its own key opened and parses none of it, so the types in
 * shared/wire and shared/rules are the source; the end of this file holds the schemas to them, member by member. More
 * members may come later: these objects are open.
 */

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const availability = v.picklist(AVAILABILITIES)
const conversation = v.string()
const uri = v.string()
const at = v.exactOptional(v.number())
const note = v.exactOptional(v.string())
const several = v.exactOptional(v.literal(true))

function list<const Item extends v.GenericSchema>(item: Item) {
  return v.pipe(v.array(item), v.readonly())
}

/** One of the names of a table in the rules. */
function nameIn<const Table extends Record<string, unknown>>(table: Table) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a closed table
  return v.picklist(Object.keys(table) as (keyof Table & string)[])
}

const SAID = {
  from: uri,
  text: v.string(),
  id: v.exactOptional(v.string()),
  at,
  name: v.exactOptional(v.string()),
  own: v.exactOptional(v.literal(true)),
  as: v.exactOptional(v.picklist(['notice', 'emote'])),
}
const contact = v.object({ uri, name: v.string(), groups: list(v.string()) })
const group = v.object({ id: v.string(), name: v.string() })
const member = v.object({ uri, name: v.exactOptional(v.string()), role: v.exactOptional(v.picklist(ROLES)) })

/** Of each event's `kind`. */
export const imEvent = v.variant('kind', [
  v.object({ kind: v.literal('contacts'), whole: v.boolean(), contacts: list(contact), removed: list(uri) }),
  v.object({ kind: v.literal('access'), level: v.picklist(ACCESS_LEVELS), whole: v.boolean(), people: list(uri) }),
  v.object({ kind: v.literal('subscribers'), people: list(v.object({ uri, name: v.exactOptional(v.string()) })) }),
  v.object({ kind: v.literal('groups'), whole: v.boolean(), groups: list(group), removed: list(v.string()) }),
  v.object({ kind: v.literal('presence'), uri, name: v.exactOptional(v.string()), availability, note }),
  v.object({ kind: v.literal('own-presence'), availability, note }),
  v.object({
    kind: v.literal('invitation'),
    conversation,
    from: uri,
    name: v.exactOptional(v.string()),
    subject: v.exactOptional(v.string()),
    text: v.exactOptional(v.string()),
    several,
  }),
  v.object({
    kind: v.literal('conversation'),
    conversation,
    state: v.picklist(['incoming', 'connecting', 'connected', 'ended']),
    subject: v.exactOptional(v.string()),
    several,
  }),
  v.object({ kind: v.literal('message'), conversation, ...SAID }),
  v.object({
    kind: v.literal('missed'),
    from: uri,
    text: v.string(),
    at,
    name: v.exactOptional(v.string()),
    as: SAID.as,
  }),
  v.object({ kind: v.literal('edited'), conversation, message: v.string(), text: v.string(), at }),
  v.object({ kind: v.literal('deleted'), conversation, message: v.string() }),
  v.object({ kind: v.literal('read'), conversation, message: v.string(), uri, at }),
  v.object({ kind: v.literal('members'), conversation, whole: v.boolean(), members: list(member) }),
  v.object({ kind: v.literal('typing'), conversation, typing: v.boolean(), from: v.exactOptional(uri) }),
  v.object({ kind: v.literal('left'), conversation, uri, by: v.exactOptional(uri) }),
  v.object({ kind: v.literal('delivered'), conversation, number: v.exactOptional(whole) }),
  v.object({ kind: v.literal('not-delivered'), conversation, number: v.exactOptional(whole), reason: v.string() }),
  v.object({ kind: v.literal('done'), number: whole }),
  v.object({ kind: v.literal('failed'), number: v.exactOptional(whole), reason: v.string() }),
  v.object({
    kind: v.literal('history'),
    number: whole,
    conversation,
    messages: list(v.object(SAID)),
    before: v.exactOptional(v.string()),
  }),
  v.object({
    kind: v.literal('found'),
    number: whole,
    people: list(v.object({ uri, name: v.string() })),
    more: v.boolean(),
  }),
])

export const batch = v.object({ first: v.exactOptional(whole), seq: whole, events: list(imEvent) })

const session = v.string()
const code = nameIn(REFUSALS)
const next = v.picklist(['fix', 'ask-user', 'login', 'retry'])

/** Of each frame's `type`. */
export const serviceFrame = v.variant('type', [
  v.object({
    type: v.literal('accepted'),
    session,
    uri,
    steps: list(v.string()),
    statusIntervalMs: v.number(),
    capabilities: list(nameIn(CAPABILITIES)),
    batches: list(batch),
  }),
  v.object({
    type: v.literal('sent'),
    number: whole,
    conversation: v.exactOptional(conversation),
    message: v.exactOptional(v.string()),
    events: v.exactOptional(list(imEvent)),
  }),
  v.object({ type: v.literal('events'), session, batches: list(batch), more: v.boolean(), recovered: v.boolean() }),
  v.object({ type: v.literal('heard'), session }),
  v.object({ type: v.literal('bye'), session }),
  v.object({
    type: v.literal('enrolled'),
    device: v.string(),
    transportKey: v.string(),
    user: v.exactOptional(v.string()),
  }),
  v.object({ type: v.literal('subscribed'), key: v.string() }),
  v.object({
    type: v.literal('refused'),
    code,
    reason: v.string(),
    next,
    retryAfterMs: v.exactOptional(v.number()),
    heard: v.exactOptional(v.number()),
  }),
  v.object({ type: v.literal('ended'), session, code, reason: v.string(), next }),
])

/** Without `readonly`, and with what is put together taken apart: only then can two types be compared for being the same. */
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [Member in keyof T]: Plain<T[Member]> }
    : T
type Same<A, B> =
  (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2
    ? true
    : 'a schema and its type differ'

// Where the next lines do not compile, a frame or an event has another member here than in shared/wire or shared/rules.
true satisfies Same<v.InferOutput<typeof imEvent>, ImEvent>
true satisfies Same<v.InferOutput<typeof serviceFrame>, ServiceFrame>
