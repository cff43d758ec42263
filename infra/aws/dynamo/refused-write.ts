import type { TableDescription } from '../assembly/description.ts'
import { type Body, type Engine, type EngineAnswer, isBody, typeName } from './engine.ts'

/**
 * What dynalite leaves out of a write whose condition failed: the item that is there, asked for with
 * ReturnValuesOnConditionCheckFailure=ALL_OLD. Undefined when there is none, or when the answer is not such a refusal.
 *
 * The race: AWS gives the very item the condition was checked against; here it is read a moment later. A write in
 * between shows a newer item, which may even satisfy the condition, or none. A caller that decides by the item must
 * therefore make its next write conditional on it, as it must on AWS, where the item may be old by the time it arrives.
 */
export async function itemInTheWay(
  engine: Engine,
  tables: readonly TableDescription[],
  request: Body,
  answer: EngineAnswer,
): Promise<Body | undefined> {
  const table = tables.find(({ name }) => name === request['TableName'])
  if (table === undefined || typeName(answer.body) !== 'ConditionalCheckFailedException') return undefined
  const Key = isBody(request['Key']) ? request['Key'] : keyOf(table, request['Item'])
  const { Item } = await engine.ask('GetItem', { TableName: table.name, Key, ConsistentRead: true })
  return isBody(Item) ? Item : undefined
}

export function keyOf({ partitionKey, sortKey }: TableDescription, item: unknown): Body {
  const names = sortKey === undefined ? [partitionKey] : [partitionKey, sortKey]
  return Object.fromEntries(names.map((name) => [name, isBody(item) ? item[name] : undefined]))
}
