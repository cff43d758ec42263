import type { Clock } from '../../../shared/clock.ts'
import { collapsed, isQuiet, type Stretch } from '../../../shared/rules/backlog.ts'
import { isAttended, type Open } from '../../../shared/rules/seat.ts'
import type { Mailbox } from '../../../shared/store/mailbox.ts'
import {
  acknowledged,
  awaiting,
  expect,
  isDueAgain,
  mayWake,
  wakeUp,
  type Awaiting,
  type AwaitingParts,
} from './awaiting.ts'
import { log, why } from '../../envelope/log.ts'
import { post, type PostingParts, type Whereabouts } from './posting.ts'

export interface DeliveryParts extends PostingParts, AwaitingParts {
  readonly clock: Clock
  readonly mailbox: Mailbox
}

/** What is in a session's mailbox, on its way to the device. */
export interface Delivery {
  /** The seat as it was last seen. */
  readonly seat: () => Open
  /** Posts what was just kept, or, to a device that its user does not look at, only what cannot wait. */
  readonly kept: (stretches: readonly Stretch[]) => void
  /** Goes on where another listener stopped, with what the device had not acknowledged: at once, or should it not do so soon. */
  readonly goOn: (unacknowledged: readonly Stretch[], when: 'now' | 'later') => void
  /** Takes note of the seat as it is now: another connection, another acknowledgement, a user who is back. */
  readonly moved: (seat: Open) => void
  /** Resolves once no post is under way. */
  readonly idle: () => Promise<void>
}

/** How much earlier than a device's poll something may have been kept and still not be in the answer: clocks differ. */
const SKEW_MS = 5_000

/** What is on its way to one device. */
interface Outbox {
  readonly session: string
  readonly parts: DeliveryParts
  readonly place: Whereabouts
  readonly awaited: Awaiting
  unposted: readonly Stretch[]
  /** The last post, which the next one waits for. */
  last: Promise<void>
}

/**
 * Posts of one session go one after the other, and never make the listening wait or fail. What is not posted here the
 * device gets by its next poll: the mailbox has it.
 */
export function delivery(first: Open, parts: DeliveryParts): Delivery {
  const { clock } = parts
  const place: Whereabouts = { seat: first }
  const own: Outbox = {
    session: first.session,
    parts,
    place,
    awaited: awaiting(),
    unposted: [],
    last: Promise.resolve(),
  }
  return {
    seat: () => place.seat,
    kept(stretches) {
      expect(own.awaited, stretches, clock.now())
      const isUrgent = !stretches.every(({ events }) => isQuiet(events))
      const isOut = place.seat.coverage === 'out'
      own.unposted = isOut ? [] : collapsed([...own.unposted, ...stretches])
      if (isOut && isUrgent) next(own, async () => lookForDevice(own))
      else if (isUrgent || isAttended(place.seat, clock.now())) flush(own)
    },
    goOn(unacknowledged, when) {
      own.awaited.batches = []
      expect(own.awaited, unacknowledged, clock.now())
      own.unposted = []
      // Not measured: how long it waited for a device that was away, or for this listener, says nothing of a post.
      if (when === 'now') next(own, async () => post(collapsed(unacknowledged), place, parts))
    },
    moved(seat) {
      const now = clock.now()
      acknowledged(own.awaited, seat.acked)
      takeNote(own, seat)
      if (isDueAgain(own.awaited, seat, now)) postAgain(own, () => true)
      if (mayWake(own.awaited, seat, now)) next(own, async () => wakeUp(own.awaited, place, now, parts))
    },
    idle: async () => settled(own),
  }
}

function next(own: Outbox, step: () => Promise<void>): void {
  own.last = own.last.then(step).catch((thrown: unknown) => {
    log('device not reached', { session: own.session, connection: own.place.seat.connection, why: why(thrown) })
  })
}

/** A step may have another one follow it. */
async function settled(own: Outbox): Promise<void> {
  for (let seen: Promise<void> | undefined; seen !== own.last;) {
    seen = own.last
    await seen
  }
}

function flush(own: Outbox): void {
  if (own.unposted.length === 0) return
  next(own, async () => {
    const stretches = own.unposted
    own.unposted = []
    await post(stretches, own.place, own.parts, (posted) => measureTime(posted, own.parts))
  })
}

function postAgain(own: Outbox, isLacking: (stretch: Stretch) => boolean): void {
  const { session, parts, place } = own
  own.unposted = []
  next(own, async () => {
    const lacking = (await parts.mailbox.after(session, place.seat.acked)).filter(isLacking)
    await post(collapsed(lacking), place, parts)
  })
}

function takeNote(own: Outbox, seat: Open): void {
  const before = own.place.seat
  own.place.seat = seat
  const isElsewhere = seat.connection !== before.connection || seat.coverage !== before.coverage
  // The device polled over it, and has what was kept by then; what came since went to the old one.
  if (isElsewhere && seat.coverage === 'in') postAgain(own, ({ at }) => at >= seat.lastHeardAt - SKEW_MS)
  else if (isAttended(seat, own.parts.clock.now())) flush(own)
}

/*
 *   device     connects, polls: in coverage over c2
 *   listener                                         a message: out, it thinks ── looks: c2 ── post to c2
 *   listener                                                                                     … its next look: c2
 *
 * A read unit for each message to a device that is away, and up to a round of the listener less to wait for one that is back.
 */
async function lookForDevice(own: Outbox): Promise<void> {
  const { seat: known } = own.place
  const seen = await own.parts.seats.at(known.number, { consistent: true })
  if (seen?.state !== 'open' || seen.session !== own.session || seen.coverage === 'out') return
  // How much of it counts as acknowledged is known to the one who knows how much there is.
  if (own.place.seat.coverage === 'out') takeNote(own, { ...seen, acked: own.place.seat.acked })
}

/** For what is posted the first time. What is posted again waited for its device, and not for us. */
function measureTime(posted: readonly Stretch[], { clock, measure }: DeliveryParts): void {
  for (const { at } of posted) measure('EventToDevice', Math.max(0, clock.now() - at))
}
