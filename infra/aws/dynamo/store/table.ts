import { createHash } from 'node:crypto'
import type { AttributeValue, Item } from '../values/attribute-value.ts'
import { order } from '../values/compare.ts'

export interface KeyAttribute {
  readonly name: string
  readonly type: 'S' | 'N' | 'B'
}

/** What a table is, as it is kept. */
export interface TableSchema {
  readonly name: string
  readonly partition: KeyAttribute
  readonly sort?: KeyAttribute
  /** Epoch seconds. */
  readonly createdAt: number
  readonly id: string
  /** The attribute of its time to live, where UpdateTimeToLive named one. */
  readonly timeToLive?: string
}

/** Where an item is in its table: its partition, as text, and its sort key. */
export interface Place {
  readonly partition: string
  readonly sort: AttributeValue | undefined
}

/** The items of one partition, in the order of their sort keys. */
export type Partition = readonly Item[]

export interface Table {
  readonly schema: TableSchema
  /** Of an item or a key that was checked against the schema. */
  readonly placeOf: (item: Item) => Place
  readonly get: (place: Place) => Item | undefined
  readonly put: (item: Item) => void
  readonly remove: (place: Place) => void
  readonly partition: (name: string) => Partition
  /** Names of partitions in an order that says nothing of them, as a scan reads them: by a hash. */
  readonly partitions: () => readonly string[]
  /** The first of a partition whose sort key is not below, or, with `above`, is above the value. */
  readonly index: (partition: Partition, sort: AttributeValue | undefined, above: boolean) => number
  readonly count: () => number
}

/** The items of a table, in memory. */
export function table(schema: TableSchema): Table {
  const partitions = new Map<string, Item[]>()
  let scanned: readonly string[] | undefined
  const { sortOf, index, at } = orderBy(schema)
  const placeOf = (item: Item): Place => ({ partition: textOf(item[schema.partition.name]), sort: sortOf(item) })
  return {
    schema,
    placeOf,
    index,
    get(place) {
      const items = partitions.get(place.partition)
      const found = items && at(items, place)
      return found === undefined ? undefined : items?.[found]
    },
    put(item) {
      const place = placeOf(item)
      const items = partitions.get(place.partition)
      if (items === undefined) {
        partitions.set(place.partition, [item])
        scanned = undefined
        return
      }
      const found = at(items, place)
      if (found === undefined) items.splice(index(items, place.sort, true), 0, item)
      else items[found] = item
    },
    remove(place) {
      const items = partitions.get(place.partition)
      const found = items && at(items, place)
      if (items === undefined || found === undefined) return
      items.splice(found, 1)
      if (items.length > 0) return
      partitions.delete(place.partition)
      scanned = undefined
    },
    partition: (name) => partitions.get(name) ?? [],
    partitions: () => (scanned ??= byHash([...partitions.keys()])),
    count: () => [...partitions.values()].reduce((sum, items) => sum + items.length, 0),
  }
}

const textOf = ({ S, N, B }: AttributeValue = {}) => S ?? N ?? B ?? ''

/** Finds items of a partition by their sort key; where the table has none, the one item there is. */
function orderBy({ sort }: TableSchema) {
  const sortOf = (item: Item) => (sort === undefined ? undefined : item[sort.name])

  function index(items: Partition, value: AttributeValue | undefined, above: boolean): number {
    let [low, high] = [0, items.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const found = order(sortOf(items[middle] ?? {}), value) ?? 0
      if (found < 0 || (above && found === 0)) low = middle + 1
      else high = middle
    }
    return low
  }

  function at(items: Partition, place: Place): number | undefined {
    const found = index(items, place.sort, false)
    const item = items[found]
    return item !== undefined && (sort === undefined || order(sortOf(item), place.sort) === 0) ? found : undefined
  }

  return { sortOf, index, at }
}

/** Where a partition comes in a scan. */
export const hashOf = (partition: string): string => createHash('md5').update(partition).digest('hex')

function byHash(names: readonly string[]): readonly string[] {
  const hashed = names.map((name) => ({ name, hash: hashOf(name) }))
  return hashed.sort((one, other) => (one.hash < other.hash ? -1 : 1)).map(({ name }) => name)
}
