import { DynamoFailure, invalid, type Body, type Consumed } from '../failure.ts'
import { stepsOf } from '../expressions/bindings.ts'
import { expressionsOf, type Expressions, type Parameter } from '../expressions/expressions.ts'
import { projected } from '../expressions/projection.ts'
import { updated } from '../expressions/update.ts'
import type { Change, Store } from '../store/store.ts'
import type { Table } from '../store/table.ts'
import { itemIn, type Item } from '../values/attribute-value.ts'
import { ITEM_BYTES, itemBytes, writeUnits } from '../values/sizes.ts'
import { checkItemKey, checkKey, checkScalarKeys, keyAttributes, keyIn, keyOf } from './keys.ts'
import { outcome, type Outcome } from './outcome.ts'
import { bodyIn, choiceIn, refuseLegacy, tableOf } from './request.ts'

export type WriteKind = 'put' | 'update' | 'remove' | 'check'

/** A write that was read and checked as far as its request alone shows. */
export interface WriteRequest {
  readonly kind: WriteKind
  readonly table: Table
  /** The item to put, or the key. */
  readonly item: Item
  readonly expressions: Expressions
  /** Whether a refusal brings the item along. */
  readonly showsRefused: boolean
}

/** What a write does to its item; before and after are undefined where there is none. */
export interface Write {
  readonly before: Item | undefined
  readonly after: Item | undefined
  readonly changes: readonly Change[]
}

const EXPRESSIONS: Readonly<Record<WriteKind, readonly Parameter[]>> = {
  put: ['ConditionExpression'],
  update: ['UpdateExpression', 'ConditionExpression'],
  remove: ['ConditionExpression'],
  check: ['ConditionExpression'],
}

/** @throws ValidationException, SerializationException, ResourceNotFoundException */
export function writeRequest(store: Store, kind: WriteKind, request: Body): WriteRequest {
  refuseLegacy(request)
  const item = kind === 'put' ? itemIn(bodyIn(request, 'Item')) : keyIn(request)
  const refused = choiceIn(request, 'ReturnValuesOnConditionCheckFailure', ['NONE', 'ALL_OLD'])
  if (kind === 'put' && itemBytes(item) > ITEM_BYTES) throw invalid('Item size has exceeded the maximum allowed size')
  const expressions = expressionsOf(request, EXPRESSIONS[kind])
  const table = tableOf(store, request)
  if (kind === 'put') checkItemKey(table, item)
  else checkKey(table, item)
  checkActions(table, expressions)
  checkScalarKeys(table, expressions.nested)
  return { kind, table, item, expressions, showsRefused: refused === 'ALL_OLD' }
}

function checkActions(table: Table, { update = [], bindings }: Expressions): void {
  if (update.length === 0) return
  const heads = new Set(update.map(({ path }) => stepsOf(path, bindings)[0]))
  const found = keyAttributes(table).find(({ name }) => heads.has(name))
  if (found === undefined) return
  const what = `Cannot update attribute ${found.name}. This attribute is part of the key`
  throw invalid(`One or more parameter values were invalid: ${what}`)
}

/**
 * What a write would do now. Nothing is changed yet.
 *
 * @throws ConditionalCheckFailedException, billed and, where it was asked for, with the very item that the condition was
 * checked against; ValidationException where an update does not fit the item
 */
export function writeNow({ kind, table, item, expressions, showsRefused }: WriteRequest): Write {
  const before = table.get(table.placeOf(item))
  const { condition } = expressions
  if (condition !== undefined && !condition(before ?? {})) {
    const more = showsRefused && before !== undefined ? { Item: before } : {}
    throw new DynamoFailure('ConditionalCheckFailedException', 'The conditional request failed', more, [
      consumedBy(table, before, undefined),
    ])
  }
  const name = table.schema.name
  if (kind === 'check') return { before, after: before, changes: [] }
  if (kind === 'remove')
    return { before, after: undefined, changes: before === undefined ? [] : [{ remove: keyOf(table, item), in: name }] }
  const after = kind === 'put' ? item : changed(before ?? item, expressions)
  return { before, after, changes: [{ put: after, in: name }] }
}

function changed(item: Item, { update = [], bindings }: Expressions): Item {
  const after = updated(item, update, bindings)
  if (itemBytes(after) > ITEM_BYTES) throw invalid('Item size to update has exceeded the maximum allowed size')
  return after
}

/** A write costs by the larger of the item before and the item after. */
export const consumedBy = (table: Table, before: Item | undefined, after: Item | undefined): Consumed => ({
  table: table.schema.name,
  reads: 0,
  writes: writeUnits(before, after),
})

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html */
export const putItem = (store: Store, request: Body): Outcome => replaced(store, 'put', request)

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html */
export const deleteItem = (store: Store, request: Body): Outcome => replaced(store, 'remove', request)

const RETURN_VALUES = ['NONE', 'ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'UPDATED_NEW'] as const

function replaced(store: Store, kind: 'put' | 'remove', request: Body): Outcome {
  const wanted = choiceIn(request, 'ReturnValues', RETURN_VALUES)
  if (wanted !== 'NONE' && wanted !== 'ALL_OLD') throw invalid('ReturnValues can only be ALL_OLD or NONE')
  const asked = writeRequest(store, kind, request)
  const { before, after, changes } = writeNow(asked)
  store.commit(changes)
  const body = wanted === 'ALL_OLD' && before !== undefined ? { Attributes: before } : {}
  return outcome(request, body, consumedBy(asked.table, before, after))
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html */
export function updateItem(store: Store, request: Body): Outcome {
  const wanted = choiceIn(request, 'ReturnValues', RETURN_VALUES)
  const asked = writeRequest(store, 'update', request)
  const { before, after, changes } = writeNow(asked)
  store.commit(changes)
  const { update = [], bindings } = asked.expressions
  const all = wanted.endsWith('OLD') ? before : after
  const paths = () => update.map(({ path }) => stepsOf(path, bindings))
  const shown = all !== undefined && wanted.startsWith('UPDATED') ? projected(all, paths()) : all
  const isShown = wanted !== 'NONE' && shown !== undefined && Object.keys(shown).length > 0
  return outcome(request, isShown ? { Attributes: shown } : {}, consumedBy(asked.table, before, after))
}
