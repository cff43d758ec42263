import { pollWait, type CwaClient } from '../../shared/cwa/client.ts'
import { CwaFault } from '../../shared/cwa/faults.ts'
import { eventsOf } from '../../shared/cwa/messaging.ts'
import type { CwaEvents } from '../../shared/cwa/model.ts'
import { inBatches, lastEid, type Cursor } from '../../shared/rules/batches.ts'
import { isAttended, type Open } from '../../shared/rules/seat.ts'
import { isRenewed, secretsOf, type Secrets, type Session, type Sessions } from '../../shared/store/sessions.ts'
import { after, NOTHING_WRONG } from './asking-again.ts'
import { backlog } from './backlog.ts'
import { log, why } from '../envelope/log.ts'
import { newsReader, type News } from './news.ts'
import type { Turn } from './pacing.ts'
import { pause } from './pause.ts'
import { prolong, standingOf } from './standing.ts'
import { delivery, type DeliveryParts } from './delivery.ts'

export interface SessionListenerParts extends DeliveryParts {
  readonly sessions: Sessions
  readonly cwa: CwaClient
}

/** One session that is listened for. */
export interface SessionListener {
  /** Takes note of the seat as it is now. */
  readonly moved: (seat: Open) => void
  /** Resolves when the first GET is under way: from then on nothing waits for this session's listener. */
  readonly listening: Promise<void>
  /** Stops listening and keeps how far it came, for whoever goes on. */
  readonly stop: () => Promise<void>
  /** When its last GET was answered, or it began to be listened for, in epoch milliseconds. */
  readonly answeredAt: () => number
  /** Why the session ended upstream, or must end; undefined where it was stopped. */
  readonly ended: Promise<string | undefined>
}

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
 *
 * @param turn is waited for before each GET that may need a connection of its own: the first, and one after a failure
 */
export function listenTo(first: Open, parts: SessionListenerParts, turn: Turn): SessionListener {
  const { clock, sessions, cwa, configuration, random } = parts
  const aborted = new AbortController()
  const { signal } = aborted
  const { session, device } = first
  const towards = delivery(first, parts)
  const kept = backlog(session, parts)
  const listening = Promise.withResolvers<void>()
  let upstream: Secrets & Pick<Session, 'sid'> = { sid: '', ticket: '' }
  let cursor: Cursor = { seq: 0, ackId: 0, eid: 0 }
  let cursorKept = cursor
  let seat = first
  let acked = 0
  let repeating = false
  let answeredAt = clock.now()
  let needsTurn = true
  let asked: { readonly active: boolean; readonly letGo: () => void } | undefined
  const newsIn = newsReader()

  const find = async (options: { consistent: boolean }) => {
    const standing = await standingOf(session, parts, options)
    upstream = standing.known
    cursor = standing.cursor
    cursorKept = cursor
    acked = Math.min(seat.acked, cursor.seq)
    return standing
  }

  /*
   * A device may say that it has more than there is. That counts as the last batch there is when it is heard of, and not
   * as those that come later:
   *
   *   device     ack 1000
   *   listener            5 is the last: counts as 5 ── 6: told, told again, woken for      a number that silences a session
   */
  const moved = (now: Open) => {
    const isNews = now.heard !== seat.heard || now.acked !== seat.acked
    if (isNews) acked = Math.min(now.acked, cursor.seq)
    seat = now
    towards.moved(isFound() ? { ...now, acked } : now)
  }

  const isFound = () => upstream.sid !== ''

  /** What another listener kept and did not live to tell. */
  const start = async () => {
    await prolong(await find({ consistent: false }), parts)
    await goOn('now')
  }

  const goOn = async (when: 'now' | 'later') => {
    if (acked >= cursor.seq) return
    const { stretches, carried } = await kept.from(acked, cursor, clock.now())
    if (carried !== undefined) cursor = cursorKept = carried
    towards.goOn(stretches, when)
  }

  const once = async () => {
    const brought = await ask()
    needsTurn = brought === undefined
    if (brought === undefined) return undefined
    answeredAt = clock.now()
    if (isRenewed(upstream, brought)) await renew(secretsOf(brought))
    if (!(await keep(brought))) {
      await find({ consistent: true })
      // Whoever kept it tells it, if it lives to.
      return goOn('later')
    }
    await pause(clock, pollWait(brought.pollWaitTime), signal)
  }

  /** One GET; undefined where it was let go, to be asked anew: what it would have brought comes with the next. */
  const ask = async () => {
    const own = new AbortController()
    const letGo = () => own.abort()
    const active = isAttended(towards.seat(), clock.now())
    signal.addEventListener('abort', letGo)
    asked = { active, letGo }
    try {
      const asking = cwa.poll(upstream, { ackId: cursor.ackId, active, signal: own.signal })
      listening.resolve()
      return await asking
    } catch (thrown) {
      if (own.signal.aborted) return undefined
      throw thrown
    } finally {
      asked = undefined
      signal.removeEventListener('abort', letGo)
    }
  }

  /** First kept, then used: should the write fail, the next answer brings the ticket again. */
  const renew = async (now: Secrets) => {
    const renewed = await sessions.renew(session, { was: upstream, now })
    const newest = renewed ? now : await sessions.read(session, { consistent: true })
    upstream = { sid: upstream.sid, ...secretsOf(newest ?? now) }
  }

  /** @returns `false` where another listener kept something first */
  const keep = async ({ events, ackId }: CwaEvents): Promise<boolean> => {
    const news = newsIn(events, cursor.eid)
    noteLies(news)
    const arrived = news.events.map((event) => ({ eid: event.eid, events: eventsOf(event) }))
    const before = cursor.eid
    for (const batch of inBatches(arrived, ackId, cursor)) {
      const mail = { ...batch, eid: Math.max(batch.eid, before) }
      const at = clock.now()
      if (!(await kept.append(mail, acked, at))) return false
      cursor = mail
      cursorKept = mail
      towards.kept([{ first: mail.seq, seq: mail.seq, at, events: mail.events }])
    }
    cursor = { seq: cursor.seq, ackId, eid: lastEid(arrived, cursor.eid) }
    return true
  }

  /** A server that does not count as it should is not argued with, but it is noted: once, not with each answer. */
  const noteLies = ({ repeats, skipped }: Pick<News, 'repeats' | 'skipped'>) => {
    if (repeats > 0 && !repeating) log('events came again, and were dropped', { session, repeats })
    if (skipped > 0) log('event numbers were left out upstream', { session, skipped })
    repeating = repeats > 0
  }

  /** A ticket that is refused may just be an old one, where another function was told the next. */
  const hasNewerTicket = async (): Promise<boolean> => {
    const known = await sessions.read(session, { consistent: true })
    if (known === undefined || !isRenewed(upstream, known)) return false
    upstream = known
    return true
  }

  const isOver = async (fault: CwaFault, inARow: number): Promise<boolean> => {
    if (fault.kind === 'sign-in') return !(await hasNewerTicket())
    return fault.kind === 'give-up' && inARow >= GIVE_UP_AFTER
  }

  /*
   *   login           was found active ──────────────── takes a seat ── opens …… is followed: revoked ✘ ── ended
   *   administrator                      revoke ✔ ─ its seats: none
   */
  const run = async (): Promise<string | undefined> => {
    let row = NOTHING_WRONG
    let useless = 0
    while (!signal.aborted) {
      try {
        if (needsTurn) await turn(signal)
        if (!isFound()) {
          if ((await configuration.deviceState(device)) !== 'active')
            return 'its device was disabled, revoked or removed'
          await start()
        }
        await once()
        row = NOTHING_WRONG
        useless = 0
      } catch (thrown) {
        listening.resolve()
        needsTurn = true
        if (signal.aborted) break
        const fault = thrown instanceof CwaFault ? thrown : undefined
        useless = fault?.kind === 'give-up' ? useless + 1 : 0
        if (fault && (await isOver(fault, useless).catch(() => false))) return fault.message
        const next = after(row, thrown, random())
        row = next.row
        log('listening failed', { session, ...row, why: why(thrown) })
        if (next.pauseMs > 0) await pause(clock, next.pauseMs, signal)
      }
    }
    return undefined
  }

  const ended = run().finally(() => listening.resolve())
  return {
    moved(now) {
      moved(now)
      // Others see the user as the held GET says: it is not left to say that a device is in use which is not.
      if (asked !== undefined && asked.active !== isAttended(now, clock.now())) asked.letGo()
    },
    listening: listening.promise,
    answeredAt: () => answeredAt,
    async stop() {
      aborted.abort()
      await ended
      await towards.idle()
      const isFurther = cursor.ackId !== cursorKept.ackId || cursor.eid !== cursorKept.eid
      if (isFurther) await sessions.keep({ session, cursor }, clock.now())
    },
    ended,
  }
}
