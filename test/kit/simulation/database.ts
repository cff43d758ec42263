import type { Expression, Key, Table, Written } from '../../../shared/store/table.ts'
import { type Expiry, TTL } from './expiry.ts'
import { change, condition, type Item, type Values } from './expressions.ts'
import type { Simulation } from './simulation.ts'

/** A write that changed something, at the moment at which it did. */
export interface Change {
  /** The name of the process whose write it is; TTL where the item had expired, and went by itself. */
  readonly by: string
  readonly key: Key
  readonly before: Item | undefined
  readonly after: Item | undefined
}

export interface SimulatedDatabase {
  /** As the stores take it: every operation is an exchange of the process that calls it. */
  readonly table: Table
  /** The items of a partition as they are now, without a step: for invariants. */
  readonly items: (pk: string) => Item[]
  readonly item: (key: Key) => Item | undefined
  /** Puts an item without a step: what was there before the simulation begins. */
  readonly place: (item: Key & Item) => void
  /** Calls this at each write that changes something. */
  readonly watch: (watcher: (change: Change) => void) => void
}

export interface DatabaseOptions {
  /** Puts another condition in the place of one: breaks it on purpose. */
  readonly rewrite?: Rewrite
  /** When an item that expires is deleted. Absent: nothing is. */
  readonly expiry?: Expiry
}

/** The text of a condition, and what is to be done where it holds. */
export interface AskedCondition {
  readonly text: string
  readonly of: 'put' | 'update' | 'remove'
}

export type Rewrite = (condition: AskedCondition) => string

/** How old the state may be that an eventually consistent read shows, in milliseconds. */
const STALE_MS = 1_000

/** One DynamoDB table in memory, which evaluates the stores' own expressions, each operation in one step. */
export function simulatedDatabase(world: Simulation, options: DatabaseOptions = {}): SimulatedDatabase {
  const { rewrite = same, expiry } = options
  const expiring = new Map<string, { readonly key: Key; readonly at: number }>()
  const partitions = new Map<string, Partition>()
  const watchers: ((change: Change) => void)[] = []
  const partition = (pk: string): Partition => {
    const known = partitions.get(pk) ?? { items: new Map(), writes: [] }
    partitions.set(pk, known)
    return known
  }

  const write = (key: Key, after: Item | undefined, by = world.who()) => {
    const { items, writes } = partition(key.pk)
    const before = items.get(key.sk)
    if (after === undefined) items.delete(key.sk)
    else items.set(key.sk, after)
    noteExpiry(key, after)
    writes.push({ at: world.clock.now(), sk: key.sk, before })
    if (before !== undefined || after !== undefined) for (const watcher of watchers) watcher({ by, key, before, after })
  }

  const noteExpiry = ({ pk, sk }: Key, item: Item | undefined) => {
    const at = item === undefined ? Infinity : (expiry?.(item) ?? Infinity)
    if (at === Infinity) expiring.delete(`${pk} ${sk}`)
    else expiring.set(`${pk} ${sk}`, { key: { pk, sk }, at })
  }

  /** No reader can tell a deletion from one that comes just before the next operation: here it comes there. */
  const operate = <T>(what: string, effect: () => T): Promise<T> =>
    world.exchange(what, () => {
      for (const { key, at } of expiring.values()) {
        if (at > world.clock.now()) continue
        world.note(`${TTL} deletes ${key.pk} ${key.sk}`)
        write(key, undefined, TTL)
      }
      return effect()
    })

  const conditionally = <I>(
    what: AskedCondition['of'],
    key: Key,
    expected: Expression | undefined,
    next: (found: Item | undefined, values: Values) => Item | undefined,
    also: Values = {},
  ): Promise<Written<I>> =>
    operate(`${what} ${key.pk} ${key.sk}`, () => {
      const found = partition(key.pk).items.get(key.sk)
      // One map for both expressions, as in the request.
      const values = plain({ ...also, ...expected?.values })
      const holds = expected === undefined || condition(rewrite({ text: expected.text, of: what }))(found ?? {}, values)
      if (!holds) {
        world.note(`${what} ${key.pk} ${key.sk} ✘ ${expected.text}`)
        return { done: false, ...(found && { found: copy<I>(found) }) }
      }
      write(key, next(found, values))
      return { done: true, ...(found && { old: copy<I>(found) }) }
    })

  /** As a replica has it that lacks the last writes: how many, chance says. */
  const seen = (pk: string, consistent: boolean): ReadonlyMap<string, Item> => {
    const { items, writes } = partition(pk)
    if (consistent || !world.chanceOf('stale')) return items
    const recent = writes.filter(({ at }) => at > world.clock.now() - STALE_MS)
    const older = new Map(items)
    for (const { sk, before } of recent.slice(world.random.below(recent.length + 1)).toReversed()) {
      if (before === undefined) older.delete(sk)
      else older.set(sk, before)
    }
    return older
  }

  const table: Table = {
    get: <I>(key: Key, { consistent = false }: { consistent?: boolean } = {}) =>
      operate(`get ${key.pk} ${key.sk}`, () => {
        const found = seen(key.pk, consistent).get(key.sk)
        return found && copy<I>(found)
      }),
    query: <I>(
      pk: string,
      { after, last, consistent = false }: { after?: string; last?: number; consistent?: boolean } = {},
    ) =>
      operate(`query ${pk}`, () => {
        const rows = [...seen(pk, consistent)].toSorted(([one], [other]) => (one < other ? -1 : 1))
        const wanted = rows.filter(([sk]) => after === undefined || sk > after).map(([, item]) => copy<I>(item))
        return last === undefined ? wanted : wanted.slice(-last).toReversed()
      }),
    put: (item, expected) => conditionally('put', item, expected, () => plain(item)),
    update: (key, { text, values = {} }, expected) => {
      const changed = change(text)
      return conditionally('update', key, expected, (found, all) => changed(found ?? { ...key }, all), values)
    },
    remove: (key, expected) => conditionally('remove', key, expected, () => undefined),
  }

  return {
    table,
    items: (pk) => [...partition(pk).items.values()],
    item: ({ pk, sk }) => partition(pk).items.get(sk),
    place(item) {
      partition(item.pk).items.set(item.sk, plain(item))
      noteExpiry(item, item)
    },
    watch: (watcher) => {
      watchers.push(watcher)
    },
  }
}

interface Partition {
  readonly items: Map<string, Item>
  /** Every write, oldest first, with what was there before it. */
  readonly writes: { readonly at: number; readonly sk: string; readonly before: Item | undefined }[]
}

function same({ text }: AskedCondition): string {
  return text
}

/** What is kept of a value: no undefined members, and nothing that its giver can still change. */
function plain(value: Item): Item {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(entries.map(([name, each]) => [name, kept(each)]))
}

function kept(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(kept)
  if (value instanceof Uint8Array) return value.slice()
  if (typeof value !== 'object' || value === null) return value
  return plain({ ...value })
}

/** Items have the shape that their writer gave them. */
function copy<I>(item: Item): I {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return plain(item) as I
}
