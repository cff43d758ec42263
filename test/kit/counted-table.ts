import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Units } from '../../infra/aws/dynamo/capacity.ts'
import { dynamo } from '../../infra/aws/dynamo/dynamo.ts'
import { table, type Table } from '../../shared/store/table.ts'
import { KEYS } from '../../shared/store/tables.ts'
import { testClock } from './clock.ts'

const NAME = 'counted'

export interface CountedTable {
  readonly items: Table
  /** What `work` brought, and the capacity units that it consumed. One at a time. */
  readonly counting: <T>(work: () => Promise<T>) => Promise<{ readonly result: T; readonly units: Units }>
  readonly stop: () => Promise<void>
}

/** An empty table in the embedded DynamoDB, which counts. */
export async function countedTable(): Promise<CountedTable> {
  const arn = `arn:aws:dynamodb:local:000000000000:table/${NAME}`
  const own = dynamo({
    tables: [{ name: NAME, arn, partitionKey: KEYS.partition, sortKey: KEYS.sort }],
    clock: testClock(),
  })
  await own.start()
  const credentials = { accessKeyId: 'test', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint: own.url, region: 'local', credentials })
  return {
    items: table(client, NAME),
    async counting(work) {
      own.resetConsumed()
      const result = await work()
      return { result, units: own.consumed()[NAME] ?? { reads: 0, writes: 0 } }
    },
    async stop() {
      client.destroy()
      await own.stop()
    },
  }
}
