import { after as lacking, stretchOf, type Stretch } from '../rules/backlog.ts'
import type { Mail } from '../rules/batches.ts'
import { expiry } from './sessions.ts'
import type { Table } from './table.ts'

/**
 * The events of a session: an append-only log of batches. What is acknowledged stays until DynamoDB's TTL deletes it,
 * which costs nothing; a delete would cost what the write did.
 */
export interface Mailbox {
  /**
   * Appends a batch. `false`: somebody wrote this number before. The log is the fence: of two listeners of one
   * session, one loses here, and nothing is acknowledged upstream that is not in the log.
   *
   * @param digest what a device that lacks all of these batches, this one included, gets instead of them
   */
  append(session: string, mail: Mail, now: number, digest?: readonly Stretch[]): Promise<boolean>
  /**
   * What a device lacks that has batch `seq`, in order: read back to the newest digest that begins there or before, so
   * that a backlog, however long it grows, costs no more to read than its bounds allow.
   */
  after(session: string, seq: number): Promise<Stretch[]>
  /** The same, and since when (epoch milliseconds) the oldest item in which it is kept has been there. */
  backlog(session: string, seq: number): Promise<Backlog>
  /** The last batch. Eventually consistent unless asked otherwise: a listener that goes on after an older one loses at the fence. */
  last(session: string, options?: { consistent?: boolean }): Promise<Mail | undefined>
}

/*
 *   listener A   GET ── append 5 ✔ ── post
 *   listener B   GET ── append 5 ✘ UNWRITTEN ── reads 5, goes on after it     an event that is delivered twice
 */
const UNWRITTEN = 'attribute_not_exists(pk)'

/** How many of the newest batches are read at first; ten times as many where they do not reach back far enough. */
const PAGE = 100

export interface Backlog {
  readonly stretches: Stretch[]
  /** Absent where there is nothing. */
  readonly since?: number
}

interface Item extends Mail {
  readonly at: number
  readonly digest?: readonly Stretch[]
}

export function mailbox(table: Table): Mailbox {
  const backlog: Mailbox['backlog'] = async (session, seq) => {
    for (let page = PAGE; ; page *= 10) {
      const newest = await table.query<Item>(partition(session), { after: numbered(seq), last: page, consistent: true })
      const { from, isComplete } = beginningFor(seq, newest)
      if (!isComplete && newest.length === page) continue
      const read = newest.slice(0, from + 1)
      const since = read.at(-1)?.at
      return { stretches: lacking(read.toReversed().flatMap(stretches), seq), ...(since !== undefined && { since }) }
    }
  }
  return {
    async append(session, mail, now, digest) {
      const { done } = await table.put(
        { pk: partition(session), sk: numbered(mail.seq), ...mail, at: now, ...(digest && { digest }), ...expiry(now) },
        { text: UNWRITTEN },
      )
      return done
    },
    backlog,
    after: async (session, seq) => (await backlog(session, seq)).stretches,
    async last(session, { consistent = false } = {}) {
      const [mail] = await table.query<Mail>(partition(session), { last: 1, consistent })
      return mail
    },
  }
}

/*
 * Which item to read on from: the newest whose digest reaches back to what the device has. Where none does, that which
 * reaches back furthest without a hole: DynamoDB deletes what has expired in any order.
 *
 *   45   46   47   48   49   50   51 (46 … 51)      after 45: 51 is enough
 *   45   46    ✘    ✘   49   50   51 (46 … 51)      after 44: 45 and 46 are there, and of the rest only the digest knows
 */
function beginningFor(seq: number, newest: readonly Item[]): { readonly from: number; readonly isComplete: boolean } {
  let from = 0
  for (const [index, item] of newest.entries()) {
    const isAfterHole = index > 0 && item.seq + 1 !== newest[index - 1]?.seq
    if (isAfterHole) return { from, isComplete: true }
    if (firstOf(item) < firstOf(newest[from] ?? item)) from = index
    if (firstOf(item) <= seq + 1) return { from: index, isComplete: true }
  }
  return { from, isComplete: false }
}

function firstOf({ seq, digest }: Item): number {
  return digest?.[0]?.first ?? seq
}

function stretches({ at, digest, ...mail }: Item, index: number): readonly Stretch[] {
  // A digest stands for what is before it only where the reading began with it.
  return index === 0 && digest !== undefined ? digest : [stretchOf(mail, at)]
}

function numbered(seq: number): string {
  return String(seq).padStart(10, '0')
}

function partition(session: string): string {
  return `MAIL#${session}`
}
