import { BATCH_CHARACTERS, type Mail } from './batches.ts'
import type { Conversation, ImEvent } from './messaging.ts'

/**
 * Batches `first` to `seq` of a session, which its device gets as one.
 *
 * Only the newest of those batches may hold something that is said (a message, an invitation, an outcome …): what the
 * others leave behind is a state (presence, contacts), and a state may be shown twice. So what a device that has some of
 * them lacks can begin where it is (`after`), and shows it no message again.
 */
export interface Stretch {
  readonly first: number
  readonly seq: number
  /** Epoch milliseconds at which the newest of them was kept. */
  readonly at: number
  readonly events: readonly ImEvent[]
  /** Messages among them are not kept any more: the device gets `recovered: false`. */
  readonly cut?: true
}

/** A batch as it was just kept. */
export function stretchOf({ seq, events, cut }: Omit<Mail, 'upstream'>, at: number): Stretch {
  return { first: seq, seq, at, events, ...(cut && { cut }) }
}

/**
 * Those of a backlog, from its first on, that may go in one frame: `recovered: false` is said of a frame's first batch, so
 * that what is cut after something that is whole begins another.
 */
export function inOneFrame(stretches: readonly Stretch[]): readonly Stretch[] {
  const at = stretches.findIndex(({ cut }, index) => cut && index > 0 && !stretches[index - 1]?.cut)
  return at < 0 ? stretches : stretches.slice(0, at)
}

/** How much of a session is kept for a device that does not acknowledge: batches, and bytes of their JSON. */
export interface Bounds {
  readonly mailboxBatches: number
  readonly mailboxBytes: number
}

/** What changes a state and says nothing: a later one of the same kind makes it void, or it may be applied again. */
const STATES: ReadonlySet<ImEvent['kind']> = new Set([
  'presence',
  'own-presence',
  'contacts',
  'groups',
  'access',
  'subscribers',
  'typing',
  'members',
  'read',
])

function isSaid({ kind }: ImEvent): boolean {
  return !STATES.has(kind)
}

/** What a user waits for, and is woken for: not what the user said on another device. */
export function isWaitedFor(event: ImEvent): boolean {
  return event.kind === 'invitation' || event.kind === 'missed' || (event.kind === 'message' && event.own !== true)
}

const QUIET: ReadonlySet<ImEvent['kind']> = new Set([
  'presence',
  'own-presence',
  'typing',
  'members',
  'read',
  'subscribers',
])

/**
 * How long a batch of receipts may wait for what is posted next to its device, in milliseconds: a post of its own is a gateway
 * message for two marks beside a text. That the service has taken a send (✓) its answer says at once; that it arrived (✓✓)
 * may come two seconds later, and most replies, or that somebody types one, come within that and take the receipt along.
 */
export const RECEIPT_WAITS_MS = 2_000

/** When a batch is posted: at once; with what is posted next, after RECEIPT_WAITS_MS at the latest; or with that alone. */
export type Urgency = 'at-once' | 'soon' | 'with-next'

/** The device that a batch is for: whether a user looks at it, and of which conversations it has heard that they are connected. */
export interface Receiving {
  readonly attended: boolean
  readonly connected: ReadonlySet<Conversation>
}

/**
 * When a batch of these events is posted. A dormant device can do without what is quiet until something is said, or its
 * user is back.
 */
export function urgencyOf(events: readonly ImEvent[], { attended, connected }: Receiving): Urgency {
  const receipts = events.filter((event) => isReceipt(event, connected))
  const others = events.filter((event) => !isReceipt(event, connected))
  if (others.some(({ kind }) => !QUIET.has(kind))) return 'at-once'
  if (attended) return receipts.length === 0 || others.length > 0 ? 'at-once' : 'soon'
  return receipts.length > 0 ? 'soon' : 'with-next'
}

/** The first of a conversation is news: it may be all that says that the conversation is connected. */
function isReceipt(event: ImEvent, connected: ReadonlySet<Conversation>): boolean {
  return event.kind === 'delivered' && connected.has(event.conversation)
}

/** Whether nothing else is in it: what the device itself said has arrived. */
function isOnlyReceipts({ events, cut }: Stretch): boolean {
  return cut !== true && events.length > 0 && events.every(({ kind }) => kind === 'delivered')
}

/**
 * A backlog as a device that was away gets it: the last presence of each contact, no typing, and all that was said.
 * Quiet batches go with what follows them. The order of what is left is kept, and no stretch is too large for a frame.
 *
 * @param stretches consecutive, the oldest first
 */
export function collapsed(stretches: readonly Stretch[]): Stretch[] {
  // One alone was just kept: nothing has made it void yet, and receipts that waited for it make nothing void.
  if (stretches.filter((stretch) => !isOnlyReceipts(stretch)).length < 2) return [...stretches]
  return joined(withoutVoid(stretches, ({ kind }) => kind !== 'typing'))
}

/** What goes with the messages that are cut: it is theirs, or was an answer to a question. */
const OF_MESSAGES: ReadonlySet<ImEvent['kind']> = new Set([
  'message',
  'missed',
  'edited',
  'deleted',
  'left',
  'typing',
  'history',
  'found',
])

/**
 * A backlog within half its bounds: collapsed, and, where too much was said, without the oldest messages. What is cut
 * leaves behind what it changed: contacts, the last presence, conversations and invitations that are still open, and the
 * outcomes of what the device sent. States are not counted: a long contact list must not push messages out.
 */
export function bounded(stretches: readonly Stretch[], { mailboxBatches, mailboxBytes }: Bounds): Stretch[] {
  const whole = collapsed(stretches)
  let batches = mailboxBatches / 2
  let bytes = mailboxBytes / 2
  const cut = whole.findLastIndex((stretch) => {
    const said = stretch.events.filter(isSaid)
    if (said.length === 0) return false
    batches -= 1
    bytes -= sizeOf({ events: said })
    return batches < 0 || bytes < 0
  })
  return joined([...whatChanged(whole.slice(0, cut + 1)), ...whole.slice(cut + 1)])
}

export interface Size {
  readonly batches: number
  readonly bytes: number
}

/**
 * Whether a backlog of this size is to be bounded before more is kept.
 *
 * @param least what the last bounding left: it is not done again before the backlog has grown by half its bounds, since a
 * long contact list cannot be cut
 */
export function isOverBounds(held: Size, { mailboxBatches, mailboxBytes }: Bounds, least: Size): boolean {
  return isOver(held.batches, mailboxBatches, least.batches) || isOver(held.bytes, mailboxBytes, least.bytes)
}

function isOver(held: number, bound: number, least: number): boolean {
  return held > Math.max(bound, least + bound / 2)
}

export function sizesOf(stretches: readonly Stretch[]): Size {
  return { batches: stretches.length, bytes: stretches.reduce((sum, stretch) => sum + sizeOf(stretch), 0) }
}

/** Bytes of a stretch's events, as JSON. */
export function sizeOf({ events }: Pick<Stretch, 'events'>): number {
  return new TextEncoder().encode(JSON.stringify(events)).length
}

/**
 * What a device that has batch `seq` lacks of these. Where some of it is not kept any more, the rest begins with what
 * stands for all that is lost: nothing that the device can show, and that it is cut.
 *
 * @param stretches in order
 */
export function after(stretches: readonly Stretch[], seq: number): Stretch[] {
  const lacking = stretches
    .filter((stretch) => stretch.seq > seq)
    .map((stretch) => (stretch.first > seq ? stretch : { ...stretch, first: seq + 1 }))
  const from = lacking.findLastIndex(({ first }, index) => first > (lacking[index - 1]?.seq ?? seq) + 1)
  const next = lacking[from]
  return next === undefined ? lacking : [lost(seq, next.first - 1, next.at), ...lacking.slice(from)]
}

/**
 * What stands for batches of which nothing is kept any more.
 *
 * @param after the last batch that the device has
 * @param upTo the last one that is lost
 * @param at epoch milliseconds
 */
export function lost(after: number, upTo: number, at: number): Stretch {
  return { first: after + 1, seq: upTo, at, events: [], cut: true }
}

function whatChanged(cut: readonly Stretch[]): Stretch[] {
  const all = cut.flatMap(({ events }) => events)
  const ended = new Set(all.flatMap((event) => (isEnd(event) ? [event.conversation] : [])))
  const stays = (event: ImEvent) => {
    if (event.kind === 'invitation') return !ended.has(event.conversation)
    return !OF_MESSAGES.has(event.kind)
  }
  return withoutVoid(cut, stays).map((stretch) => ({ ...stretch, cut: true }))
}

function isEnd(event: ImEvent): event is Extract<ImEvent, { kind: 'conversation' }> {
  return event.kind === 'conversation' && event.state === 'ended'
}

/** Leaves out what does not stay, and states that a later event of the same contact makes void. */
function withoutVoid(stretches: readonly Stretch[], stays: (event: ImEvent) => boolean): Stretch[] {
  const seen = new Set<string>()
  const newestFirst = stretches.toReversed().map((stretch) => {
    const events = stretch.events.toReversed().filter((event) => {
      const about = stateOf(event)
      if (!stays(event) || seen.has(about ?? '')) return false
      // A change of a list stands beside another, and a whole list ends them all.
      if (about !== undefined && (!('whole' in event) || event.whole)) seen.add(about)
      return true
    })
    return { ...stretch, events: events.toReversed() }
  })
  return newestFirst.toReversed()
}

/** What an event is the state of; undefined where nothing later makes it void. */
function stateOf(event: ImEvent): string | undefined {
  if (event.kind === 'presence') return `of ${event.uri}`
  if (event.kind === 'access') return `for ${event.level}`
  if (event.kind === 'members') return `in ${event.conversation}`
  if (event.kind === 'read') return `by ${event.uri} in ${event.conversation}`
  const isOne = event.kind === 'own-presence' || event.kind === 'contacts' || event.kind === 'groups'
  return isOne ? event.kind : undefined
}

/** Puts quiet stretches together with what follows them. What was cut is all state: it is put together, and apart. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const done: Stretch[] = []
  let open: Stretch | undefined
  for (const stretch of stretches) {
    const both: Stretch | undefined = open?.cut === stretch.cut ? join(open, stretch) : undefined
    if (open !== undefined && both === undefined) done.push(open)
    open = both ?? stretch
    if (!isState(open)) {
      done.push(open)
      open = undefined
    }
  }
  return open === undefined ? done : [...done, open]
}

function isState({ events, cut }: Stretch): boolean {
  return cut === true || !events.some(isSaid)
}

/** Undefined where both together would be too much for a frame. */
function join(one: Stretch | undefined, next: Stretch): Stretch | undefined {
  if (one === undefined) return next
  const events = [...one.events, ...next.events]
  if (JSON.stringify(events).length > BATCH_CHARACTERS) return undefined
  return { ...next, first: one.first, events }
}
