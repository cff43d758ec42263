import type { TableDescription } from '../assembly/description.ts'
import { type Body, isBody } from './failure.ts'

/**
 * The partition keys of the items that a request is about: what IAM calls `dynamodb:LeadingKeys`. Undefined where it
 * names none (a Scan), or names them in a way that is not read here: then no grant that is bound to keys covers it.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
export function partitionKeys(tables: readonly TableDescription[], request: Body): readonly string[] | undefined {
  const { TableName, IndexName, RequestItems, TransactItems, Key, Item } = request
  const table = tables.find(({ name }) => name === TableName)
  if (table === undefined || IndexName !== undefined) return undefined
  if (RequestItems !== undefined || TransactItems !== undefined) return undefined
  const named = isBody(Key)
    ? Key[table.partitionKey]
    : isBody(Item)
      ? Item[table.partitionKey]
      : queried(table, request)
  const key = isBody(named) ? named['S'] : undefined
  return typeof key === 'string' ? [key] : undefined
}

/** The value that a query's condition compares the partition key with: `pk = :pk`, or `#pk = :pk`, alone or before an AND. */
function queried({ partitionKey }: TableDescription, request: Body): unknown {
  const { KeyConditionExpression, ExpressionAttributeNames: names, ExpressionAttributeValues: values } = request
  if (typeof KeyConditionExpression !== 'string' || !isBody(values)) return undefined
  const [, name = '', value = ''] = /^\s*([#\w]+)\s*=\s*(:\w+)\s*(?:$|AND\b)/i.exec(KeyConditionExpression) ?? []
  const attribute = name.startsWith('#') && isBody(names) ? names[name] : name
  return attribute === partitionKey ? values[value] : undefined
}
