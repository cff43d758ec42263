import type { DeviceSessions } from '../../shared/store/device-sessions.ts'
import type { Sessions } from '../../shared/store/sessions.ts'
import { isAttended, type Open } from '../../shared/rules/seat.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'
import type { Upstream } from '../../shared/upstream/upstream.ts'
import { after, NOTHING_WRONG, type Row } from './asking-again.ts'
import { backlog } from './backlog.ts'
import { log, why } from '../envelope/log.ts'
import type { Turn } from './pacing.ts'
import { pause } from './pause.ts'
import { hasNewerState, keep, leave, moved, renew, start, startAnew, type Progress } from './progress.ts'
import { delivery } from './delivery/delivery.ts'
import type { DeliveryParts } from './delivery/outbox.ts'
import { waits, type Wait } from './wait.ts'

export interface SessionListenerParts extends DeliveryParts {
  readonly sessions: Sessions & Pick<DeviceSessions, 'leave'>
  readonly upstream: Upstream
}

/** One session that is listened for. */
export interface SessionListener {
  /** Takes note of the seat as it is now. */
  readonly moved: (seat: Open) => void
  /** Resolves when the first GET is under way: from then on nothing waits for this session's listener. */
  readonly listening: Promise<void>
  /** Stops listening and keeps how far it came, for the listener that goes on. */
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
  const { clock } = parts
  const aborted = new AbortController()
  const { session } = first
  const listening = Promise.withResolvers<void>()
  const own: Listener = {
    session,
    parts,
    signal: aborted.signal,
    turn,
    wait: waits(parts.upstream.listen(), aborted.signal, listening.resolve),
    backlog: backlog(session, parts),
    delivery: delivery(first, parts),
    seat: first,
    acked: 0,
    at: undefined,
    odd: [],
    answeredAt: clock.now(),
    needsTurn: true,
    row: NOTHING_WRONG,
    useless: 0,
    cannotListen: listening.resolve,
  }
  const ended = run(own).finally(() => listening.resolve())
  return {
    moved(now) {
      moved(own, now)
      own.wait.mustSay(isAttended(now, clock.now()))
    },
    listening: listening.promise,
    answeredAt: () => own.answeredAt,
    async stop() {
      aborted.abort()
      await ended
      await own.delivery.stop()
      await leave(own)
    },
    ended,
  }
}

/** A session's listener: how far it has come, and how its waits went lately. */
interface Listener extends Progress {
  readonly parts: SessionListenerParts
  readonly signal: AbortSignal
  readonly turn: Turn
  readonly wait: Wait
  /** A wait failed: from then on nothing waits for this session's listener. */
  readonly cannotListen: () => void
  answeredAt: number
  /** Whether the next wait may need a connection of its own. */
  needsTurn: boolean
  row: Row
  /** Answers in a row that were no use. */
  useless: number
}

/** @returns why the session is over; undefined where its listener was stopped */
async function run(own: Listener): Promise<string | undefined> {
  while (!own.signal.aborted) {
    try {
      const over = await once(own)
      if (over !== undefined) return over
      own.row = NOTHING_WRONG
      own.useless = 0
    } catch (thrown) {
      own.cannotListen()
      own.needsTurn = true
      if (own.signal.aborted) return undefined
      const over = await failed(own, thrown)
      if (over !== undefined) return over
    }
  }
  return undefined
}

/*
 *   login           was found active ──────────────── takes a seat ── opens …… is listened for: revoked ✘ ── ended
 *   administrator                      revoke ✔ ─ its seats: none
 */
async function once(own: Listener): Promise<string | undefined> {
  const { parts, seat, signal } = own
  if (own.needsTurn) await own.turn(signal)
  if (own.at === undefined) {
    const isEnrolled = (await parts.configuration.deviceState(seat.device)) === 'active'
    if (!isEnrolled) return 'its device was disabled, revoked or removed'
    await start(own)
  }
  if (own.at !== undefined) await waitOnce(own, own.at)
  return undefined
}

async function waitOnce(own: Listener, { state, cursor }: NonNullable<Progress['at']>): Promise<void> {
  const { clock } = own.parts
  const brought = await own.wait.ask(state, cursor.upstream, isAttended(own.delivery.seat(), clock.now()))
  own.needsTurn = brought === undefined
  if (brought === undefined) return
  own.answeredAt = clock.now()
  await renew(own, state, brought.state)
  if (await keep(own, brought)) await pause(clock, brought.waitMs, own.signal)
  else await startAnew(own)
}

/** Waits for as long as it must after a fault. @returns why the session is over, where this says so */
async function failed(own: Listener, thrown: unknown): Promise<string | undefined> {
  const { session, parts, signal } = own
  const fault = thrown instanceof UpstreamFault ? thrown : undefined
  own.useless = fault?.kind === 'give-up' ? own.useless + 1 : 0
  if (fault !== undefined && (await isOver(own, fault).catch(() => false))) return fault.message
  const { row, pauseMs } = after(own.row, thrown, parts.random)
  own.row = row
  log('listening failed', { session, ...row, why: why(thrown) })
  if (pauseMs > 0) await pause(parts.clock, pauseMs, signal)
  return undefined
}

async function isOver(own: Listener, fault: UpstreamFault): Promise<boolean> {
  if (fault.kind === 'sign-in') return !(await hasNewerState(own))
  return fault.kind === 'give-up' && own.useless >= GIVE_UP_AFTER
}
