import type { Table } from './table.ts'

/** What is known of the benches without looking at them. */
export interface Outlook {
  /** Where a login looks first: the lowest bench with room, when somebody last looked. A wrong one costs reads, no more. */
  readonly room: number
}

export interface Outlooks {
  read(): Promise<Outlook>
  /** Leads logins to another bench. `false`: somebody else did meanwhile, so that of many at once one writes. */
  lead(from: number, to: number): Promise<boolean>
}

/** As nobody led anybody yet. */
const FIRST: Outlook = { room: 0 }

/*
 *   login A   hint: 3 ── bench 3 is full ── a seat on 4 ── hint 3 → 4 ✔
 *   login B   hint: 3 ── bench 3 is full ── a seat on 4 ── hint 3 → 4 ✘ AS_READ        each pays for a write that says
 *   upkeep                                        a seat on 1 is free ─ hint 4 → 1 ✔   nothing new, or leads back up
 */
const AS_READ = 'room = :from'

export function outlooks(table: Table): Outlooks {
  return {
    async read() {
      const item = await table.get<Partial<Outlook>>(KEY)
      return { room: item?.room ?? FIRST.room }
    },
    async lead(from, to) {
      const unset = from === FIRST.room ? ' OR attribute_not_exists(room)' : ''
      const { done } = await table.update(
        KEY,
        { text: 'SET room = :to', values: { ':to': to } },
        { text: `${AS_READ}${unset}`, values: { ':from': from } },
      )
      return done
    },
  }
}

const KEY = { pk: 'HINT#benches', sk: '-' }
