import type { Mail } from '../rules/batches.ts'
import { expiry } from './sessions.ts'
import type { Table } from './table.ts'

export interface Mailbox {
  /**
   * Appends a batch. `false`: somebody wrote this number before. The log is the fence: of two listeners of one
   * session, one loses here, and nothing is acknowledged upstream that is not in the log.
   */
  append(session: string, mail: Mail, now: number): Promise<boolean>
  /** What came after batch `seq`, in order. */
  after(session: string, seq: number): Promise<Mail[]>
  /** The last batch. */
  last(session: string): Promise<Mail | undefined>
}

/*
 *   listener A   GET ── append 5 ✔ ── post
 *   listener B   GET ── append 5 ✘ UNWRITTEN ── reads 5, goes on after it     an event that is delivered twice
 */
const UNWRITTEN = 'attribute_not_exists(pk)'

export function mailbox(table: Table): Mailbox {
  return {
    async append(session, mail, now) {
      const { done } = await table.put(
        { pk: partition(session), sk: numbered(mail.seq), ...mail, ...expiry(now) },
        { text: UNWRITTEN },
      )
      return done
    },
    after: (session, seq) => table.query<Mail>(partition(session), { after: numbered(seq), consistent: true }),
    async last(session) {
      const [mail] = await table.query<Mail>(partition(session), { last: true, consistent: true })
      return mail
    },
  }
}

function numbered(seq: number): string {
  return String(seq).padStart(10, '0')
}

function partition(session: string): string {
  return `MAIL#${session}`
}
