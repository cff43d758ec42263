import { invalid, type Body } from '../failure.ts'
import { keyTests, type KeyTest } from '../expressions/key-condition.ts'
import type { Store } from '../store/store.ts'
import type { Partition, Table } from '../store/table.ts'
import type { AttributeValue, Item } from '../values/attribute-value.ts'
import { beginsWith } from '../values/compare.ts'
import { checkKey, keyAttributes } from './keys.ts'
import type { Outcome } from './outcome.ts'
import { checkReadable, page, pageRequest, type PageRequest } from './page.ts'
import { flagIn, tableOf } from './request.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html */
export function query(store: Store, request: Body): Outcome {
  const asked = pageRequest(request, ['FilterExpression', 'KeyConditionExpression', 'ProjectionExpression'])
  const backwards = flagIn(request, 'ScanIndexForward') === false
  const { keyCondition, bindings } = asked.expressions
  if (keyCondition === undefined)
    throw invalid('Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.')
  const tests = keyTests(keyCondition, bindings)
  if (tests.size > 2) throw invalid('Conditions can be of length 1 or 2 only')
  const table = tableOf(store, request)
  checkReadable(table, asked)
  const { partition, sort } = testsOfKey(table, tests)
  checkFilter(table, asked)
  const items = table.partition(table.placeOf({ [table.schema.partition.name]: partition }).partition)
  const range = rangeOf(table, items, sort)
  if (asked.start !== undefined) startAfter(table, items, range, backwards, startIn(table, partition, asked.start))
  return page(table, asked, between(items, range, backwards))
}

/** From the first index up to, not including, the other. */
interface Range {
  from: number
  to: number
}

function testsOfKey(table: Table, tests: ReadonlyMap<string, KeyTest>) {
  const { partition, sort } = table.schema
  if (sort === undefined && tests.size > 1) throw invalid('Query key condition not supported')
  for (const [at, { name, type }] of keyAttributes(table).entries()) {
    const test = tests.get(name)
    if (test === undefined) {
      if (at === 0 || tests.size > 1) throw invalid(`Query condition missed key schema element: ${name}`)
      continue
    }
    if (test.values.some((value) => value[type] === undefined))
      throw invalid('One or more parameter values were invalid: Condition parameter type does not match schema type')
    if (at === 0 && test.operator !== '=') throw invalid('Query key condition not supported')
  }
  const value = tests.get(partition.name)?.values[0]
  if (value === undefined) throw invalid(`Query condition missed key schema element: ${partition.name}`)
  return { partition: value, sort: sort && tests.get(sort.name) }
}

function checkFilter(table: Table, { expressions: { filtered } }: PageRequest): void {
  const found = keyAttributes(table).find(({ name }) => filtered.has(name))
  if (found === undefined) return
  const what = `Filter Expression can only contain non-primary key attributes: Primary key attribute: ${found.name}`
  throw invalid(what)
}

function rangeOf(table: Table, items: Partition, test: KeyTest | undefined): Range {
  if (test === undefined) return { from: 0, to: items.length }
  const [low, high = low] = test.values
  const above = table.index(items, low, true)
  const from = table.index(items, low, false)
  const ranges: Readonly<Record<KeyTest['operator'], () => Range>> = {
    '=': () => ({ from, to: above }),
    '<': () => ({ from: 0, to: from }),
    '<=': () => ({ from: 0, to: above }),
    '>': () => ({ from: above, to: items.length }),
    '>=': () => ({ from, to: items.length }),
    between: () => ({ from, to: table.index(items, high, true) }),
    begins_with: () => ({ from, to: endOfPrefix(table, items, from, low) }),
  }
  return ranges[test.operator]()
}

function endOfPrefix(table: Table, items: Partition, from: number, prefix: AttributeValue | undefined): number {
  const { name = '' } = table.schema.sort ?? {}
  let to = from
  while (to < items.length && beginsWith(items[to]?.[name], prefix)) to++
  return to
}

const wrong = (what: string) => invalid(`The provided starting key is ${what}`)

function startIn(table: Table, partition: AttributeValue, start: Item): Item {
  try {
    checkKey(table, start)
  } catch {
    throw wrong('invalid')
  }
  const { name, type } = table.schema.partition
  if (start[name]?.[type] !== partition[type]) throw wrong('outside query boundaries based on provided conditions')
  return start
}

function startAfter(table: Table, items: Partition, range: Range, backwards: boolean, start: Item): void {
  const { sort } = table.placeOf(start)
  if (sort === undefined) range.from = range.to
  else if (backwards) range.to = Math.min(range.to, table.index(items, sort, false))
  else range.from = Math.max(range.from, table.index(items, sort, true))
}

function* between(items: Partition, { from, to }: Range, backwards: boolean): Iterable<Item> {
  for (let count = 0; count < to - from; count++) {
    const item = items[backwards ? to - 1 - count : from + count]
    if (item !== undefined) yield item
  }
}
