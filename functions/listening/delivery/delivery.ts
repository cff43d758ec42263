import { collapsed, type Stretch } from '../../../shared/rules/backlog.ts'
import type { Open } from '../../../shared/rules/seat.ts'
import { acknowledged, expect, isDueAgain, mayWake, wakeUp } from './awaiting.ts'
import {
  add,
  flush,
  next,
  noteReceipts,
  outbox,
  settled,
  soon,
  take,
  urgencyNow,
  type DeliveryParts,
  type Outbox,
} from './outbox.ts'
import { post } from './posting.ts'

/** What is in a session's mailbox, on its way to the device. */
export interface Delivery {
  /** The seat as it was last seen. */
  readonly seat: () => Open
  /** Posts what was just kept, if it is urgent, with what waited for that. Receipts go after RECEIPT_WAITS_MS at the latest. */
  readonly kept: (stretches: readonly Stretch[]) => void
  /** Goes on where another listener stopped, with what the device had not acknowledged: at once, or should it not do so soon. */
  readonly goOn: (unacknowledged: readonly Stretch[], when: 'now' | 'later') => void
  /** Takes note of the seat as it is now: another connection, another acknowledgement, a user who is back. */
  readonly moved: (seat: Open) => void
  /** Resolves once no post is under way. */
  readonly idle: () => Promise<void>
  /** Posts the receipts that still wait, and resolves once no post is under way. */
  readonly stop: () => Promise<void>
}

/** How much earlier than a device's poll something may have been kept and still not be in the answer: clocks differ. */
const SKEW_MS = 5_000

/**
 * Posts of one session go one after the other, and never make the listening wait or fail. What is not posted here the
 * device gets by its next poll: the mailbox has it.
 */
export function delivery(first: Open, parts: DeliveryParts): Delivery {
  const { clock } = parts
  const own = outbox(first, parts)
  const { place } = own
  return {
    seat: () => place.seat,
    kept(stretches) {
      expect(own.awaited, stretches, clock.now())
      const urgency = urgencyNow(own, stretches)
      noteReceipts(own, stretches)
      if (place.seat.coverage === 'out') {
        take(own)
        // A receipt, too, is worth a look: the device has just said something.
        if (urgency !== 'with-next') next(own, async () => lookForDevice(own))
        return
      }
      add(own, stretches, urgency)
    },
    goOn(unacknowledged, when) {
      own.awaited.batches = []
      expect(own.awaited, unacknowledged, clock.now())
      take(own)
      // Not measured: how long it waited for a device that was away, or for this listener, says nothing of a post.
      if (when === 'now') next(own, async () => post(collapsed(unacknowledged), place, parts))
      // Who kept them posts them, if it lives to; messages that nothing acknowledges are posted again, and receipts are not.
      else if (unacknowledged.some(hasReceipt)) soon(own, () => postAgain(own, () => true))
    },
    moved(seat) {
      const now = clock.now()
      acknowledged(own.awaited, seat.acked)
      takeNote(own, seat)
      if (isDueAgain(own.awaited, seat, now)) postAgain(own, () => true)
      if (mayWake(own.awaited, seat, now)) next(own, async () => wakeUp(own.awaited, place, now, parts))
    },
    idle: async () => settled(own),
    async stop() {
      own.receipts?.post()
      await settled(own)
    },
  }
}

function hasReceipt({ events }: Stretch): boolean {
  return events.some(({ kind }) => kind === 'delivered')
}

function postAgain(own: Outbox, isLacking: (stretch: Stretch) => boolean): void {
  const { session, parts, place } = own
  take(own)
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
  else if (urgencyNow(own, own.unposted) === 'at-once') flush(own)
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
