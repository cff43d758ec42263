import type { Clock } from '../../shared/clock.ts'
import { stretchOf } from '../../shared/rules/backlog.ts'
import { inBatches, type Cursor } from '../../shared/rules/batches.ts'
import type { Open } from '../../shared/rules/seat.ts'
import type { Sessions } from '../../shared/store/sessions.ts'
import type { Brought, UpstreamState } from '../../shared/upstream/upstream.ts'
import type { Backlog } from './backlog.ts'
import type { Delivery } from './delivery/delivery.ts'
import { log } from '../envelope/log.ts'
import { prolong, standingOf, type StandingParts } from './standing.ts'

export interface ProgressParts extends StandingParts {
  readonly sessions: Sessions
  readonly clock: Clock
}

/** How far a session's listener has come upstream, with the mailbox, and with the device. */
export interface Progress {
  readonly session: string
  readonly parts: ProgressParts
  readonly backlog: Backlog
  readonly delivery: Delivery
  /** The seat as it was last seen. */
  seat: Open
  /** The last batch that the device has: never one that came after it said so. */
  acked: number
  /** Unknown until the session was read. */
  at: Position | undefined
  /** What was odd about the last answer: it is logged once, not with each answer. */
  odd: readonly string[]
}

export interface Position {
  readonly state: UpstreamState
  readonly cursor: Cursor
  /** The cursor that the mailbox, or the session's item, has. */
  readonly kept: Cursor
}

/** Begins where the session stands, with what another listener kept and did not live to post. */
export async function start(own: Progress): Promise<void> {
  await prolong(await find(own, { consistent: false }), own.parts)
  await goOn(own, 'now')
}

/** Another listener kept something first: goes on after that. It posts that itself, if it lives to. */
export async function startAnew(own: Progress): Promise<void> {
  await find(own, { consistent: true })
  await goOn(own, 'later')
}

async function find(own: Progress, options: { readonly consistent: boolean }) {
  const standing = await standingOf(own.session, own.parts, options)
  const { known, cursor } = standing
  own.at = { state: known.state, cursor, kept: cursor }
  own.acked = Math.min(own.seat.acked, cursor.seq)
  return standing
}

async function goOn(own: Progress, when: 'now' | 'later'): Promise<void> {
  const { at, acked, backlog, delivery, parts } = own
  if (at === undefined || acked >= at.cursor.seq) return
  const { stretches, carried } = await backlog.from(acked, at.cursor, parts.clock.now())
  if (carried !== undefined) own.at = { ...at, cursor: carried, kept: carried }
  delivery.goOn(stretches, when)
}

/*
 * A device may say that it has more than there is. That counts as the last batch there is when it is heard of, and not
 * as those that come later:
 *
 *   device     ack 1000
 *   listener            5 is the last: counts as 5 ── 6: posted, posted again, woken for      a number that silences a session
 */
export function moved(own: Progress, now: Open): void {
  const { seat, at, delivery } = own
  const isNews = now.heard !== seat.heard || now.acked !== seat.acked
  if (isNews) own.acked = Math.min(now.acked, at?.cursor.seq ?? 0)
  own.seat = now
  delivery.moved(at === undefined ? now : { ...now, acked: own.acked })
}

/** Appends what a wait brought to the mailbox, and has it posted. @returns `false` where another listener kept something first */
export async function keep(own: Progress, { arrived, cursor: upstream, oddities }: Brought): Promise<boolean> {
  noteOddities(own, oddities)
  if (own.at === undefined) return false
  for (const mail of inBatches(arrived, upstream, own.at.cursor)) {
    const now = own.parts.clock.now()
    if (!(await own.backlog.append(mail, own.acked, now))) return false
    own.at = { ...own.at, cursor: mail, kept: mail }
    own.delivery.kept([stretchOf(mail, now)])
  }
  own.at = { ...own.at, cursor: { seq: own.at.cursor.seq, upstream } }
  return true
}

/** A server that does not count as it should is not argued with, but it is noted: once, not with each answer. */
function noteOddities(own: Progress, oddities: Brought['oddities']): void {
  for (const [what, count] of Object.entries(oddities)) {
    if (!own.odd.includes(what)) log('answer upstream was odd', { session: own.session, count, why: what })
  }
  own.odd = Object.keys(oddities)
}

/** First kept, then used: should the write fail, the next answer brings it again. */
export async function renew(own: Progress, was: UpstreamState, now: UpstreamState): Promise<void> {
  const { session, parts } = own
  if (now.secret === was.secret) return
  const isRenewed = await parts.sessions.renew(session, { was, now })
  const state = isRenewed ? now : ((await parts.sessions.read(session, { consistent: true }))?.state ?? now)
  if (own.at !== undefined) own.at = { ...own.at, state }
}

/** A state that is refused may just be an old one, where another function was given the next. */
export async function hasNewerState(own: Progress): Promise<boolean> {
  const { session, parts, at } = own
  const known = await parts.sessions.read(session, { consistent: true })
  if (known === undefined || at === undefined || known.state.secret === at.state.secret) return false
  own.at = { ...at, state: known.state }
  return true
}

/** Keeps how far upstream it came with nothing new for the mailbox, for the listener that goes on. */
export async function leave({ session, at, parts }: Progress): Promise<void> {
  if (at === undefined || at.cursor.upstream === at.kept.upstream) return
  await parts.sessions.keep({ session, cursor: at.cursor }, parts.clock.now())
}
