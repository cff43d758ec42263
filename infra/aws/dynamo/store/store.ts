import type { Item } from '../values/attribute-value.ts'
import { table, type Table, type TableSchema } from './table.ts'

/** A change, as it is made and as it is kept. */
export type Change =
  | { readonly table: TableSchema }
  | { readonly drop: string }
  | { readonly put: Item; readonly in: string }
  | { readonly remove: Item; readonly in: string }

export interface Store {
  readonly find: (name: string) => Table | undefined
  readonly names: () => readonly string[]
  /** Makes all of the changes, or none where they cannot be kept. When it returns, they survive the end of the process. */
  readonly commit: (changes: readonly Change[]) => void
  readonly close: () => void
}

/** What keeps the changes of a store beyond its process. */
export interface Keeper {
  /** What was kept, oldest first. Asked once, before anything is kept. */
  readonly changes: () => Iterable<readonly Change[]>
  /** @param snapshot all that there is now, for a keeper that begins a new file */
  readonly keep: (changes: readonly Change[], snapshot: () => Iterable<Change>) => void
  readonly close: () => void
}

/** Tables with their items. @param keeper absent: they are gone with the store */
export function store(keeper?: Keeper): Store {
  const tables = new Map<string, Table>()
  for (const changes of keeper?.changes() ?? []) for (const change of changes) make(tables, change)
  return {
    find: (name) => tables.get(name),
    names: () => [...tables.keys()].sort(),
    commit(changes) {
      keeper?.keep(changes, () => snapshot(tables))
      for (const change of changes) make(tables, change)
    },
    close: () => keeper?.close(),
  }
}

function make(tables: Map<string, Table>, change: Change): void {
  if ('table' in change) changeTable(tables, change.table)
  else if ('drop' in change) tables.delete(change.drop)
  else if ('put' in change) tables.get(change.in)?.put(change.put)
  else {
    const found = tables.get(change.in)
    found?.remove(found.placeOf(change.remove))
  }
}

/** A table that is there keeps its items: only its time to live can change. */
function changeTable(tables: Map<string, Table>, schema: TableSchema): void {
  const found = tables.get(schema.name)
  tables.set(schema.name, found === undefined ? table(schema) : { ...found, schema })
}

function* snapshot(tables: ReadonlyMap<string, Table>): Iterable<Change> {
  for (const [name, each] of tables) {
    yield { table: each.schema }
    for (const partition of each.partitions())
      for (const item of each.partition(partition)) yield { put: item, in: name }
  }
}
