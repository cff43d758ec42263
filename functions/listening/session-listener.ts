import { inBatches, type Cursor } from '../../shared/rules/batches.ts'
import { isAttended, type Open } from '../../shared/rules/seat.ts'
import type { Sessions } from '../../shared/store/sessions.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'
import type { Brought, Upstream, UpstreamState } from '../../shared/upstream/upstream.ts'
import { after, NOTHING_WRONG } from './asking-again.ts'
import { backlog } from './backlog.ts'
import { log, why } from '../envelope/log.ts'
import type { Turn } from './pacing.ts'
import { pause } from './pause.ts'
import { prolong, standingOf } from './standing.ts'
import { delivery, type DeliveryParts } from './delivery.ts'

export interface SessionListenerParts extends DeliveryParts {
  readonly sessions: Sessions
  readonly upstream: Upstream
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
 * Listens upstream for one session: wait, keep in the mailbox, tell the device, acknowledge with the next wait. As with CWA:
 *
 *   GET ackId=7 ── events 8, 9 ── append (seq 4, ackId 9) ✔ ── post ── GET ackId=9
 *                              ╰─ dies here: 8 and 9 come again    ╰─ dies here: the device polls after 3
 *                              ╰─ append ✘: another listener kept them; go on after what is kept
 *
 * @param turn is waited for before each GET that may need a connection of its own: the first, and one after a failure
 */
export function listenTo(first: Open, parts: SessionListenerParts, turn: Turn): SessionListener {
  const { clock, sessions, configuration, random } = parts
  const aborted = new AbortController()
  const { signal } = aborted
  const { session, device } = first
  const towards = delivery(first, parts)
  const kept = backlog(session, parts)
  const listening = Promise.withResolvers<void>()
  const server = parts.upstream.listen()
  let state: UpstreamState | undefined
  let cursor: Cursor = { seq: 0, upstream: '' }
  let cursorKept = cursor
  let seat = first
  let acked = 0
  let odd: readonly string[] = []
  let answeredAt = clock.now()
  let needsTurn = true
  let asked: { readonly active: boolean; readonly letGo: () => void } | undefined

  const find = async (options: { consistent: boolean }) => {
    const standing = await standingOf(session, parts, options)
    state = standing.known.state
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
    towards.moved(state === undefined ? now : { ...now, acked })
  }

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

  const once = async (asked: UpstreamState) => {
    const brought = await ask(asked)
    needsTurn = brought === undefined
    if (brought === undefined) return undefined
    answeredAt = clock.now()
    if (brought.state.secret !== asked.secret) await renew(asked, brought.state)
    if (!(await keep(brought))) {
      await find({ consistent: true })
      // Whoever kept it tells it, if it lives to.
      return goOn('later')
    }
    await pause(clock, brought.waitMs, signal)
  }

  /**
   * One wait; undefined where it was let go, to be asked anew: what it would have brought comes with the next. A listener
   * that was stopped while it waited for its turn, or read, begins none: nobody would let go of it.
   */
  const ask = async (state: UpstreamState) => {
    if (signal.aborted) return undefined
    const own = new AbortController()
    const letGo = () => own.abort()
    const active = isAttended(towards.seat(), clock.now())
    signal.addEventListener('abort', letGo)
    asked = { active, letGo }
    try {
      const asking = server.next(state, cursor.upstream, { active, signal: own.signal })
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

  /** First kept, then used: should the write fail, the next answer brings it again. */
  const renew = async (was: UpstreamState, now: UpstreamState) => {
    const renewed = await sessions.renew(session, { was, now })
    state = renewed ? now : ((await sessions.read(session, { consistent: true }))?.state ?? now)
  }

  /** @returns `false` where another listener kept something first */
  const keep = async ({ arrived, cursor: upstream, oddities }: Brought): Promise<boolean> => {
    noteOddities(oddities)
    for (const mail of inBatches(arrived, upstream, cursor)) {
      const at = clock.now()
      if (!(await kept.append(mail, acked, at))) return false
      cursor = mail
      cursorKept = mail
      towards.kept([{ first: mail.seq, seq: mail.seq, at, events: mail.events }])
    }
    cursor = { seq: cursor.seq, upstream }
    return true
  }

  /** A server that does not count as it should is not argued with, but it is noted: once, not with each answer. */
  const noteOddities = (oddities: Brought['oddities']) => {
    for (const [what, count] of Object.entries(oddities))
      if (!odd.includes(what)) log('answer upstream was odd', { session, count, why: what })
    odd = Object.keys(oddities)
  }

  /** A state that is refused may just be an old one, where another function was told the next. */
  const hasNewerState = async (): Promise<boolean> => {
    const known = await sessions.read(session, { consistent: true })
    if (known === undefined || known.state.secret === state?.secret) return false
    state = known.state
    return true
  }

  const isOver = async (fault: UpstreamFault, inARow: number): Promise<boolean> => {
    if (fault.kind === 'sign-in') return !(await hasNewerState())
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
        if (state === undefined) {
          if ((await configuration.deviceState(device)) !== 'active')
            return 'its device was disabled, revoked or removed'
          await start()
        }
        if (state !== undefined) await once(state)
        row = NOTHING_WRONG
        useless = 0
      } catch (thrown) {
        listening.resolve()
        needsTurn = true
        if (signal.aborted) break
        const fault = thrown instanceof UpstreamFault ? thrown : undefined
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
      if (cursor.upstream !== cursorKept.upstream) await sessions.keep({ session, cursor }, clock.now())
    },
    ended,
  }
}
