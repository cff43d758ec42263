import { beginning } from '../../rules/clusters.ts'
import { REFUSALS, type RefusalCode } from '../../rules/refusal.ts'
import { seatNumberOf, sessionId, SHARD_SEATS, shardOf, type Seat, type SendOutcome } from '../../rules/seat.ts'
import type { Key } from '../table.ts'

/**
 * A seat as it is kept. A login reads a shard of 300 of them and is charged for each byte, names included, so that a
 * name is one letter, what follows from the key is left out, and so is what is usual: at 141 bytes a seat 300 of them
 * cost 5.5 read units for an eventually consistent look, and 11 for a consistent one.
 *
 * | attribute | of a seat |
 * |---|---|
 * | `pk`, `sk` | the shard and the seat in it: together its `number` |
 * | `s` | the random part of `session`: the rest is the number |
 * | `d` | `device` |
 * | `l` | `leaseUntil`; a seat with a lease is `signing-in`, one without is `open` |
 * | `f` | of `former`: the random part of its session, which had this seat; its user and what it acked are `u` and `k` |
 * | `u` | `user` |
 * | `c` | `connection` |
 * | `o` | `true`: out of coverage |
 * | `t` | `lastHeardAt` |
 * | `h` | `heard` |
 * | `k` | `acked` |
 * | `p` | `true`: passive, which is not `active` |
 * | `n` | `sent` |
 * | `m` | `sentAt` |
 * | `w` | `wokenAt` |
 * | `v` | `true`: `woken` |
 * | `g` | `milestoneMinute` |
 * | `r` | `outcome`, of one send only, in one string: `5`, `5 =2` with the conversation, `5 =2 m` with the message, `5 unconfirmed words` |
 *
 * Only a send that was refused brings words, and never more than OUTCOME_WORDS characters of them.
 */
export interface SeatItem extends Key {
  readonly s: string
  readonly d: string
  readonly l?: number
  readonly f?: string
  readonly u?: string
  readonly c?: string
  readonly o?: true
  readonly t?: number
  readonly h?: number
  readonly k?: number
  readonly p?: true
  readonly n?: number
  readonly m?: number
  readonly w?: number
  readonly v?: true
  readonly g?: number
  readonly r?: string
}

/** Most characters that are kept of the reason for which a send was refused. */
export const OUTCOME_WORDS = 120

export function keyOf(number: number): Key {
  return { pk: shardKey(shardOf(number)), sk: String(number % SHARD_SEATS).padStart(5, '0') }
}

export function shardKey(shard: number): string {
  return `SEATS#${String(shard).padStart(4, '0')}`
}

/** What is kept of a session's id. One that is not written as sessionId() writes it stays whole: no seat holds that. */
export function randomOf(session: string): string {
  const number = seatNumberOf(session)
  const random = session.slice(sessionId(number, '').length)
  return session === sessionId(number, random) ? random : session
}

export function itemOf(seat: Seat): SeatItem {
  const base = { ...keyOf(seat.number), s: randomOf(seat.session), d: seat.device }
  if (seat.state === 'signing-in') {
    const { former } = seat
    const left = former && { f: randomOf(former.session), u: former.user, k: former.acked }
    return { ...base, h: seat.heard, l: seat.leaseUntil, ...left }
  }
  const { user, connection, coverage, lastHeardAt, heard, acked, active, sent, sentAt } = seat
  const { outcome, wokenAt, woken, milestoneMinute } = seat
  return {
    ...base,
    u: user,
    c: connection,
    ...(coverage === 'out' && { o: true }),
    t: lastHeardAt,
    h: heard,
    k: acked,
    ...(!active && { p: true }),
    n: sent,
    ...(sentAt !== undefined && { m: sentAt }),
    ...(wokenAt !== undefined && { w: wokenAt }),
    ...(woken && { v: true }),
    ...(milestoneMinute !== undefined && { g: milestoneMinute }),
    ...(outcome !== undefined && { r: outcomeText(outcome) }),
  }
}

export function seatIn(item: SeatItem): Seat {
  const number = Number(item.pk.slice(shardKey(0).indexOf('#') + 1)) * SHARD_SEATS + Number(item.sk)
  const base = { number, session: sessionId(number, item.s), device: item.d }
  const { h = 0 } = item
  const { u = '', c = '', o, t = 0, k = 0, p, n = 0, m, w, v, g, r } = item
  if (item.l !== undefined) {
    const former = item.f === undefined ? {} : { former: { session: sessionId(number, item.f), user: u, acked: k } }
    return { state: 'signing-in', ...base, heard: h, leaseUntil: item.l, ...former }
  }
  return {
    state: 'open',
    ...base,
    user: u,
    coverage: o ? 'out' : 'in',
    connection: c,
    lastHeardAt: t,
    heard: h,
    acked: k,
    active: !p,
    sent: n,
    ...(m !== undefined && { sentAt: m }),
    ...(w !== undefined && { wokenAt: w }),
    ...(v && { woken: true }),
    ...(g !== undefined && { milestoneMinute: g }),
    ...(r !== undefined && { outcome: outcomeIn(r) }),
  }
}

export function outcomeText(outcome: SendOutcome): string {
  const { number } = outcome
  if ('code' in outcome) return `${number} ${outcome.code} ${beginning(outcome.reason, OUTCOME_WORDS)}`
  const { conversation, message } = outcome
  if (conversation === undefined && message === undefined) return String(number)
  return `${number} =${conversation ?? ''}${message === undefined ? '' : ` ${message}`}`
}

function outcomeIn(text: string): SendOutcome {
  const [, first = '', second = '', third] = /^(\d+)(?: (\S+))?(?: ([^]*))?$/.exec(text) ?? []
  const number = Number(first)
  if (isRefusalCode(second)) return { number, code: second, reason: third ?? '' }
  const conversation = second.slice(1)
  return {
    number,
    ...(conversation !== '' && { conversation }),
    ...(third !== undefined && { message: third }),
  }
}

function isRefusalCode(word: string): word is RefusalCode {
  return Object.hasOwn(REFUSALS, word)
}
