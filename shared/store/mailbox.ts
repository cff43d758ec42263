import { after as lacking, type Stretch } from '../rules/backlog.ts'
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
   * @param digest what a device that lacks all of these batches, this one included, is told instead of them
   */
  append(session: string, mail: Mail, now: number, digest?: readonly Stretch[]): Promise<boolean>
  /**
   * What a device lacks that has batch `seq`, in order: read back to the newest digest that begins there or before, so
   * that a backlog, however long it grows, costs no more to read than its bounds allow.
   */
  after(session: string, seq: number): Promise<Stretch[]>
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

interface Item extends Mail {
  readonly at: number
  readonly digest?: readonly Stretch[]
}

export function mailbox(table: Table): Mailbox {
  return {
    async append(session, mail, now, digest) {
      const { done } = await table.put(
        { pk: partition(session), sk: numbered(mail.seq), ...mail, at: now, ...(digest && { digest }), ...expiry(now) },
        { text: UNWRITTEN },
      )
      return done
    },
    async after(session, seq) {
      for (let page = PAGE; ; page *= 10) {
        const last = await table.query<Item>(partition(session), { after: numbered(seq), last: page, consistent: true })
        const digested = last.findIndex(({ digest }) => digest !== undefined && (digest[0]?.first ?? 0) <= seq + 1)
        if (digested < 0 && last.length === page) continue
        const read = digested < 0 ? last : last.slice(0, digested + 1)
        return lacking(read.toReversed().flatMap(stretches), seq)
      }
    },
    async last(session, { consistent = false } = {}) {
      const [mail] = await table.query<Mail>(partition(session), { last: 1, consistent })
      return mail
    },
  }
}

function stretches({ seq, at, events, digest }: Item, index: number): readonly Stretch[] {
  // A digest stands for what is before it only where the reading began with it.
  return index === 0 && digest !== undefined ? digest : [{ first: seq, seq, at, events }]
}

function numbered(seq: number): string {
  return String(seq).padStart(10, '0')
}

function partition(session: string): string {
  return `MAIL#${session}`
}
