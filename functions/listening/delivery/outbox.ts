import type { Clock } from '../../../shared/clock.ts'
import { collapsed, RECEIPT_WAITS_MS, urgencyOf, type Stretch, type Urgency } from '../../../shared/rules/backlog.ts'
import type { Conversation } from '../../../shared/rules/messaging.ts'
import { isAttended, type Open } from '../../../shared/rules/seat.ts'
import type { Mailbox } from '../../../shared/store/mailbox.ts'
import { awaiting, type Awaiting, type AwaitingParts } from './awaiting.ts'
import { log, why } from '../../envelope/log.ts'
import { post, type PostingParts, type Whereabouts } from './posting.ts'

export interface DeliveryParts extends PostingParts, AwaitingParts {
  readonly clock: Clock
  readonly mailbox: Mailbox
}

/** What is on its way to one device. */
export interface Outbox {
  readonly session: string
  readonly parts: DeliveryParts
  readonly place: Whereabouts
  readonly awaited: Awaiting
  /** Consecutive, the oldest first. */
  unposted: readonly Stretch[]
  /** Posts the receipts that wait, or keeps them from going by themselves; undefined where none waits. */
  receipts: { readonly post: () => void; readonly cancel: () => void } | undefined
  /** Conversations in which something arrived that the device said. */
  readonly connected: Set<Conversation>
  /** The last post, which the next one waits for. */
  last: Promise<void>
}

export function outbox(first: Open, parts: DeliveryParts): Outbox {
  return {
    session: first.session,
    parts,
    place: { seat: first },
    awaited: awaiting(),
    unposted: [],
    receipts: undefined,
    connected: new Set(),
    last: Promise.resolve(),
  }
}

/*
 *   device     send ── ✓                              ✓✓ and the reply, in one frame
 *   listener               receipt: waits ── the reply: posts both
 *   listener               receipt: waits ───────────────────────── 2 s are over: posts it alone
 */

/** Posts them now, or once something else is posted, as they are urgent. */
export function add(own: Outbox, stretches: readonly Stretch[], urgency: Urgency): void {
  own.unposted = collapsed([...own.unposted, ...stretches])
  if (urgency === 'at-once') flush(own)
  else if (urgency === 'soon') soon(own, () => flush(own))
}

/** Receipts wait, from now on or since another one came: unless they went with something, `post` is to post them. */
export function soon(own: Outbox, post: () => void): void {
  own.receipts ??= { post, cancel: own.parts.clock.after(RECEIPT_WAITS_MS, post) }
}

/** Does something once all that was begun before has been done. What it throws is logged: listening goes on. */
export function next(own: Outbox, step: () => Promise<void>): void {
  own.last = own.last.then(step).catch((thrown: unknown) => {
    log('device not reached', { session: own.session, connection: own.place.seat.connection, why: why(thrown) })
  })
}

/** A step may have another one follow it. */
export async function settled(own: Outbox): Promise<void> {
  for (let seen: Promise<void> | undefined; seen !== own.last;) {
    seen = own.last
    await seen
  }
}

export function flush(own: Outbox): void {
  if (own.unposted.length === 0) return
  next(own, async () => {
    await post(take(own), own.place, own.parts, (posted) => measureTime(posted, own))
  })
}

/** @returns what was to be posted, which from now on is up to the caller */
export function take(own: Outbox): readonly Stretch[] {
  const { unposted, receipts } = own
  receipts?.cancel()
  own.receipts = undefined
  own.unposted = []
  return unposted
}

/** How urgent they are to the device as it is now. */
export function urgencyNow({ place, parts, connected }: Outbox, stretches: readonly Stretch[]): Urgency {
  const attended = isAttended(place.seat, parts.clock.now())
  return urgencyOf(
    stretches.flatMap(({ events }) => events),
    { attended, connected },
  )
}

/** From then on a receipt is nothing but that. */
export function noteReceipts({ connected }: Outbox, stretches: readonly Stretch[]): void {
  for (const event of stretches.flatMap(({ events }) => events)) {
    if (event.kind === 'delivered') connected.add(event.conversation)
  }
}

/** For what is posted the first time. What is posted again waited for its device, and receipts wait on purpose. */
function measureTime(posted: readonly Stretch[], { connected, parts: { clock, measure } }: Outbox): void {
  const prompt = posted.filter(({ events }) => urgencyOf(events, { attended: false, connected }) !== 'soon')
  for (const { at } of prompt) measure('EventToDevice', Math.max(0, clock.now() - at))
}
