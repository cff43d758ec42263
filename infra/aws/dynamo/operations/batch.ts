import { invalid, isBody, outOfBounds, unreadable, type Body, type Consumed } from '../failure.ts'
import { expressionsOf, type Expressions } from '../expressions/expressions.ts'
import type { Store } from '../store/store.ts'
import type { Table } from '../store/table.ts'
import { itemIn, type Item } from '../values/attribute-value.ts'
import { ITEM_BYTES, itemBytes, readUnits } from '../values/sizes.ts'
import { shown } from './get.ts'
import { checkItemKey, checkKey, checkScalarKeys, keyIn } from './keys.ts'
import { outcomes, type Outcome } from './outcome.ts'
import { bodyIn, flagIn, listIn, refuseLegacy, tableNamed } from './request.ts'
import { consumedBy } from './write.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MOST_KEYS = 100
const MOST_WRITES = 25
const ANSWER_BYTES = 16 * 1024 * 1024

/** The keys of one table, and how they are read. */
interface Reads {
  readonly table: Table
  readonly asked: Body
  readonly keys: readonly Item[]
  readonly consistent: boolean
  readonly expressions: Expressions
}

/** Of more than 16 MB the rest is left unprocessed. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
export function batchGetItem(store: Store, request: Body): Outcome {
  const all = tablesIn(request).map(([name, asked]) => readsOf(store, name, asked))
  if (all.reduce((sum, { keys }) => sum + keys.length, 0) > MOST_KEYS)
    throw invalid('Too many items requested for the BatchGetItem call')
  const [answers, rest]: [Record<string, Item[]>, Body] = [{}, {}]
  const consumed: Consumed[] = []
  let bytes = 0
  for (const { table, asked, keys, consistent, expressions } of all) {
    const { name } = table.schema
    const found: Item[] = (answers[name] = [])
    const left: Item[] = []
    for (const key of keys) {
      const item = table.get(table.placeOf(key))
      const size = item === undefined ? 0 : itemBytes(item)
      if (bytes + size > ANSWER_BYTES) {
        left.push(key)
        continue
      }
      bytes += size
      consumed.push({ table: name, reads: readUnits(size, consistent), writes: 0 })
      if (item !== undefined) found.push(shown(item, expressions))
    }
    if (left.length > 0) rest[name] = { ...asked, Keys: left }
  }
  return outcomes(request, { Responses: answers, UnprocessedKeys: rest }, consumed)
}

function tablesIn(request: Body): readonly [name: string, asked: unknown][] {
  const tables = Object.entries(bodyIn(request, 'RequestItems'))
  if (tables.length > 0) return tables
  throw outOfBounds("'{}'", 'requestItems', 'Member must have length greater than or equal to 1')
}

function readsOf(store: Store, name: string, asked: unknown): Reads {
  if (!isBody(asked)) throw unreadable('Unexpected value type in payload')
  refuseLegacy(asked)
  const listed = listIn(asked, 'Keys')
  if (listed.length === 0 || listed.length > MOST_KEYS)
    throw outOfBounds(
      `'[${listed.length} keys]'`,
      `requestItems.${name}.member.keys`,
      `Member must have length ${listed.length === 0 ? 'greater than or equal to 1' : 'less than or equal to 100'}`,
    )
  const keys = listed.map((key) => itemIn(key))
  const consistent = flagIn(asked, 'ConsistentRead') ?? false
  const expressions = expressionsOf(asked, ['ProjectionExpression'])
  const table = tableNamed(store, name)
  for (const key of keys) checkKey(table, key)
  checkScalarKeys(table, expressions.nested)
  checkDistinct(table, keys)
  return { table, asked, keys, consistent, expressions }
}

function checkDistinct(table: Table, keys: readonly Item[]): void {
  if (new Set(keys.map((key) => JSON.stringify(table.placeOf(key)))).size < keys.length)
    throw invalid('Provided list of item keys contains duplicates')
}

/** Each write is done by itself, without a condition. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
export function batchWriteItem(store: Store, request: Body): Outcome {
  const all = tablesIn(request).flatMap(([name, asked]) => writesOf(store, name, asked))
  if (all.length > MOST_WRITES) throw invalid('Too many items requested for the BatchWriteItem call')
  const consumed = all.map(({ table, item, isPut }) => {
    const before = table.get(table.placeOf(item))
    const { name } = table.schema
    store.commit([isPut ? { put: item, in: name } : { remove: item, in: name }])
    return consumedBy(table, before, isPut ? item : undefined)
  })
  return outcomes(request, { UnprocessedItems: {} }, consumed)
}

function writesOf(store: Store, name: string, asked: unknown) {
  const bounds = `Map value must satisfy constraint: [Member must have length less than or equal to ${MOST_WRITES}, Member must have length greater than or equal to 1]`
  if (!Array.isArray(asked)) throw unreadable('Start of list expected')
  if (asked.length === 0 || asked.length > MOST_WRITES)
    throw outOfBounds(`'{${name}=[${asked.length} requests]}'`, 'requestItems', bounds)
  const writes = asked.map((each: unknown) => writeIn(each))
  const table = tableNamed(store, name)
  for (const { item, isPut } of writes) (isPut ? checkItemKey : checkKey)(table, item)
  checkDistinct(
    table,
    writes.map(({ item }) => item),
  )
  return writes.map((write) => ({ table, ...write }))
}

function writeIn(asked: unknown): { readonly item: Item; readonly isPut: boolean } {
  if (!isBody(asked)) throw unreadable('Unexpected value type in payload')
  const { PutRequest: put, DeleteRequest: remove } = asked
  if (isBody(put) === isBody(remove))
    throw invalid(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    )
  if (!isBody(put)) return { item: keyIn(isBody(remove) ? remove : {}), isPut: false }
  const item = itemIn(bodyIn(put, 'Item'))
  if (itemBytes(item) > ITEM_BYTES) throw invalid('Item size has exceeded the maximum allowed size')
  return { item, isPut: true }
}
