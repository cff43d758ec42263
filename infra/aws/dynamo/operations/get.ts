import type { Body } from '../failure.ts'
import { expressionsOf, type Expressions } from '../expressions/expressions.ts'
import { projected } from '../expressions/projection.ts'
import type { Store } from '../store/store.ts'
import type { Item } from '../values/attribute-value.ts'
import { itemBytes, readUnits } from '../values/sizes.ts'
import { checkKey, checkScalarKeys, keyIn } from './keys.ts'
import { outcome, type Outcome } from './outcome.ts'
import { flagIn, refuseLegacy, tableOf } from './request.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html */
export function getItem(store: Store, request: Body): Outcome {
  refuseLegacy(request)
  const consistent = flagIn(request, 'ConsistentRead') ?? false
  const key = keyIn(request)
  const expressions = expressionsOf(request, ['ProjectionExpression'])
  const table = tableOf(store, request)
  checkKey(table, key)
  checkScalarKeys(table, expressions.nested)
  const item = table.get(table.placeOf(key))
  const reads = readUnits(item === undefined ? 0 : itemBytes(item), consistent)
  const body = item === undefined ? {} : { Item: shown(item, expressions) }
  return outcome(request, body, { table: table.schema.name, reads, writes: 0 })
}

/** What of an item a request asks for. */
export const shown = (item: Item, { projection }: Expressions): Item =>
  projection === undefined ? item : projected(item, projection)
