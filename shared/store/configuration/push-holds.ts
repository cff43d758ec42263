import { UNKNOWN } from '../existence.ts'
import type { Table } from '../table.ts'

/** Until when push services want nothing from this service, where they said so. */
export interface PushHolds {
  /** @param service an origin @returns epoch milliseconds; 0 where it never said so */
  until(service: string): Promise<number>
  /** @param until epoch milliseconds. A later end that was kept before stays. */
  hold(service: string, until: number): Promise<void>
}

interface HoldItem {
  readonly heldUntil: number
}

/*
 *   push 1   429, 60 s ─────────────────── hold until 12:01 ✘ LATER
 *   push 2      429, 300 s ── hold until 12:05 ✔                        a push service that is asked four minutes too early
 */
const LATER = `${UNKNOWN} OR heldUntil < :until`

const keyOf = (service: string) => ({ pk: 'VAPID', sk: `HELD#${service}` })

/** One item for each push service that ever said so: the setting `webPush` names a few hosts. */
export function pushHolds(table: Table): PushHolds {
  return {
    until: async (service) => (await table.get<HoldItem>(keyOf(service)))?.heldUntil ?? 0,
    async hold(service, until) {
      const values = { ':until': until }
      await table.update(keyOf(service), { text: 'SET heldUntil = :until', values }, { text: LATER })
    },
  }
}
