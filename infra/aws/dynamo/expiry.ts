import { createHash } from 'node:crypto'
import type { TableDescription } from '../assembly/description.ts'
import type { Engine } from './engine.ts'
import { isBody } from './failure.ts'

/** An item that expired longer ago than this is left alone: AWS takes the value for a mistake. Seconds. */
const OLDEST_S = 5 * 365 * 24 * 60 * 60

/** How late an item is deleted at most that is deleted at all, in milliseconds. */
const LATE_MS = 48 * 60 * 60_000

/**
 * When items go that have expired: with the next sweep, never, or, by a seed, each its own way: a third of them with the
 * next sweep, a third up to 48 hours late, and a third never. The same seed, item and expiry give the same again.
 */
export type TimeToLive = 'at-once' | 'never' | { readonly seed: number }

/**
 * DynamoDB's time to live: deletes the items whose attribute (epoch seconds) is past. It costs
 * no capacity, and each delete is conditional, so an item renewed meanwhile stays. AWS says "within a few days", and in
 * no order: a reader must depend neither on an item that has expired nor on its being gone.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
 * @returns how many items were deleted
 */
export function deleteExpired(
  engine: Engine,
  table: TableDescription,
  nowMs: number,
  timeToLive: TimeToLive = 'at-once',
): number {
  const { ttlAttribute } = table
  if (ttlAttribute === undefined || timeToLive === 'never') return 0
  const nowS = Math.floor(nowMs / 1000)
  const past = {
    ExpressionAttributeNames: { '#ttl': ttlAttribute },
    ExpressionAttributeValues: { ':now': { N: String(nowS) }, ':oldest': { N: String(nowS - OLDEST_S) } },
  }
  const expression = '#ttl BETWEEN :oldest AND :now'
  let deleted = 0
  let ExclusiveStartKey: unknown
  do {
    const page = engine.ask('Scan', {
      TableName: table.name,
      FilterExpression: expression,
      ...past,
      ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
    })
    for (const item of Array.isArray(page['Items']) ? page['Items'] : []) {
      const Key = keyOf(table, item)
      if (timeToLive !== 'at-once' && goesAtMs(timeToLive.seed, Key, expiryIn(item, ttlAttribute)) > nowMs) continue
      if (deletedIf(engine, { TableName: table.name, Key, ConditionExpression: expression, ...past })) deleted++
    }
    ExclusiveStartKey = isBody(page['LastEvaluatedKey']) ? page['LastEvaluatedKey'] : undefined
  } while (ExclusiveStartKey !== undefined)
  return deleted
}

function deletedIf(engine: Engine, request: Record<string, unknown>): boolean {
  try {
    engine.ask('DeleteItem', request)
    return true
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false
    throw error
  }
}

/** When an item goes by itself, in epoch milliseconds. */
function goesAtMs(seed: number, key: unknown, expiryS: number): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, key, expiryS]))
    .digest()
  const way = digest.readUInt8(0) % 3
  if (way === 0) return Infinity
  return expiryS * 1_000 + (way === 1 ? 0 : (digest.readUInt32BE(1) / 2 ** 32) * LATE_MS)
}

/** The filter has seen to it that it is a number. */
function expiryIn(item: unknown, attribute: string): number {
  const value = isBody(item) ? item[attribute] : undefined
  return Number(isBody(value) ? value['N'] : undefined)
}

function keyOf({ partitionKey, sortKey }: TableDescription, item: unknown): Record<string, unknown> {
  const names = sortKey === undefined ? [partitionKey] : [partitionKey, sortKey]
  return Object.fromEntries(names.map((name) => [name, isBody(item) ? item[name] : undefined]))
}
