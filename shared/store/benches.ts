import type { Table } from './table.ts'

/** How long a listener's claim on a bench holds without being renewed, in milliseconds. */
export const LISTEN_LEASE_MS = 15_000

export interface Benches {
  /** Claims or renews the right to listen for a bench. `false`: somebody else listens. Thrift only: the mailbox is the fence. */
  claim(bench: number, listener: string, now: number): Promise<boolean>
  release(bench: number, listener: string): Promise<void>
  /** Whether somebody listens now. */
  listened(bench: number, now: number): Promise<boolean>
}

interface Lease {
  readonly listener: string
  readonly until: number
}

const UNCLAIMED = 'attribute_not_exists(pk) OR #until <= :now'
const MINE = '#listener = :listener'

export function benches(table: Table): Benches {
  return {
    async claim(bench, listener, now) {
      const { done } = await table.put(
        { ...key(bench), listener, until: now + LISTEN_LEASE_MS },
        { text: `${UNCLAIMED} OR ${MINE}`, values: { ':now': now, ':listener': listener } },
      )
      return done
    },
    async release(bench, listener) {
      await table.remove(key(bench), { text: MINE, values: { ':listener': listener } })
    },
    async listened(bench, now) {
      const lease = await table.get<Lease>(key(bench), { consistent: true })
      return lease !== undefined && lease.until > now
    },
  }
}

function key(bench: number) {
  return { pk: `BENCH#${String(bench).padStart(4, '0')}`, sk: '-' }
}
