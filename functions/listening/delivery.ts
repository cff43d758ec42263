import type { Clock } from '../../shared/clock.ts'
import { collapsed, isQuiet, type Stretch } from '../../shared/rules/backlog.ts'
import { isAttended, type Open } from '../../shared/rules/seat.ts'
import type { Mailbox } from '../../shared/store/mailbox.ts'
import { acknowledged, awaiting, expect, isDueAgain, mayWake, wakeUp, type AwaitingParts } from './awaiting.ts'
import { log, why } from '../envelope/log.ts'
import { post, type PostingParts, type Whereabouts } from './posting.ts'

export interface DeliveryParts extends PostingParts, AwaitingParts {
  readonly clock: Clock
  readonly mailbox: Mailbox
}

/** What is in a session's mailbox, on its way to the device. */
export interface Delivery {
  /** The seat as it was last seen. */
  readonly seat: () => Open
  /** Tells what was just kept, or, to a device that nobody looks at, only what cannot wait. */
  readonly kept: (stretches: readonly Stretch[]) => void
  /** Goes on where another listener stopped, with what the device had not acknowledged: at once, or should it not do so soon. */
  readonly goOn: (unacknowledged: readonly Stretch[], when: 'now' | 'later') => void
  /** Takes note of the seat as it is now: another connection, another acknowledgement, a user who is back. */
  readonly moved: (seat: Open) => void
  /** Resolves once nothing is being told any more. */
  readonly idle: () => Promise<void>
}

/** How much earlier than a device's poll something may have been kept and still not be in the answer: clocks differ. */
const SKEW_MS = 5_000

/**
 * Posts of one session go one after the other, and never make the listening wait or fail. What is not posted here the
 * device gets by its next poll: the mailbox has it.
 */
export function delivery(first: Open, parts: DeliveryParts): Delivery {
  const { clock, mailbox } = parts
  const { session } = first
  const place: Whereabouts = { seat: first }
  const awaited = awaiting()
  let unposted: readonly Stretch[] = []
  let last = Promise.resolve()

  const next = (step: () => Promise<void>) => {
    last = last.then(step).catch((thrown: unknown) => {
      log('device not told', { session, connection: place.seat.connection, why: why(thrown) })
    })
  }
  const flush = () => {
    if (unposted.length === 0) return
    next(async () => {
      const stretches = unposted
      unposted = []
      await post(stretches, place, parts, (posted) => measureTime(posted, parts))
    })
  }
  const postAgain = (isLacking: (stretch: Stretch) => boolean) => {
    unposted = []
    next(async () => {
      const lacking = (await mailbox.after(session, place.seat.acked)).filter(isLacking)
      await post(collapsed(lacking), place, parts)
    })
  }

  return {
    seat: () => place.seat,
    kept(stretches) {
      expect(awaited, stretches, clock.now())
      unposted = place.seat.coverage === 'out' ? [] : collapsed([...unposted, ...stretches])
      if (isAttended(place.seat, clock.now()) || !stretches.every(({ events }) => isQuiet(events))) flush()
    },
    goOn(unacknowledged, when) {
      awaited.batches = []
      expect(awaited, unacknowledged, clock.now())
      unposted = []
      // Not measured: how long it waited for a device that was away, or for this listener, says nothing of a post.
      if (when === 'now') next(async () => post(collapsed(unacknowledged), place, parts))
    },
    moved(seat) {
      const before = place.seat
      place.seat = seat
      const now = clock.now()
      acknowledged(awaited, seat.acked)
      const isElsewhere = seat.connection !== before.connection || seat.coverage !== before.coverage
      // The device polled over it, and has what was kept by then; what came since went to the old one.
      if (isElsewhere && seat.coverage === 'in') postAgain(({ at }) => at >= seat.lastHeardAt - SKEW_MS)
      else if (isAttended(seat, now)) flush()
      if (isDueAgain(awaited, seat, now)) postAgain(() => true)
      if (mayWake(awaited, seat, now)) next(async () => wakeUp(awaited, place, now, parts))
    },
    idle: () => last,
  }
}

/** For what is posted the first time. What is posted again waited for its device, and not for us. */
function measureTime(posted: readonly Stretch[], { clock, measure }: DeliveryParts): void {
  for (const { at } of posted) measure('EventToDevice', Math.max(0, clock.now() - at))
}
