import { GATEWAY_LIMITS } from '../../rules/aws/gateway-limits.ts'
import { isMilestone, minuteOf, sendWaitMs } from '../../rules/pace.ts'
import { seatNumberOf, type Open, type Seat, type SendOutcome } from '../../rules/seat.ts'
import { ANSWERED, CURRENT, MINE, mine, NEWER, NEXT, OPENED, PACED } from './seat-conditions.ts'
import { keyOf, outcomeText, seatIn, type SeatItem } from './seat-item.ts'
import type { Expression, Table } from '../table.ts'

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
      /** Whether the device came on another connection, or back into coverage: the caller notifies its listener. */
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

/** What the device of a session says, and what became of it. */
export interface SeatFrames {
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
}

export function seatFrames(table: Table): SeatFrames {
  return {
    async heard(heard) {
      const { active } = heard
      if (active === undefined) return kept(await keep(table, heard, {}))
      return kept(await keep(table, heard, active ? ACTIVE : PASSIVE))
    },

    async sending(heard, sent, perMinute = 0) {
      const begun = await keep(table, heard, beginning(sent, perMinute, heard.at), following(sent, perMinute, heard.at))
      return begun.kept ? begun : { ...begun, ...tooMany(begun, sent, perMinute, heard.at) }
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
  }
}

/** What a frame changes beside what every frame does. */
interface Also {
  readonly set?: string
  readonly remove?: string
  readonly values?: Expression['values']
}

const ACTIVE: Also = { remove: ', p' }
const PASSIVE: Also = { set: ', p = :yes', values: { ':yes': true } }
const ALWAYS: Expression = { text: '' }

/** The one write that every frame makes; some change more, and under a further condition. */
async function keep(table: Table, heard: Heard, also: Also, condition = ALWAYS) {
  const { session, device, connection, number, acked, at } = heard
  const written = await table.update<SeatItem>(
    keyOf(seatNumberOf(session)),
    {
      text: `SET t = :at, h = :number, c = :connection, k = :acked${also.set ?? ''} REMOVE o, w, v${also.remove ?? ''}`,
      values: { ':at': at, ':connection': connection, ':acked': acked, ...also.values },
    },
    {
      text: `${MINE} AND d = :device AND ${OPENED} AND ${NEWER}${condition.text}`,
      values: { ...mine(session), ':device': device, ':number': number, ...condition.values },
    },
  )
  if (written.done) return { kept: true, moved: isMove(written.old, connection) } as const
  const found = written.found && seatIn(written.found)
  return { kept: false, ...whyNot(heard, found), ...(found?.state === 'open' && { found }) } as const
}

function isMove(before: SeatItem | undefined, connection: string): boolean {
  return before?.o === true || before?.c !== connection
}

/** That send `sent` begins: a user who writes is active. */
function beginning(sent: number, perMinute: number, at: number): Also {
  const paced = isMilestone(sent, perMinute)
  return {
    ...ACTIVE,
    set: `, n = :sent, m = :at${paced ? ', g = :minute' : ''}`,
    values: { ':sent': sent, ...(paced && { ':minute': minuteOf(at) }) },
  }
}

/** That the send before it is answered, or over, and that it is not one too many in this minute. */
function following(sent: number, perMinute: number, at: number): Expression {
  const paced = isMilestone(sent, perMinute)
  return {
    text: ` AND ${NEXT} AND ${ANSWERED}${paced ? ` AND ${PACED}` : ''}`,
    values: {
      ':previous': sent - 1,
      ':none': 0,
      ':answered': String(sent - 1),
      ':answeredWith': `${sent - 1} `,
      ':over': at - GATEWAY_LIMITS.integrationMs,
      ...(paced && { ':minute': minuteOf(at) }),
    },
  }
}

function kept({ found: _found, ...rest }: Kept & { readonly found?: Open }): Kept {
  return rest
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
