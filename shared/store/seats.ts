import { GATEWAY_LIMITS } from '../rules/gateway-limits.ts'
import { seatNumberOf, WAKING_MS, type Open, type Seat, type SendOutcome, type SigningIn } from '../rules/seat.ts'
import { isMilestone, minuteOf, sendWaitMs } from '../rules/pace.ts'
import { shardKey, itemOf, keyOf, outcomeText, randomOf, seatIn, type SeatItem } from './seat-item.ts'
import type { Expression, Table } from './table.ts'

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
  | {
      readonly kept: true
      /** Whether the device came on another connection, or back into coverage: its listener is to be told. */
      readonly moved: boolean
    }
  | {
      readonly kept: false
      readonly because: 'session-gone' | 'replayed' | 'out-of-order' | 'too-many'
      /** The number that a frame must be above, where it was `replayed`. */
      readonly heard?: number
      /** When to try again, where it were `too-many`. */
      readonly retryAfterMs?: number
    }

export type Overtaken =
  | { readonly done: true; readonly former?: Seat }
  | { readonly done: false; readonly heard: number }

export interface Seats {
  /** The taken seats of a shard. Eventually consistent unless asked otherwise: the conditions decide anyway. */
  read(shard: number, options?: { consistent?: boolean }): Promise<Seat[]>
  /** Who has one seat. Eventually consistent unless asked otherwise. */
  at(number: number, options?: { consistent?: boolean }): Promise<Seat | undefined>
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
  /** Gives the seat back, if it is still the session's. @returns the seat as it was: its device may have moved since it was read */
  free(session: string): Promise<Seat | undefined>
  /**
   * Takes the seat away from an earlier login of the same device, or from its session, whatever that did meanwhile.
   *
   * @param number of the later login's frame
   * @returns `done` where the session has no seat any more, with the seat as it was where this took it away; otherwise the
   * number that the session has heard: its device went on with it
   */
  overtake(session: string, number: number): Promise<Overtaken>
  /** Ends a session as it was read: `false` where its device spoke meanwhile. */
  end(seat: Open): Promise<boolean>
  /** Notes that the device spoke: it is in coverage, on this connection. One write unit. */
  heard(heard: Heard): Promise<Kept>
  /**
   * The same with a send: notes that send `sent` begins, which must follow the last one, and that be answered, or over;
   * and not be one too many for this many a minute (0: as many as there are). `found`: the seat as it is, where not.
   */
  sending(heard: Heard, sent: number, perMinute?: number): Promise<Kept & { readonly found?: Open }>
  /** Notes what the send that began was answered, for the device that loses the answer. */
  answered(session: string, outcome: SendOutcome): Promise<void>
  /** Takes back that a send began: it is certain that nothing was sent, and the same number may be tried again. */
  unsent(session: string, number: number, perMinute?: number): Promise<void>
  /** The connection is gone; the session stays. Says nothing where the device already has another connection. */
  outOfCoverage(session: string, connection: string): Promise<boolean>
  /**
   * Notes that the device is being woken. `false`: it is already, or it said something by now, or the session is gone.
   * A note of somebody who did not live to wake it holds for WAKING_MS.
   *
   * @param at epoch milliseconds, with a fraction of its own: whoever finds it there wrote it, and had no answer
   */
  waking(seat: Open, at: number): Promise<boolean>
  /** Notes that it was: from then on it is not woken again until it says something. */
  woken(session: string, at: number): Promise<void>
  /** Takes that back: nobody could be told, and it is to be tried again. */
  notWoken(session: string, at: number): Promise<void>
}

/*
 * The conditions, each with what it prevents. The letters are those of seat-item.ts.
 *
 *   login A   read: free ──────────── put ✔
 *   login B        read: free ──────────── put ✘ NEVER_TAKEN        two sessions on one seat
 */
const NEVER_TAKEN = 'attribute_not_exists(pk)'

/*
 *   login A   put (lease) … dies
 *   login B                     read ─ put ✔ LEASE_OVER             a seat lost for ever
 */
const LEASE_OVER = 'l <= :now'

/*
 *   login A   put ✔ (answer lost) ─ the SDK puts again ✔ MINE       a retry that refuses its own success
 *   status    read session ─ … seat given to B … ─ update ✘ MINE    a session that writes on another's seat
 */
const MINE = 's = :session'

/*
 *   login C   read: A is silent ───────────────── put ✘ UNHEARD
 *   device A                     status ✔ heard+1                   an eviction of a device that just spoke
 */
const UNHEARD = 'h = :formerHeard AND c = :formerConnection'

/*
 *   login 5   reads: session 1 ───────────────────── overtake ✘ EARLIER         a session that is ended by a login that is
 *   device                       status 6 of session 1 ✔                        older than what its device said in it
 */
const EARLIER = 'h < :later'

/*
 *   device    frame 7 ✔ … somebody plays frame 7 again ✘ NEWER      a frame that counts twice
 */
const NEWER = 'h < :number'

/*
 *   device    send 1 ✔, send 2 ✔, send 1 again ✘ NEXT               a message that is posted twice, or before its elder
 */
const NEXT = 'n = :previous'

/*
 *   send 1   begins ─ POST ………………………………………… answered
 *   send 2      begins ✘ ANSWERED … begins ✔ ─ POST                 a message that overtakes its elder on the way
 *   send 1   begins ─ dies                                          after the time a function may run it can no longer
 *   send 2      begins ✘ ANSWERED …………………………… begins ✔              come: a device that would wait for ever
 */
const ANSWERED = '(n = :none OR r = :answered OR begins_with(r, :answeredWith) OR m <= :over)'

/*
 *   send 1   begins ─ POST ……………… is slow ……………………… answered ✘ CURRENT
 *   send 2                         begins ✔ answered ✔               an outcome that is taken for another send's
 */
const CURRENT = 'n = :number'

/*
 *   listener A   waits too long ─ wake ✔
 *   listener B   waits too long ─── wake ✘ ASLEEP                   a device that is woken twice
 *
 *   listener A   update ✔ (answer lost) ─ the SDK updates again ✔ w = :at     a device that is noted as woken, and never is
 *
 *   listener A   wake ✔ ─ dies before it tells anybody
 *   listener B                              … 15 min … wake ✔ w <= :over      the same
 */
const ASLEEP = '(attribute_not_exists(w) OR w = :at OR (attribute_not_exists(v) AND w <= :over))'

/*
 *   perMinute = 120   send 1 ✔ 12:00 … send 120 ✔ ── send 121 ✘ PACED 12:00 ── send 121 ✔ 12:01         a flood
 */
const PACED = '(attribute_not_exists(g) OR g < :minute)'

/** A session, and no login that is still under way. */
const OPENED = 'attribute_not_exists(l)'

export function seats(table: Table): Seats {
  const keep = async (heard: Heard, also: Also, condition: Expression) => {
    const written = await table.update<SeatItem>(
      keyOf(seatNumberOf(heard.session)),
      {
        text: `SET t = :at, h = :number, c = :connection, k = :acked${also.set ?? ''} REMOVE o, w, v${also.remove ?? ''}`,
        values: { ':at': heard.at, ':connection': heard.connection, ':acked': heard.acked, ...also.values },
      },
      {
        text: `${MINE} AND d = :device AND ${OPENED} AND ${NEWER}${condition.text}`,
        values: { ...mine(heard.session), ':device': heard.device, ':number': heard.number, ...condition.values },
      },
    )
    if (written.done) return { kept: true, moved: isMove(written.old, heard.connection) } as const
    const found = written.found && seatIn(written.found)
    return { kept: false, ...whyNot(heard, found), ...(found?.state === 'open' && { found }) } as const
  }

  return {
    read: async (shard, options) => (await table.query<SeatItem>(shardKey(shard), options)).map(seatIn),

    async at(number, options) {
      const item = await table.get<SeatItem>(keyOf(number), options)
      return item && seatIn(item)
    },

    async take(seat, now) {
      const { done } = await table.put(
        { ...itemOf(seat) },
        {
          text: `${NEVER_TAKEN} OR ${LEASE_OVER} OR ${MINE}`,
          values: { ':now': now, ...mine(seat.session) },
        },
      )
      return done
    },

    async takeFrom(former, seat) {
      const asRead = former.state === 'open' ? unheard(former) : { text: MINE, values: mine(former.session) }
      const written = await table.put<SeatItem>(
        { ...itemOf(seat) },
        {
          text: `(${asRead.text}) OR s = :next`,
          values: { ...asRead.values, ':next': randomOf(seat.session) },
        },
      )
      if (!written.done) return undefined
      // A retry finds itself there: what was read is then the best that is known of who had the seat.
      const old = written.old && seatIn(written.old)
      return old === undefined || old.session === seat.session ? former : old
    },

    open: async (seat) => (await table.put({ ...itemOf(seat) }, { text: MINE, values: mine(seat.session) })).done,

    async free(session) {
      const key = keyOf(seatNumberOf(session))
      const removed = await table.remove<SeatItem>(key, { text: MINE, values: mine(session) })
      return removed.done && removed.old ? seatIn(removed.old) : undefined
    },

    async overtake(session, number) {
      const key = keyOf(seatNumberOf(session))
      const removed = await table.remove<SeatItem>(key, {
        text: `${MINE} AND ${EARLIER}`,
        values: { ...mine(session), ':later': number },
      })
      if (removed.done) return { done: true, ...(removed.old && { former: seatIn(removed.old) }) }
      const found = removed.found && seatIn(removed.found)
      return found?.session === session ? { done: false, heard: found.heard } : { done: true }
    },

    end: async (seat) => (await table.remove(keyOf(seat.number), unheard(seat))).done,

    async heard(heard) {
      const { active } = heard
      if (active === undefined) return kept(await keep(heard, {}, ALWAYS))
      return kept(await keep(heard, active ? ACTIVE : { set: ', p = :yes', values: { ':yes': true } }, ALWAYS))
    },

    async sending(heard, sent, perMinute = 0) {
      const { at } = heard
      const paced = isMilestone(sent, perMinute)
      const begun = await keep(
        heard,
        {
          ...ACTIVE,
          set: `, n = :sent, m = :at${paced ? ', g = :minute' : ''}`,
          values: { ':sent': sent, ...(paced && { ':minute': minuteOf(at) }) },
        },
        {
          text: ` AND ${NEXT} AND ${ANSWERED}${paced ? ` AND ${PACED}` : ''}`,
          values: {
            ':previous': sent - 1,
            ':none': 0,
            ':answered': String(sent - 1),
            ':answeredWith': `${sent - 1} `,
            ':over': at - GATEWAY_LIMITS.integrationMs,
            ...(paced && { ':minute': minuteOf(at) }),
          },
        },
      )
      return begun.kept ? begun : { ...begun, ...tooMany(begun, sent, perMinute, at) }
    },

    async answered(session, outcome) {
      await table.update(
        keyOf(seatNumberOf(session)),
        { text: 'SET r = :outcome', values: { ':outcome': outcomeText(outcome) } },
        { text: `${MINE} AND ${CURRENT}`, values: { ...mine(session), ':number': outcome.number } },
      )
    },

    async unsent(session, number, perMinute = 0) {
      const milestone = isMilestone(number, perMinute) ? ' REMOVE g' : ''
      await table.update(
        keyOf(seatNumberOf(session)),
        { text: `SET n = :previous${milestone}`, values: { ':previous': number - 1 } },
        { text: `${MINE} AND ${CURRENT}`, values: { ...mine(session), ':number': number } },
      )
    },

    async outOfCoverage(session, connection) {
      const { done } = await table.update(
        keyOf(seatNumberOf(session)),
        { text: 'SET o = :yes', values: { ':yes': true } },
        { text: `${MINE} AND c = :connection`, values: { ...mine(session), ':connection': connection } },
      )
      return done
    },

    async waking(seat, at) {
      const { text, values } = unheard(seat)
      const { done } = await table.update(
        keyOf(seat.number),
        { text: 'SET w = :at', values: { ':at': at } },
        { text: `${text} AND ${ASLEEP}`, values: { ...values, ':at': at, ':over': at - WAKING_MS } },
      )
      return done
    },

    async woken(session, at) {
      await table.update(
        keyOf(seatNumberOf(session)),
        { text: 'SET v = :yes', values: { ':yes': true } },
        { text: `${MINE} AND w = :at`, values: { ...mine(session), ':at': at } },
      )
    },

    async notWoken(session, at) {
      await table.update(
        keyOf(seatNumberOf(session)),
        { text: 'REMOVE w' },
        { text: `${MINE} AND w = :at`, values: { ...mine(session), ':at': at } },
      )
    },
  }
}

function isMove(before: SeatItem | undefined, connection: string): boolean {
  return before?.o === true || before?.c !== connection
}

/** What a frame changes beside what every frame does. */
interface Also {
  readonly set?: string
  readonly remove?: string
  readonly values?: Expression['values']
}

const ACTIVE: Also = { remove: ', p' }
const ALWAYS: Expression = { text: '' }

function kept({ found: _found, ...rest }: Kept & { readonly found?: Open }): Kept {
  return rest
}

function mine(session: string) {
  return { ':session': randomOf(session) }
}

/** The condition that a session is as it was read: its device has not spoken since. */
function unheard({ session, heard, connection }: Open): Expression {
  return {
    text: `${MINE} AND ${UNHEARD}`,
    values: { ...mine(session), ':formerHeard': heard, ':formerConnection': connection },
  }
}

/** A send that follows the last one, and would have begun but for the pace. */
function tooMany({ because, found }: NotKept, sent: number, perMinute: number, at: number) {
  if (because !== 'out-of-order' || found?.sent !== sent - 1) return {}
  const retryAfterMs = sendWaitMs(found, sent, perMinute, at)
  return retryAfterMs === 0 ? {} : ({ because: 'too-many', retryAfterMs } as const)
}

type NotKept = Extract<Kept, { kept: false }> & { readonly found?: Open }

function whyNot(heard: Heard, found: Seat | undefined): Omit<Kept & { kept: false }, 'kept'> {
  if (found === undefined || found.session !== heard.session || found.device !== heard.device) return GONE
  if (found.state !== 'open') return GONE
  return found.heard >= heard.number ? { because: 'replayed', heard: found.heard } : { because: 'out-of-order' }
}

const GONE = { because: 'session-gone' } as const
