import {
  BENCH_SEATS,
  benchOf,
  seatNumberOf,
  type Open,
  type Seat,
  type SendOutcome,
  type SigningIn,
} from '../rules/seat.ts'
import type { Expression, Key, Table } from './table.ts'

/** What a frame of the device says about its session, beside what it asks for. */
export interface Heard {
  readonly session: string
  readonly device: string
  readonly connection: string
  /** The frame's number. */
  readonly number: number
  /** The last batch that the device has. */
  readonly acked: number
  readonly active?: boolean
  readonly at: number
}

/** What became of a write that only the seat's session may do. */
export type Kept =
  | { readonly kept: true }
  | {
      readonly kept: false
      readonly because: 'session-gone' | 'replayed' | 'out-of-order'
      /** The number that a frame must be above, where it was `replayed`. */
      readonly heard?: number
    }

export interface Seats {
  /** The taken seats of a bench. Eventually consistent unless asked otherwise: the conditions decide anyway. */
  read(bench: number, options?: { consistent?: boolean }): Promise<Seat[]>
  /** Takes a free seat. `false`: somebody else was faster. */
  take(seat: SigningIn, now: number): Promise<boolean>
  /**
   * Takes a seat from whoever has it, as it was read: eviction and admission in one write.
   *
   * @returns who had it at that moment, a login that was read perhaps open by then; undefined: it spoke, or is gone
   */
  takeFrom(former: Seat, seat: SigningIn): Promise<Seat | undefined>
  /** Makes a seat that a login took into one that holds its session. `false`: the lease was lost meanwhile. */
  open(seat: Open): Promise<boolean>
  /** Gives the seat back, if it is still the session's. */
  free(session: string): Promise<boolean>
  /** Ends a session as it was read: `false` where its device spoke meanwhile. */
  end(seat: Open): Promise<boolean>
  /** Notes that the device spoke: it is in coverage, on this connection. One write unit. */
  heard(heard: Heard): Promise<Kept>
  /** The same with a send: notes that send `sent` begins, which must follow the last one. `found`: the seat as it is, where not. */
  sending(heard: Heard, sent: number): Promise<Kept & { readonly found?: Open }>
  /** Notes what the send that began was answered, for the device that loses the answer. */
  answered(session: string, outcome: SendOutcome): Promise<void>
  /** Takes back that a send began: it is certain that nothing was sent, and the same number may be tried again. */
  unsent(session: string, number: number): Promise<void>
  /** The connection is gone; the session stays. Says nothing where the device already has another connection. */
  outOfCoverage(session: string, connection: string): Promise<boolean>
}

/*
 * The conditions, each with what it prevents.
 *
 *   login A   read: free ──────────── put ✔
 *   login B        read: free ──────────── put ✘ NEVER_TAKEN        two sessions on one seat
 */
const NEVER_TAKEN = 'attribute_not_exists(pk)'

/*
 *   login A   put (lease) … dies
 *   login B                     read ─ put ✔ LEASE_OVER             a seat lost for ever
 */
const LEASE_OVER = '(#state = :signingIn AND leaseUntil <= :now)'

/*
 *   login A   put ✔ (answer lost) ─ the SDK puts again ✔ MINE       a retry that refuses its own success
 *   status    read session ─ … seat given to B … ─ update ✘ MINE    a session that writes on another's seat
 */
const MINE = '#session = :session'

/*
 *   login C   read: A is silent ───────────────── put ✘ UNHEARD
 *   device A                     status ✔ heard+1                   an eviction of a device that just spoke
 */
const UNHEARD = 'heard = :formerHeard AND #connection = :formerConnection'

/*
 *   device    frame 7 ✔ … somebody plays frame 7 again ✘ NEWER      a frame that counts twice
 */
const NEWER = 'heard < :number'

/*
 *   device    send 1 ✔, send 2 ✔, send 1 again ✘ NEXT               a message that is posted twice, or before its elder
 */
const NEXT = 'sent = :previous'

export function seats(table: Table): Seats {
  const keep = async (heard: Heard, also: Expression, condition: Expression) =>
    table.update<Open>(
      keyOf(seatNumberOf(heard.session)),
      {
        text: `SET lastHeardAt = :at, heard = :number, #connection = :connection, coverage = :in, acked = :acked${also.text}`,
        values: {
          ':at': heard.at,
          ':connection': heard.connection,
          ':in': 'in',
          ':acked': heard.acked,
          ...also.values,
        },
      },
      {
        text: `${MINE} AND device = :device AND #state = :open AND ${NEWER}${condition.text}`,
        values: {
          ':session': heard.session,
          ':device': heard.device,
          ':open': 'open',
          ':number': heard.number,
          ...condition.values,
        },
      },
    )

  return {
    read: async (bench, options) => (await table.query<Seat & Key>(`SEATS#${padded(bench, 4)}`, options)).map(seatIn),

    async take(seat, now) {
      const { done } = await table.put(itemOf(seat), {
        text: `${NEVER_TAKEN} OR ${LEASE_OVER} OR ${MINE}`,
        values: { ':signingIn': 'signing-in', ':now': now, ':session': seat.session },
      })
      return done
    },

    async takeFrom(former, seat) {
      const asRead = former.state === 'open' ? unheard(former) : { text: MINE, values: { ':session': former.session } }
      const written = await table.put<Seat & Key>(itemOf(seat), {
        text: `(${asRead.text}) OR #session = :next`,
        values: { ...asRead.values, ':next': seat.session },
      })
      if (!written.done) return undefined
      // A retry finds itself there: what was read is then the best that is known of who had the seat.
      return written.old === undefined || written.old.session === seat.session ? former : seatIn(written.old)
    },

    open: async (seat) => (await table.put(itemOf(seat), { text: MINE, values: { ':session': seat.session } })).done,

    free: async (session) =>
      (await table.remove(keyOf(seatNumberOf(session)), { text: MINE, values: { ':session': session } })).done,

    end: async (seat) => (await table.remove(keyOf(seat.number), unheard(seat))).done,

    async heard(heard) {
      const { active } = heard
      const also = active === undefined ? { text: '' } : { text: ', active = :active', values: { ':active': active } }
      const written = await keep(heard, also, { text: '' })
      return written.done ? { kept: true } : { kept: false, ...whyNot(heard, written.found) }
    },

    async sending(heard, sent) {
      const written = await keep(
        heard,
        { text: ', sent = :sent, sentAt = :at, active = :yes', values: { ':sent': sent, ':yes': true } },
        { text: ` AND ${NEXT}`, values: { ':previous': sent - 1 } },
      )
      if (written.done) return { kept: true }
      return { kept: false, ...whyNot(heard, written.found), ...(written.found && { found: written.found }) }
    },

    async answered(session, outcome) {
      await table.update(
        keyOf(seatNumberOf(session)),
        { text: 'SET outcome = :outcome', values: { ':outcome': outcome } },
        { text: MINE, values: { ':session': session } },
      )
    },

    async unsent(session, number) {
      await table.update(
        keyOf(seatNumberOf(session)),
        { text: 'SET sent = :previous', values: { ':previous': number - 1 } },
        { text: `${MINE} AND sent = :number`, values: { ':session': session, ':number': number } },
      )
    },

    async outOfCoverage(session, connection) {
      const { done } = await table.update(
        keyOf(seatNumberOf(session)),
        { text: 'SET coverage = :out', values: { ':out': 'out' } },
        { text: `${MINE} AND #connection = :connection`, values: { ':session': session, ':connection': connection } },
      )
      return done
    },
  }
}

/** The condition that a session is as it was read: its device has not spoken since. */
function unheard({ session, heard, connection }: Open): Expression {
  return {
    text: `${MINE} AND ${UNHEARD}`,
    values: { ':session': session, ':formerHeard': heard, ':formerConnection': connection },
  }
}

function whyNot(heard: Heard, found: Open | undefined): Omit<Kept & { kept: false }, 'kept'> {
  if (found === undefined || found.session !== heard.session || found.device !== heard.device) return GONE
  if (found.state !== 'open') return GONE
  return found.heard >= heard.number ? { because: 'replayed', heard: found.heard } : { because: 'out-of-order' }
}

const GONE = { because: 'session-gone' } as const

function keyOf(number: number): Key {
  return { pk: `SEATS#${padded(benchOf(number), 4)}`, sk: padded(number % BENCH_SEATS, 5) }
}

const itemOf = (seat: Seat) => ({ ...keyOf(seat.number), ...seat })

function seatIn({ pk: _pk, sk: _sk, ...seat }: Seat & Key): Seat {
  return seat
}

function padded(number: number, digits: number): string {
  return String(number).padStart(digits, '0')
}
