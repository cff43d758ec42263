import type { TableDescription } from '../description.ts'
import { type Engine, isBody } from './engine.ts'
import { keyOf } from './refused-write.ts'

/** An item that expired longer ago than this is left alone: AWS takes the value for a mistake. Seconds. */
const OLDEST_S = 5 * 365 * 24 * 60 * 60

/**
 * DynamoDB's time to live, which dynalite has not: deletes the items whose attribute (epoch seconds) is past. It costs
 * no capacity, and each delete is conditional, so an item renewed meanwhile stays. AWS says "within a few days":
 * whoever reads must not depend on it.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
 * @returns how many items were deleted
 */
export async function deleteExpired(engine: Engine, table: TableDescription, nowMs: number): Promise<number> {
  if (table.ttlAttribute === undefined) return 0
  const nowS = Math.floor(nowMs / 1000)
  const past = {
    ExpressionAttributeNames: { '#ttl': table.ttlAttribute },
    ExpressionAttributeValues: { ':now': { N: String(nowS) }, ':oldest': { N: String(nowS - OLDEST_S) } },
  }
  const expression = '#ttl BETWEEN :oldest AND :now'
  let deleted = 0
  let ExclusiveStartKey: unknown
  do {
    const page = await engine.ask('Scan', {
      TableName: table.name,
      FilterExpression: expression,
      ...past,
      ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
    })
    for (const item of Array.isArray(page['Items']) ? page['Items'] : []) {
      const Key = keyOf(table, item)
      if (await deletedIf(engine, { TableName: table.name, Key, ConditionExpression: expression, ...past })) deleted++
    }
    ExclusiveStartKey = isBody(page['LastEvaluatedKey']) ? page['LastEvaluatedKey'] : undefined
  } while (ExclusiveStartKey !== undefined)
  return deleted
}

async function deletedIf(engine: Engine, request: Record<string, unknown>): Promise<boolean> {
  try {
    await engine.ask('DeleteItem', request)
    return true
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false
    throw error
  }
}
