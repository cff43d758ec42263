import { invalid, type Body } from '../failure.ts'
import { expressionsOf, type Expressions, type Parameter } from '../expressions/expressions.ts'
import type { Table } from '../store/table.ts'
import { itemIn, type Item } from '../values/attribute-value.ts'
import { itemBytes, readUnits } from '../values/sizes.ts'
import { shown } from './get.ts'
import { checkScalarKeys, keyOf } from './keys.ts'
import { outcome, type Outcome } from './outcome.ts'
import { bodyIn, choiceIn, flagIn, refuseLegacy, textIn, wholeIn } from './request.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html */
const PAGE_BYTES = 1024 * 1024

/** What a query and a scan have in common. */
export interface PageRequest {
  readonly request: Body
  readonly expressions: Expressions
  readonly consistent: boolean
  readonly limit: number
  readonly counts: boolean
  /** The key after which it goes on. */
  readonly start: Item | undefined
}

/** @throws ValidationException, SerializationException */
export function pageRequest(request: Body, taken: readonly Parameter[]): PageRequest {
  refuseLegacy(request)
  const consistent = flagIn(request, 'ConsistentRead') ?? false
  const limit = wholeIn(request, 'Limit', 1) ?? Infinity
  const select = choiceIn(request, 'Select', [
    'ALL_ATTRIBUTES',
    'ALL_PROJECTED_ATTRIBUTES',
    'SPECIFIC_ATTRIBUTES',
    'COUNT',
  ])
  const start = request['ExclusiveStartKey'] ? itemIn(bodyIn(request, 'ExclusiveStartKey')) : undefined
  const expressions = expressionsOf(request, taken)
  return { request, expressions, consistent, limit, counts: select === 'COUNT', start }
}

/** @throws ValidationException where it names an index: the local DynamoDB has none */
export function checkReadable(table: Table, { request, expressions }: PageRequest): void {
  const index = textIn(request, 'IndexName')
  if (index !== undefined) throw invalid(`The table does not have the specified index: ${index}`)
  checkScalarKeys(table, expressions.nested)
}

/**
 * A page of items: until the limit, or until they have a megabyte, before the filter looks at them. All of what was read is
 * billed, rounded up together.
 */
export function page(table: Table, asked: PageRequest, items: Iterable<Item>): Outcome {
  const { request, expressions, limit } = asked
  const read: Item[] = []
  let bytes = 0
  for (const item of items) {
    read.push(item)
    bytes += itemBytes(item)
    if (read.length >= limit || bytes >= PAGE_BYTES) break
  }
  const last = read.length >= limit || bytes >= PAGE_BYTES ? read.at(-1) : undefined
  const found = expressions.filter === undefined ? read : read.filter(expressions.filter)
  const body = {
    ...(!asked.counts && { Items: found.map((item) => shown(item, expressions)) }),
    Count: found.length,
    ScannedCount: read.length,
    ...(last !== undefined && { LastEvaluatedKey: keyOf(table, last) }),
  }
  const reads = readUnits(bytes, asked.consistent)
  return outcome(request, body, { table: table.schema.name, reads, writes: 0 })
}
