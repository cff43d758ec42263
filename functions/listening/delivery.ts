import { collapsed, isQuiet, isWaitedFor, type Stretch } from '../../shared/rules/backlog.ts'
import { fitting, PUSH_BYTES } from '../../shared/rules/batches.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Measure } from '../../shared/rules/measures.ts'
import { isAttended, isBeingWoken, type Open } from '../../shared/rules/seat.ts'
import type { Configuration } from '../../shared/store/configuration/configuration.ts'
import type { Mailbox } from '../../shared/store/mailbox.ts'
import type { Seats } from '../../shared/store/seats/seats.ts'
import { batchOf } from '../session/batch.ts'
import { log, why } from '../envelope/log.ts'
import type { Push } from '../session/push.ts'
import type { Wake } from './waking-event.ts'

export interface DeliveryParts {
  readonly clock: Clock
  readonly seats: Seats
  readonly mailbox: Mailbox
  readonly configuration: Configuration
  readonly push: Push
  readonly wake: Wake
  readonly measure: Measure
  /** A number from 0 up to, but not including, 1. */
  readonly random: () => number
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

/**
 * How long what was said may stay unacknowledged before it is told again, in milliseconds: a post that went well may
 * have gone into a dead socket. A device acknowledges within 15 s. Each next time it takes twice as long.
 */
const AGAIN_MS = 20_000

/** How long after a wake-up that nobody took the next is tried, in milliseconds. */
const WAKE_AGAIN_MS = 60_000

/** How much earlier than a device's poll something may have been kept and still not be in the answer: clocks differ. */
const SKEW_MS = 5_000

/** What the device has not acknowledged, as far as it is waited for. */
interface Waiting {
  readonly seq: number
  readonly at: number
  readonly count: number
}

/**
 * Posts of one session go one after the other, and never make the listening wait or fail. Whatever is not told here the
 * device gets by its next poll: the mailbox has it.
 */
export function delivery(first: Open, parts: DeliveryParts): Delivery {
  const { clock, seats, mailbox, configuration, push, wake, random, measure } = parts
  const { session, device } = first
  let seat = first
  let untold: readonly Stretch[] = []
  let waiting: readonly Waiting[] = []
  let told = Promise.resolve()
  let again = { at: 0, times: 0 }
  let wakeAt = 0

  function next(step: () => Promise<void>): void {
    told = told.then(step).catch((thrown: unknown) => {
      log('device not told', { session, connection: seat.connection, why: why(thrown) })
    })
  }

  function flush(): void {
    if (untold.length === 0) return
    next(async () => {
      const stretches = untold
      untold = []
      await post(stretches, note)
    })
  }

  /** For what is posted the first time. What is posted again waited for its device, and not for us. */
  const note = (told: readonly Stretch[]) => {
    for (const { at } of told) measure('EventToDevice', Math.max(0, clock.now() - at))
  }

  async function post(stretches: readonly Stretch[], posted: (told: readonly Stretch[]) => void = () => {}) {
    let left = stretches
    while (left.length > 0 && seat.coverage === 'in') {
      const { batches } = fitting(left.map(batchOf), PUSH_BYTES)
      const now = left.slice(0, batches.length)
      const recovered = !now.some(({ cut }) => cut)
      const frame = { type: 'events', session, batches, more: false, recovered } as const
      const to = seat
      if (!(await push(frame, to, now.at(-1)?.seq ?? 0))) {
        await connectionGone(to)
        continue
      }
      left = left.slice(batches.length)
      posted(now)
      if (!recovered) measure('Resumes', 1, 'false')
    }
  }

  /*
   * It may only be the old one, where the device has come on another since:
   *
   *   post    to c1 ……………………… gone ── is c1 still the seat's? no ── goes on over c2
   *   device         poll over c2
   *   look                   moved: c2                                 a device that is there, and taken to be gone
   */
  async function connectionGone(gone: Open): Promise<void> {
    const isOver = await seats.outOfCoverage(session, gone.connection)
    const now = isOver ? undefined : await seats.at(gone.number, { consistent: true })
    if (seat.connection !== gone.connection) return
    const isElsewhere = now?.state === 'open' && now.session === session && now.connection !== gone.connection
    if (isOver) log('out of coverage', { session, device })
    seat = isElsewhere ? now : { ...seat, coverage: 'out' }
  }

  function expect(stretches: readonly Stretch[]): void {
    const news = stretches.map(({ seq, at, events, cut }) => {
      const said = events.filter(isWaitedFor).length
      // What was cut had messages: that they are lost is waited for no less, and all that a later listener sees of them.
      return { seq, at, count: cut ? said + 1 : said }
    })
    if (waiting.length === 0) again = { at: clock.now() + AGAIN_MS, times: 0 }
    waiting = [...waiting, ...news.filter(({ count }) => count > 0)]
  }

  function tellFrom(isLacking: (stretch: Stretch) => boolean): void {
    untold = []
    next(async () => post(collapsed((await mailbox.after(session, seat.acked)).filter(isLacking))))
  }

  function tellAgain(now: number): void {
    if (waiting.length === 0 || seat.coverage === 'out' || now < again.at) return
    again = { at: now + AGAIN_MS * 2 ** (again.times + 1), times: again.times + 1 }
    tellFrom(() => true)
  }

  function wakeUp(now: number): void {
    const [oldest] = waiting
    if (oldest === undefined || isBeingWoken(seat, now) || now < wakeAt) return
    next(async () => {
      const { wakeAfterMs } = await configuration.settings(now)
      // A device that is back has just been told, and acknowledges with one of its next frames.
      const since = Math.max(oldest.at, seat.lastHeardAt)
      if (now - since < wakeAfterMs) return
      const wokenAt = now + random()
      if (!(await seats.waking(seat, wokenAt))) return
      seat = { ...withoutWaking(seat), wokenAt }
      const count = waiting.reduce((sum, each) => sum + each.count, 0)
      log('waking', { session, device, count })
      await wake({ session, device, count, since: oldest.at }).catch(async (thrown: unknown) => {
        wakeAt = now + WAKE_AGAIN_MS
        await seats.notWoken(session, wokenAt)
        seat = withoutWaking(seat)
        throw thrown
      })
      await seats.woken(session, wokenAt)
    })
  }

  return {
    seat: () => seat,
    kept(stretches) {
      expect(stretches)
      untold = collapsed([...untold, ...stretches])
      if (seat.coverage === 'out') untold = []
      else if (isAttended(seat, clock.now()) || !stretches.every(({ events }) => isQuiet(events))) flush()
    },
    goOn(unacknowledged, when) {
      waiting = []
      expect(unacknowledged)
      untold = []
      // Not measured: how long it waited for a device that was away, or for this listener, says nothing of a post.
      if (when === 'now') next(async () => post(collapsed(unacknowledged)))
    },
    moved(now) {
      const before = seat
      seat = now
      waiting = waiting.filter(({ seq }) => seq > now.acked)
      const isElsewhere = now.connection !== before.connection || now.coverage !== before.coverage
      // The device polled over it, and has what was kept by then; what came since went to the old one.
      if (isElsewhere && now.coverage === 'in') tellFrom(({ at }) => at >= now.lastHeardAt - SKEW_MS)
      else if (isAttended(now, clock.now())) flush()
      tellAgain(clock.now())
      wakeUp(clock.now())
    },
    idle: () => told,
  }
}

function withoutWaking({ wokenAt: _wokenAt, woken: _woken, ...seat }: Open): Open {
  return seat
}
