import { randomUUID } from 'node:crypto'
import { DynamoFailure, invalid, isBody, type Body } from '../failure.ts'
import type { Store } from '../store/store.ts'
import type { KeyAttribute, Table, TableSchema } from '../store/table.ts'
import { keyAttributes } from './keys.ts'
import type { Outcome } from './outcome.ts'
import { bodyIn, flagIn, listIn, tableName, textIn, wholeIn } from './request.ts'

const free = (body: Body): Outcome => ({ body, consumed: [] })

function existing(store: Store, request: Body): Table {
  const name = tableName(request)
  const found = store.find(name)
  if (found === undefined)
    throw new DynamoFailure('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`)
  return found
}

/** Active at once. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html */
export function createTable(store: Store, request: Body, nowMs: number): Outcome {
  const name = tableName(request)
  for (const member of ['GlobalSecondaryIndexes', 'LocalSecondaryIndexes', 'StreamSpecification'])
    if (request[member] !== undefined) throw invalid(`The local DynamoDB has no ${member}.`)
  if (request['BillingMode'] !== 'PAY_PER_REQUEST')
    throw invalid('The local DynamoDB has only tables that are paid per request: say BillingMode PAY_PER_REQUEST.')
  const schema = { name, ...keysIn(request), createdAt: nowMs / 1000, id: randomUUID() }
  if (store.find(name) !== undefined) throw new DynamoFailure('ResourceInUseException', `Table already exists: ${name}`)
  store.commit([{ table: schema }])
  return free({ TableDescription: { ...description(schema, 0), TableStatus: 'CREATING' } })
}

function keysIn(request: Body): Pick<TableSchema, 'partition' | 'sort'> {
  const types = new Map<unknown, unknown>()
  for (const each of listIn(request, 'AttributeDefinitions'))
    if (isBody(each)) types.set(each['AttributeName'], each['AttributeType'])
  const keys = listIn(request, 'KeySchema').map((each) => keyAttribute(isBody(each) ? each : {}, types))
  const [first, second, third] = keys
  const isKey = first?.role === 'HASH' && (second === undefined || second.role === 'RANGE') && third === undefined
  if (!isKey)
    throw invalid(
      'Invalid KeySchema: The first KeySchemaElement is not a HASH key type, or the second not a RANGE key type',
    )
  if (types.size !== keys.length)
    throw invalid(
      'One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions',
    )
  return { partition: first.attribute, ...(second && { sort: second.attribute }) }
}

function keyAttribute({ AttributeName: name, KeyType: role }: Body, types: ReadonlyMap<unknown, unknown>) {
  const type = types.get(name)
  if (typeof name !== 'string' || (type !== 'S' && type !== 'N' && type !== 'B'))
    throw invalid(
      `One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [${String(name)}]`,
    )
  const attribute: KeyAttribute = { name, type }
  return { attribute, role }
}

export const describeTable = (store: Store, request: Body): Outcome => {
  const table = existing(store, request)
  return free({ Table: description(table.schema, table.count(), keyAttributes(table)) })
}

/** Gone at once. */
export function deleteTable(store: Store, request: Body): Outcome {
  const { schema } = existing(store, request)
  store.commit([{ drop: schema.name }])
  return free({ TableDescription: { ...description(schema, 0), TableStatus: 'DELETING' } })
}

export function listTables(store: Store, request: Body): Outcome {
  const limit = wholeIn(request, 'Limit', 1) ?? 100
  const start = textIn(request, 'ExclusiveStartTableName') ?? ''
  const names = store.names().filter((name) => name > start)
  const shown = names.slice(0, limit)
  return free({ TableNames: shown, ...(names.length > limit && { LastEvaluatedTableName: shown.at(-1) }) })
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html */
export function updateTimeToLive(store: Store, request: Body): Outcome {
  const { schema } = existing(store, request)
  const asked = bodyIn(request, 'TimeToLiveSpecification')
  const [AttributeName, Enabled] = [textIn(asked, 'AttributeName') ?? '', flagIn(asked, 'Enabled') ?? false]
  const { timeToLive, ...rest } = schema
  if (Enabled === (timeToLive !== undefined)) throw invalid(`TimeToLive is already ${Enabled ? 'enabled' : 'disabled'}`)
  store.commit([{ table: Enabled ? { ...rest, timeToLive: AttributeName } : rest }])
  return free({ TimeToLiveSpecification: { AttributeName, Enabled } })
}

export function describeTimeToLive(store: Store, request: Body): Outcome {
  const { timeToLive } = existing(store, request).schema
  const TimeToLiveStatus = timeToLive === undefined ? 'DISABLED' : 'ENABLED'
  const named = timeToLive === undefined ? {} : { AttributeName: timeToLive }
  return free({ TimeToLiveDescription: { TimeToLiveStatus, ...named } })
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html */
function description(schema: TableSchema, ItemCount: number, keys = attributesOf(schema)): Body {
  return {
    TableName: schema.name,
    TableId: schema.id,
    TableArn: `arn:aws:dynamodb:local:000000000000:table/${schema.name}`,
    TableStatus: 'ACTIVE',
    KeySchema: keys.map(({ name }, at) => ({ AttributeName: name, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
    AttributeDefinitions: keys.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
    CreationDateTime: schema.createdAt,
    ItemCount,
    TableSizeBytes: 0,
    ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
    BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST', LastUpdateToPayPerRequestDateTime: schema.createdAt },
    TableThroughputModeSummary: { TableThroughputMode: 'PAY_PER_REQUEST' },
  }
}

const attributesOf = ({ partition, sort }: TableSchema): readonly KeyAttribute[] =>
  sort === undefined ? [partition] : [partition, sort]
