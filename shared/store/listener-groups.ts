import type { Table } from './table.ts'

/**
 * How long a listener's claim on a watch holds without being renewed, in milliseconds. A listener that died is missed
 * that long, and until the schedule's next tick or a login after that.
 */
export const LISTEN_LEASE_MS = 30_000

/** The benches that one environment listens for: who does, and how often somebody rang. */
export interface Watch {
  readonly listener?: string
  readonly until?: number
  /** Counts the rings. A listener that sees another number looks at its benches. */
  readonly bell: number
}

export interface Watches {
  /** Claims or renews the right to listen. `false`: somebody else listens. Thrift only: the mailbox is the fence. */
  claim(watch: number, listener: string, now: number): Promise<boolean>
  /** Takes the watch over from a listener that started this one to go on, or from nobody. */
  succeed(watch: number, listener: string, from: string, now: number): Promise<boolean>
  release(watch: number, listener: string): Promise<void>
  /** Tells the listener that a session is new, gone, or on another connection. One write unit. @returns whether there is a listener */
  ring(watch: number, now: number): Promise<boolean>
  /** The watch as it is. Half a read unit, or one where it must be the newest. */
  look(watch: number, options?: { consistent?: boolean }): Promise<Watch>
  /** Whether somebody listens now. */
  listened(watch: number, now: number): Promise<boolean>
}

/*
 *   listener A   claim ✔ … dies
 *   listener B                  claim ✔ UNCLAIMED                  sessions that nobody listens for, for ever
 */
const UNCLAIMED = 'attribute_not_exists(#listener) OR #until <= :now'

/*
 *   listener A   claim ✔ (answer lost) ─ the SDK claims again ✔ MINE     a listener that sends itself away
 *   listener A   … stalls …            ─ release ✘ MINE                  a lease that is taken from its next holder
 *   listener B              claim ✔
 */
const MINE = '#listener = :listener'

/*
 *   listener A   starts B to go on ─────────────────── sees B, stops
 *   listener B                      listens ─ succeed ✔ AFTER          a watch that is let go before it is taken over
 *   listener C                      listens ─── succeed ✘              the start of B, delivered twice
 */
const AFTER = '#listener = :from'

const CLAIM = 'SET #listener = :listener, #until = :until'

export function watches(table: Table): Watches {
  const claimed = async (watch: number, listener: string, now: number, condition: string, from?: string) => {
    const { done } = await table.update(
      key(watch),
      { text: CLAIM, values: { ':listener': listener, ':until': now + LISTEN_LEASE_MS } },
      { text: condition, values: { ':now': now, ...(from !== undefined && { ':from': from }) } },
    )
    return done
  }
  return {
    claim: (watch, listener, now) => claimed(watch, listener, now, `${UNCLAIMED} OR ${MINE}`),
    succeed: (watch, listener, from, now) => claimed(watch, listener, now, `${UNCLAIMED} OR ${MINE} OR ${AFTER}`, from),
    async release(watch, listener) {
      await table.update(
        key(watch),
        { text: 'REMOVE #listener, #until' },
        { text: MINE, values: { ':listener': listener } },
      )
    },
    async ring(watch, now) {
      const rung = await table.update<Watch>(key(watch), { text: 'ADD bell :one', values: { ':one': 1 } })
      return rung.done && isListened(rung.old, now)
    },
    async look(watch, options) {
      const { listener, until, bell = 0 } = (await table.get<Partial<Watch>>(key(watch), options)) ?? {}
      return { bell, ...(listener !== undefined && { listener }), ...(until !== undefined && { until }) }
    },
    listened: async (watch, now) => isListened(await table.get<Watch>(key(watch), { consistent: true }), now),
  }
}

function isListened(watch: Partial<Watch> | undefined, now: number): boolean {
  return watch?.until !== undefined && watch.until > now
}

function key(watch: number) {
  return { pk: `WATCH#${String(watch).padStart(4, '0')}`, sk: '-' }
}
