import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb'
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb'

type Attributes = Record<string, AttributeValue>

export interface Key {
  readonly pk: string
  readonly sk: string
}

/** A DynamoDB expression with the values that its `:names` stand for. `#name` stands for the attribute `name`. */
export interface Expression {
  readonly text: string
  readonly values?: Readonly<Record<string, unknown>>
}

/** A conditional write either happened, or found the item otherwise than it must be. Both are answers. */
export type Written<Item> =
  | { readonly done: true; readonly old?: Item }
  | { readonly done: false; readonly found?: Item }

export interface Table {
  get<Item>(key: Key, options?: { consistent?: boolean }): Promise<Item | undefined>
  /** In the order of `sk`, or, with `last`, that many from the end at most, the last first. */
  query<Item>(pk: string, options?: QueryOptions): Promise<Item[]>
  put<Item>(item: Key & { readonly [attribute: string]: unknown }, condition?: Expression): Promise<Written<Item>>
  update<Item>(key: Key, update: Expression, condition?: Expression): Promise<Written<Item>>
  remove<Item>(key: Key, condition?: Expression): Promise<Written<Item>>
}

interface QueryOptions {
  readonly after?: string
  readonly last?: number
  readonly consistent?: boolean
}

/** One DynamoDB table with plain objects for items. Every write says what was there before, for one request's price. */
export function table(client: DynamoDBClient, name: string): Table {
  return {
    async get<Item>(key: Key, { consistent = false }: { consistent?: boolean } = {}) {
      const found = await client.send(
        new GetItemCommand({ TableName: name, Key: marshall(key), ConsistentRead: consistent }),
      )
      return found.Item && plain<Item>(found.Item)
    },

    query: async <Item>(pk: string, options?: QueryOptions) => queried<Item>(client, name, pk, options),

    put: (item, condition) =>
      written(
        client.send(
          new PutItemCommand({
            TableName: name,
            Item: marshall(item, { removeUndefinedValues: true }),
            ReturnValues: 'ALL_OLD',
            ...conditioned(condition),
          }),
        ),
      ),

    update: (key, update, condition) =>
      written(
        client.send(
          new UpdateItemCommand({
            TableName: name,
            Key: marshall(key),
            UpdateExpression: update.text,
            ReturnValues: 'ALL_OLD',
            ...conditioned(condition, update),
          }),
        ),
      ),

    remove: (key, condition) =>
      written(
        client.send(
          new DeleteItemCommand({
            TableName: name,
            Key: marshall(key),
            ReturnValues: 'ALL_OLD',
            ...conditioned(condition),
          }),
        ),
      ),
  }
}

/** Every page there is, or as many as it takes for `last`: DynamoDB answers 1 MB at a time. */
async function queried<Item>(
  client: DynamoDBClient,
  name: string,
  pk: string,
  { after, last, consistent = false }: QueryOptions = {},
): Promise<Item[]> {
  const items: Item[] = []
  let start: Attributes | undefined
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: name,
        KeyConditionExpression: after === undefined ? 'pk = :pk' : 'pk = :pk AND sk > :after',
        ExpressionAttributeValues: marshall(after === undefined ? { ':pk': pk } : { ':pk': pk, ':after': after }),
        ConsistentRead: consistent,
        ...(last !== undefined && { ScanIndexForward: false, Limit: last - items.length }),
        ...(start && { ExclusiveStartKey: start }),
      }),
    )
    items.push(...(page.Items ?? []).map((item) => plain<Item>(item)))
    start = page.LastEvaluatedKey
  } while (start !== undefined && items.length < (last ?? Infinity))
  return items
}

/** The request members for a condition, and for an update beside it: names and values of both in one map each. */
function conditioned(condition?: Expression, update?: Expression) {
  const names = new Set(`${condition?.text ?? ''} ${update?.text ?? ''}`.match(/#\w+/g))
  const values = { ...update?.values, ...condition?.values }
  return {
    ...(condition && {
      ConditionExpression: condition.text,
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    }),
    ...(names.size > 0 && {
      ExpressionAttributeNames: Object.fromEntries([...names].map((name) => [name, name.slice(1)])),
    }),
    ...(Object.keys(values).length > 0 && {
      ExpressionAttributeValues: marshall(values, { removeUndefinedValues: true }),
    }),
  }
}

async function written<Item>(sent: Promise<{ Attributes?: Attributes | undefined }>): Promise<Written<Item>> {
  try {
    const { Attributes } = await sent
    return { done: true, ...(Attributes && { old: plain<Item>(Attributes) }) }
  } catch (thrown) {
    if (!(thrown instanceof ConditionalCheckFailedException)) throw thrown
    return { done: false, ...(thrown.Item && { found: plain<Item>(thrown.Item) }) }
  }
}

/** Items have the shape that this service gave them: no other program writes to its tables. */
function plain<Item>(attributes: Attributes): Item {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return unmarshall(attributes) as Item
}
