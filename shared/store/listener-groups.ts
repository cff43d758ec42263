import type { Table } from './table.ts'

/**
 * How long a listener's claim on a group holds without being renewed, in milliseconds. A listener that died is missed
 * that long, and until the schedule's next tick or a login after that.
 */
export const LISTEN_LEASE_MS = 30_000

/** The shards that one environment listens for: who does, and how often it was notified. */
export interface ListenerGroup {
  readonly listener?: string
  readonly until?: number
  /** Counts the notifications. A listener that sees another number looks at its shards. */
  readonly revision: number
}

export interface ListenerGroups {
  /** Claims or renews the right to listen. `false`: somebody else listens. Thrift only: the mailbox is the fence. */
  claim(group: number, listener: string, now: number): Promise<boolean>
  /** Takes the group over from the listener that started this one to go on, or where there is none. */
  succeed(group: number, listener: string, from: string, now: number): Promise<boolean>
  release(group: number, listener: string): Promise<void>
  /** Tells the listener that a session is new, gone, or on another connection. One write unit. @returns whether there is a listener */
  notify(group: number, now: number): Promise<boolean>
  /** The group as it is. Half a read unit, or one where it must be the newest. */
  look(group: number, options?: { consistent?: boolean }): Promise<ListenerGroup>
  /** Whether a listener holds it now. */
  listened(group: number, now: number): Promise<boolean>
}

/*
 *   listener A   claim ✔ … dies
 *   listener B                  claim ✔ UNCLAIMED                  sessions without a listener, for ever
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
 *   listener B                      listens ─ succeed ✔ AFTER          a group that is let go before it is taken over
 *   listener C                      listens ─── succeed ✘              the start of B, delivered twice
 */
const AFTER = '#listener = :from'

const CLAIM = 'SET #listener = :listener, #until = :until'

export function listenerGroups(table: Table): ListenerGroups {
  const claimed = async (group: number, listener: string, now: number, condition: string, from?: string) => {
    const { done } = await table.update(
      key(group),
      { text: CLAIM, values: { ':listener': listener, ':until': now + LISTEN_LEASE_MS } },
      { text: condition, values: { ':now': now, ...(from !== undefined && { ':from': from }) } },
    )
    return done
  }
  return {
    claim: (group, listener, now) => claimed(group, listener, now, `${UNCLAIMED} OR ${MINE}`),
    succeed: (group, listener, from, now) => claimed(group, listener, now, `${UNCLAIMED} OR ${MINE} OR ${AFTER}`, from),
    async release(group, listener) {
      await table.update(
        key(group),
        { text: 'REMOVE #listener, #until' },
        { text: MINE, values: { ':listener': listener } },
      )
    },
    async notify(group, now) {
      const notified = await table.update<ListenerGroup>(key(group), {
        text: 'ADD revision :one',
        values: { ':one': 1 },
      })
      return notified.done && isListened(notified.old, now)
    },
    async look(group, options) {
      const { listener, until, revision = 0 } = (await table.get<Partial<ListenerGroup>>(key(group), options)) ?? {}
      return { revision, ...(listener !== undefined && { listener }), ...(until !== undefined && { until }) }
    },
    listened: async (group, now) => isListened(await table.get<ListenerGroup>(key(group), { consistent: true }), now),
  }
}

export function isListened(group: Partial<ListenerGroup> | undefined, now: number): boolean {
  return group?.until !== undefined && group.until > now
}

function key(group: number) {
  return { pk: `GROUP#${String(group).padStart(4, '0')}`, sk: '-' }
}
