import { DynamoFailure, invalid, isBody, outOfBounds, unreadable, type Body, type Consumed } from '../failure.ts'
import type { Store } from '../store/store.ts'
import { itemBytes, readUnits } from '../values/sizes.ts'
import { getItem } from './get.ts'
import { outcomes, type Outcome } from './outcome.ts'
import { listIn, textIn } from './request.ts'
import { consumedBy, writeNow, writeRequest, type Write, type WriteKind, type WriteRequest } from './write.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MOST_ACTIONS = 100
const TRANSACTION_BYTES = 4 * 1024 * 1024

/** A token stands for its transaction so long. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const TOKEN_MS = 10 * 60_000

const KINDS = { Put: 'put', Update: 'update', Delete: 'remove', ConditionCheck: 'check' } as const
const KIND_NAMES = ['Put', 'Update', 'Delete', 'ConditionCheck'] as const

/** Transactions by their tokens: what was asked, and when it was done. */
export type Tokens = Map<string, { readonly asked: string; readonly atMs: number }>

/** All writes or none. Each costs twice what it costs alone. */
export function transactWriteItems(store: Store, request: Body, tokens: Tokens, nowMs: number): Outcome {
  const token = textIn(request, 'ClientRequestToken')
  const requests = actionsIn(request).map((action) => writeOf(store, action))
  checkDistinct(requests)
  if (token !== undefined && isRepeated(tokens, token, request, nowMs)) {
    // The answer of the first, for the price of reading what it wrote.
    return outcomes(request, {}, requests.map(readOf), true)
  }
  const writes = planned(requests)
  checkBytes(writes)
  store.commit(writes.flatMap(({ changes }) => changes))
  if (token !== undefined) tokens.set(token, { asked: JSON.stringify(request), atMs: nowMs })
  return outcomes(
    request,
    {},
    requests.map((each, at) => twice(each, writes[at])),
    true,
  )
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html */
export function transactGetItems(store: Store, request: Body): Outcome {
  const answers = actionsIn(request).map((action) => {
    const get = action['Get']
    if (!isBody(get)) throw unreadable('Start of structure or map expected')
    const { ReturnConsumedCapacity: _, ...asked } = get
    return getItem(store, { ...asked, ConsistentRead: true })
  })
  const consumed = answers.flatMap((each) => each.consumed).map((each) => ({ ...each, reads: each.reads * 2 }))
  return outcomes(request, { Responses: answers.map(({ body }) => body) }, consumed, true)
}

function actionsIn(request: Body): readonly Body[] {
  const all = listIn(request, 'TransactItems')
  if (all.length === 0 || all.length > MOST_ACTIONS)
    throw outOfBounds(
      all.length === 0 ? "'[]'" : `'[${all.length} items]'`,
      'transactItems',
      `Member must have length ${all.length === 0 ? 'greater than or equal to 1' : 'less than or equal to 100'}`,
    )
  return all.map((each) => {
    if (!isBody(each)) throw unreadable('Unexpected value type in payload')
    return each
  })
}

function writeOf(store: Store, action: Body): WriteRequest {
  const [name, second] = KIND_NAMES.filter((each) => action[each] !== undefined && action[each] !== null)
  if (name === undefined || second !== undefined)
    throw invalid('TransactItems can only contain one of Check, Put, Update or Delete')
  const asked = action[name]
  if (!isBody(asked)) throw unreadable('Unexpected value type in payload')
  const kind: WriteKind = KINDS[name]
  return writeRequest(store, kind, asked)
}

function checkDistinct(requests: readonly WriteRequest[]): void {
  const places = requests.map(({ table, item }) => JSON.stringify([table.schema.name, table.placeOf(item)]))
  if (new Set(places).size < places.length)
    throw invalid('Transaction request cannot include multiple operations on one item')
}

function isRepeated(tokens: Tokens, token: string, request: Body, nowMs: number): boolean {
  for (const [each, { atMs }] of tokens) if (nowMs - atMs > TOKEN_MS) tokens.delete(each)
  const known = tokens.get(token)
  if (known !== undefined && known.asked !== JSON.stringify(request))
    throw new DynamoFailure(
      'IdempotentParameterMismatchException',
      'The request uses the same client token as a previous, but non-identical request.',
    )
  return known !== undefined
}

/** What each would do; @throws TransactionCanceledException with a reason for each where one cannot be done */
function planned(requests: readonly WriteRequest[]): readonly Write[] {
  const all = requests.map((request) => outcomeOf(request))
  const writes = all.filter((each): each is Write => !(each instanceof DynamoFailure))
  if (writes.length === all.length) return writes
  const reasons = all.map((each) => (each instanceof DynamoFailure ? reason(each) : { Code: 'None' }))
  const codes = reasons.map(({ Code }) => Code).join(', ')
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`
  const consumed = requests.map((request, at) => {
    const each = all[at]
    return twice(request, each instanceof DynamoFailure ? undefined : each)
  })
  throw new DynamoFailure('TransactionCanceledException', message, { CancellationReasons: reasons }, consumed)
}

function outcomeOf(request: WriteRequest): Write | DynamoFailure {
  try {
    return writeNow(request)
  } catch (thrown) {
    if (thrown instanceof DynamoFailure) return thrown
    throw thrown
  }
}

function reason({ type, message, more }: DynamoFailure): { readonly Code: string } & Body {
  const code = type === 'ConditionalCheckFailedException' ? 'ConditionalCheckFailed' : 'ValidationError'
  return { Code: code, Message: message, ...more }
}

function checkBytes(writes: readonly Write[]): void {
  const bytes = writes.reduce((sum, { after }) => sum + (after === undefined ? 0 : itemBytes(after)), 0)
  if (bytes > TRANSACTION_BYTES) throw invalid('The aggregate size of the items in the transaction cannot exceed 4 MB')
}

function twice({ table, item }: WriteRequest, write: Write | undefined): Consumed {
  const { before, after } = write ?? { before: table.get(table.placeOf(item)), after: undefined }
  const alone = consumedBy(table, before, after)
  return { ...alone, writes: alone.writes * 2 }
}

function readOf({ table, item }: WriteRequest): Consumed {
  const found = table.get(table.placeOf(item))
  const reads = 2 * readUnits(found === undefined ? 0 : itemBytes(found), true)
  return { table: table.schema.name, reads, writes: 0 }
}
