import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { describe, expect, it, onTestFinished } from 'vitest'
import { dynamo, type DynamoOptions } from '../../../infra/aws/dynamo/dynamo.ts'
import { testClock } from '../../kit/clock.ts'
import { client, database, key, table } from './harness.ts'

const TableName = table.name
const HOUR_MS = 60 * 60_000
const expiring = (pk: string, atS: number) => ({ ...key(pk), expiresAtS: { N: String(atS) } })

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'dynamo-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

describe('a local DynamoDB', () => {
  it('has the tables of the description, active and paid per request', async () => {
    const { client } = await database()
    const { Table } = await client.send(new DescribeTableCommand({ TableName }))
    expect(Table).toMatchObject({ TableStatus: 'ACTIVE', BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' } })
    expect(Table?.KeySchema?.map(({ AttributeName }) => AttributeName)).toEqual(['pk', 'sk'])
  })

  it('answers the real client', async () => {
    const { client } = await database()
    const Item = { ...key('a'), name: { S: 'Ann ☃' }, count: { N: '1' } }
    await client.send(new PutItemCommand({ TableName, Item }))
    expect((await client.send(new GetItemCommand({ TableName, Key: key('a') }))).Item).toEqual(Item)
  })

  it('lets one of many conditional writes win', async () => {
    const { client } = await database()
    const put = new PutItemCommand({
      TableName,
      Item: key('seat'),
      ConditionExpression: 'attribute_not_exists(pk)',
    })
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => client.send(put)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('keeps two of its kind apart', async () => {
    const [one, two] = [await database(), await database()]
    await one.client.send(new PutItemCommand({ TableName, Item: key('a') }))
    expect((await one.client.send(new ScanCommand({ TableName }))).Count).toBe(1)
    expect((await two.client.send(new ScanCommand({ TableName }))).Count).toBe(0)
  })

  it('is gone when stopped, with what it was asked before finished', async () => {
    const path = await folder()
    const { client: first, database: own } = await database({ path })
    const writes = Array.from({ length: 20 }, (_, i) =>
      first.send(new PutItemCommand({ TableName, Item: key(String(i)) })),
    )
    const answered = Promise.allSettled(writes)
    await writes[0]
    const { url } = own
    await own.stop()
    const done = (await answered).filter(({ status }) => status === 'fulfilled').length
    await expect(client(url).send(new ScanCommand({ TableName }))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    const again = await database({ path })
    const { Count } = await again.client.send(new ScanCommand({ TableName }))
    expect(Count).toBeGreaterThanOrEqual(done)
  })

  it('starts again after a stop', async () => {
    const { database: own } = await database()
    await own.stop()
    expect(() => own.url).toThrow('call start() first')
    await own.start()
    expect((await client(own.url).send(new ScanCommand({ TableName }))).Count).toBe(0)
  })
})

describe('a kept folder', () => {
  it('still has its items when opened again', async () => {
    const path = join(await folder(), 'made', 'on the way')
    const first = await database({ path })
    await first.client.send(new PutItemCommand({ TableName, Item: key('kept') }))
    await first.database.stop()
    const { client } = await database({ path })
    expect((await client.send(new GetItemCommand({ TableName, Key: key('kept') }))).Item).toEqual(key('kept'))
  })

  it('is not opened twice at once', async () => {
    const path = await folder()
    await database({ path })
    await expect(database({ path })).rejects.toThrow(/cannot be opened.*choose another folder/)
  })

  it('is not used for tables with other keys, and can be opened after that', async () => {
    const path = await folder()
    await (await database({ path })).database.stop()
    const other = { ...table, partitionKey: 'id' }
    const wrong = dynamo({ tables: [other], clock: testClock(), path })
    await expect(wrong.start()).rejects.toThrow(/service has other keys.*Delete the folder/)
    const { client } = await database({ path })
    expect((await client.send(new ScanCommand({ TableName }))).Count).toBe(0)
  })
})

describe('time to live', () => {
  const clock = testClock()
  const nowS = clock.now() / 1000
  const items = [
    expiring('past', nowS - 1),
    expiring('now', nowS),
    expiring('future', nowS + 1),
    expiring('milliseconds', clock.now()),
    expiring('a mistake', 1),
    { ...key('text'), expiresAtS: { S: '1' } },
    key('none'),
  ]

  async function filled() {
    const own = await database()
    for (const Item of items) await own.client.send(new PutItemCommand({ TableName, Item }))
    const left = async () => {
      const { Items = [] } = await own.client.send(new ScanCommand({ TableName }))
      return Items.map(({ pk }) => pk?.S ?? '').sort((a, b) => a.localeCompare(b))
    }
    return { ...own, left }
  }

  /** Ninety items that have just expired. */
  async function ran(options: Pick<DynamoOptions, 'timeToLive'>) {
    const own = await database(options)
    const names = Array.from({ length: 90 }, (_, at) => `item ${at}`)
    await Promise.all(
      names.map((name) => own.client.send(new PutItemCommand({ TableName, Item: expiring(name, nowS) }))),
    )
    return own
  }

  async function left({ database, client }: Awaited<ReturnType<typeof ran>>) {
    await database.sweep()
    const { Items = [] } = await client.send(new ScanCommand({ TableName }))
    return new Set(Items.map(({ pk }) => pk?.S))
  }

  it('deletes what is past when swept, and nothing else', async () => {
    const { database, left } = await filled()
    expect(await database.sweep()).toBe(2)
    expect(await left()).toEqual(['a mistake', 'future', 'milliseconds', 'none', 'text'])
  })

  it('sweeps every minute by the clock', async () => {
    const { clock, database, left } = await filled()
    clock.advance(60_000)
    // A sweep that is asked for waits for the one that runs: it is the barrier, and finds nothing left to do.
    expect(await database.sweep()).toBe(0)
    expect(await left()).toEqual(['a mistake', 'milliseconds', 'none', 'text'])
  })

  it('goes over more than one page', async () => {
    const { client, database } = await filled()
    const padding = { S: 'x'.repeat(300_000) }
    for (let i = 0; i < 8; i++)
      await client.send(new PutItemCommand({ TableName, Item: { ...expiring(`big ${i}`, nowS - 1), padding } }))
    expect(await database.sweep()).toBe(10)
  })

  it('spares what is renewed meanwhile', async () => {
    const { client, database } = await filled()
    const renewal = client.send(
      new UpdateItemCommand({
        TableName,
        Key: key('past'),
        UpdateExpression: 'SET expiresAtS = :later',
        ExpressionAttributeValues: { ':later': { N: String(nowS + 60) } },
      }),
    )
    await Promise.all([renewal, database.sweep()])
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: key('past'), ConsistentRead: true }))
    expect(Item?.['expiresAtS']).toEqual({ N: String(nowS + 60) })
  })

  it('deletes nothing, where it is to be as if AWS never came to it', async () => {
    const { client, database } = await ran({ timeToLive: 'never' })
    expect(await database.sweep()).toBe(0)
    expect((await client.send(new ScanCommand({ TableName }))).Count).toBe(90)
  })

  it('deletes by a seed: of ninety items a third at once, a third up to two days late, and a third never', async () => {
    const { clock, client, database } = await ran({ timeToLive: { seed: 7 } })
    const atOnce = await database.sweep()
    clock.advance(24 * HOUR_MS)
    await database.sweep()
    const { Count: onTheWay = 0 } = await client.send(new ScanCommand({ TableName }))
    clock.advance(24 * HOUR_MS)
    await database.sweep()
    const { Count: never = 0 } = await client.send(new ScanCommand({ TableName }))
    for (const third of [atOnce, never, 90 - atOnce - never]) expect(third).toBeGreaterThan(15)
    expect(onTheWay).toBeGreaterThan(never)
    expect(onTheWay).toBeLessThan(90 - atOnce)
  })

  it('deletes the same items by the same seed, and others by another', async () => {
    const [one, same, other] = await Promise.all(
      [7, 7, 8].map(async (seed) => left(await ran({ timeToLive: { seed } }))),
    )
    expect(one).toEqual(same)
    expect(one).not.toEqual(other)
  })

  it('waits no more once stopped', async () => {
    const { clock, database } = await filled()
    await database.stop()
    expect(clock.waiting()).toBe(0)
  })
})
