import type { Table } from '../table.ts'

/** What is known of the shards without looking at them. */
export interface SeatHint {
  /** Where a login looks first: the lowest shard with room, when somebody last looked. A wrong one costs reads, no more. */
  readonly room: number
  /** Every seat that is taken has a number below this: the highest capacity that there was, until those above are empty. */
  readonly most: number
  /** Since when the seats from a number up are known to be empty; taken back by a login that may take one of them. */
  readonly quiet?: Quiet
}

export interface Quiet {
  readonly from: number
  readonly since: number
}

/**
 * How long the seats above a lowered maximum must be empty before they are forgotten, in milliseconds: longer than a
 * function may trust the old maximum (10 s), and then run (29 s).
 */
export const QUIET_MS = 60_000

export interface SeatHints {
  /** Consistent: a login that does not know of the seats above a lowered maximum would not count their sessions. */
  read(): Promise<SeatHint>
  /** Where logins are led. Half a read unit, eventually consistent: for a listener, which looks at its shards when it changes. */
  glance(): Promise<number>
  /** Leads logins to another shard. `false`: somebody else did meanwhile, so that of many at once one writes. */
  lead(from: number, to: number): Promise<boolean>
  /** Notes that seats below this number may be taken from now on. To be written before the first is. */
  reach(most: number): Promise<void>
  /** Notes that all seats from a number up were seen empty, or that they were not. */
  quieten(known: SeatHint, quiet: Quiet | undefined): Promise<boolean>
  /** Forgets the seats from `quiet.from` up. `false`: a login may take one of them by now. */
  lower(quiet: Quiet): Promise<boolean>
}

/*
 *   login A   hint: 3 ── shard 3 is full ── a seat on 4 ── hint 3 → 4 ✔
 *   login B   hint: 3 ── shard 3 is full ── a seat on 4 ── hint 3 → 4 ✘ AS_READ        each pays for a write that says
 *   upkeep                                        a seat on 1 is free ─ hint 4 → 1 ✔   nothing new, or leads back up
 */
const AS_READ = 'room = :from'

/*
 *   login of a maximum of 10   reach 10 ───────────────────── take 7
 *   login of a maximum of 4             reach 4 ✘ HIGHER                  a seat 7 that is not counted
 */
const HIGHER = 'attribute_not_exists(most) OR most < :most'

/*
 *   upkeep   7 is empty: quiet from 4 ─ a minute ─ 7 is empty ──────── lower to 4 ✘ STILL_QUIET
 *   login of a maximum of 10                              reach: unquiet ─ take 7      a seat 7 that is not counted
 */
const STILL_QUIET = 'quietFrom = :quietFrom AND quietSince = :quietSince'

interface Item {
  readonly room?: number
  readonly most?: number
  readonly quietFrom?: number
  readonly quietSince?: number
}

const KEY = { pk: 'HINT#shards', sk: '-' }

export function seatHints(table: Table): SeatHints {
  return {
    async read() {
      const { room = 0, most = 0, quietFrom, quietSince } = (await table.get<Item>(KEY, { consistent: true })) ?? {}
      const isQuiet = quietFrom !== undefined && quietSince !== undefined
      return { room, most, ...(isQuiet && { quiet: { from: quietFrom, since: quietSince } }) }
    },
    glance: async () => (await table.get<Item>(KEY))?.room ?? 0,
    async lead(from, to) {
      const unset = from === 0 ? ' OR attribute_not_exists(room)' : ''
      const { done } = await table.update(
        KEY,
        { text: 'SET room = :to', values: { ':to': to } },
        { text: `${AS_READ}${unset}`, values: { ':from': from } },
      )
      return done
    },
    async reach(most) {
      const { done } = await table.update(
        KEY,
        { text: 'SET most = :most REMOVE quietFrom, quietSince', values: { ':most': most } },
        { text: HIGHER },
      )
      const values = { ':from': most }
      if (!done)
        await table.update(KEY, { text: 'REMOVE quietFrom, quietSince' }, { text: 'quietFrom < :from', values })
    },
    async quieten({ most }, quiet) {
      const { done } = await table.update(
        KEY,
        quiet === undefined
          ? { text: 'REMOVE quietFrom, quietSince' }
          : {
              text: 'SET quietFrom = :quietFrom, quietSince = :quietSince',
              values: { ':quietFrom': quiet.from, ':quietSince': quiet.since },
            },
        { text: 'most = :asRead', values: { ':asRead': most } },
      )
      return done
    },
    async lower({ from, since }) {
      const { done } = await table.update(
        KEY,
        { text: 'SET most = :quietFrom REMOVE quietFrom, quietSince' },
        { text: STILL_QUIET, values: { ':quietFrom': from, ':quietSince': since } },
      )
      return done
    },
  }
}
