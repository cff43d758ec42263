import { setTimeout as pause } from 'node:timers/promises'
import { pollWait, type CwaClient } from '../../shared/cwa/client.ts'
import { Unanswered } from '../../shared/cwa/exchange.ts'
import { CwaFault } from '../../shared/cwa/faults.ts'
import { eventsOf } from '../../shared/cwa/messaging.ts'
import type { Connections } from '../../shared/gateway/connections.ts'
import { inBatches, lastEid, type Cursor, type Mail } from '../../shared/rules/batches.ts'
import type { Open } from '../../shared/rules/seat.ts'
import type { Configuration } from '../../shared/store/configuration.ts'
import type { SessionStores } from './stores.ts'
import { log, why } from './log.ts'
import { newsReader, type News } from './news.ts'
import { push } from './push.ts'

export interface FollowingParts extends Omit<SessionStores, 'outlooks'> {
  readonly configuration: Configuration
  readonly connections: Connections
  readonly cwa: CwaClient
}

/** One session that is listened for. */
export interface Following {
  /** Takes note of the seat as it is now: a new connection gets what its device has not acknowledged. */
  readonly moved: (seat: Open) => void
  /** Stops listening and keeps how far it came, for whoever goes on. */
  readonly stop: () => Promise<void>
  /** Why the session ended upstream; undefined where it was stopped. */
  readonly ended: Promise<string | undefined>
}

/** Pause before the same GET is tried again, in milliseconds: doubles from the first to the last, with full jitter. */
const AGAIN_MS = { first: 500, last: 60_000 } as const
/**
 * How many answers in a row that are no use end a session. One alone may be a gateway's HTML page, or cut off on the
 * way; asking for the same events again loses nothing.
 */
const GIVE_UP_AFTER = 3

/**
 * Listens upstream for one session: GET, keep in the mailbox, tell the device, acknowledge with the next GET.
 *
 *   GET ackId=7 ── events 8, 9 ── append (seq 4, ackId 9) ✔ ── post ── GET ackId=9
 *                              ╰─ dies here: 8 and 9 come again    ╰─ dies here: the device polls after 3
 *                              ╰─ append ✘: another listener kept them; go on after what is kept
 */
export function follow(first: Open, parts: FollowingParts): Following {
  const { seats, sessions, mailbox, cwa } = parts
  const aborted = new AbortController()
  const { signal } = aborted
  const { session } = first
  let seat = first
  let upstream = { sid: '', ticket: '' }
  let cursor: Cursor = { seq: 0, ackId: 0, eid: 0 }
  let telling = Promise.resolve()
  let repeating = false
  const newsIn = newsReader()

  const start = async () => {
    const [known, last] = await Promise.all([sessions.read(session), mailbox.last(session)])
    if (known === undefined) throw new CwaFault('give-up', 'the session is not in the cache of the connectivity')
    upstream = known
    cursor = last !== undefined && last.seq > known.cursor.seq ? last : known.cursor
    // What another listener kept and did not live to tell.
    if (seat.acked < cursor.seq) tellNext(() => mailbox.after(session, seat.acked))
  }

  const tell = async (mail: readonly Mail[]) => {
    for (const { seq, events } of mail) {
      if (seat.coverage === 'out') return
      const frame = { type: 'events', session, batches: [{ seq, events }], more: false, recovered: true } as const
      if (await push(frame, seat, seq, parts)) continue
      await seats.outOfCoverage(session, seat.connection)
      seat = outOfCoverage(seat)
    }
  }
  // Posts of one session go one after the other, and never make the listening wait or fail.
  const tellNext = (mail: () => Promise<readonly Mail[]>) => {
    telling = telling
      .then(async () => tell(await mail()))
      .catch((thrown: unknown) => log('device not told', { session, connection: seat.connection, why: why(thrown) }))
  }

  const keep = async (mail: readonly Mail[]): Promise<boolean> => {
    for (const batch of mail) if (!(await mailbox.append(session, batch, Date.now()))) return false
    return true
  }

  const once = async () => {
    const active = seat.active && seat.coverage === 'in'
    const brought = await cwa.poll(upstream, { ackId: cursor.ackId, active, signal })
    if (brought.ticket !== upstream.ticket) {
      // First kept, then used: should the write fail, the next answer brings the ticket again.
      const renewed = await sessions.renew(session, { was: upstream.ticket, now: brought.ticket })
      const newest = renewed ? brought.ticket : (await sessions.read(session))?.ticket
      upstream = { ...upstream, ticket: newest ?? brought.ticket }
    }
    const news = newsIn(brought.events, cursor.eid)
    noteLies(news)
    const arrived = news.events.map((event) => ({ eid: event.eid, events: eventsOf(event) }))
    const before = cursor.eid
    const mail = inBatches(arrived, brought.ackId, cursor).map((batch) => ({
      ...batch,
      eid: Math.max(batch.eid, before),
    }))
    if (!(await keep(mail))) return start()
    cursor = { seq: mail.at(-1)?.seq ?? cursor.seq, ackId: brought.ackId, eid: lastEid(arrived, cursor.eid) }
    if (mail.length > 0) tellNext(async () => mail)
    await pause(pollWait(brought.pollWaitTime), undefined, { signal })
  }

  /** A server that does not count as it should is not argued with, but it is noted: once, not with each answer. */
  const noteLies = ({ repeats, skipped }: Pick<News, 'repeats' | 'skipped'>) => {
    if (repeats > 0 && !repeating) log('events came again, and were dropped', { session, repeats })
    if (skipped > 0) log('event numbers were left out upstream', { session, skipped })
    repeating = repeats > 0
  }

  /** A ticket that is refused may just be an old one, where another function was told the next. */
  const hasNewerTicket = async (): Promise<boolean> => {
    const known = await sessions.read(session)
    if (known === undefined || known.ticket === upstream.ticket) return false
    upstream = known
    return true
  }

  const isOver = async (fault: CwaFault, inARow: number): Promise<boolean> => {
    if (fault.kind === 'sign-in') return !(await hasNewerTicket())
    return fault.kind === 'give-up' && inARow >= GIVE_UP_AFTER
  }

  const run = async (): Promise<string | undefined> => {
    let failures = 0
    let useless = 0
    while (!signal.aborted) {
      try {
        if (upstream.sid === '') await start()
        await once()
        failures = 0
        useless = 0
      } catch (thrown) {
        if (signal.aborted) break
        const fault = thrown instanceof CwaFault ? thrown : undefined
        useless = fault?.kind === 'give-up' ? useless + 1 : 0
        if (fault && (await isOver(fault, useless).catch(() => false))) return fault.message
        // A GET that was held for longer than this side waits is no failure: the next follows at once.
        failures = fault instanceof Unanswered ? 0 : failures + 1
        log('listening failed', { session, failures, why: why(thrown) })
        await pause(backOff(failures, fault?.retryAfterMs), undefined, { signal }).catch(() => {})
      }
    }
    return undefined
  }

  const ended = run()
  return {
    moved(now) {
      const another = now.connection !== seat.connection || (now.coverage === 'in' && seat.coverage === 'out')
      seat = now
      if (another && now.acked < cursor.seq) tellNext(() => mailbox.after(session, now.acked))
    },
    async stop() {
      aborted.abort()
      await ended
      await telling
      if (upstream.sid !== '') await sessions.keep({ session, cursor }, Date.now())
    },
    ended,
  }
}

function outOfCoverage(seat: Open): Open {
  return { ...seat, coverage: 'out' }
}

/** @param askedMs what the server itself asked for: never less than that */
function backOff(failures: number, askedMs = 0): number {
  if (failures === 0) return 0
  return askedMs + Math.random() * Math.min(AGAIN_MS.last, AGAIN_MS.first * 2 ** failures)
}
