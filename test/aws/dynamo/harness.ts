import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { onTestFinished } from 'vitest'
import { type DynamoOptions, dynamo } from '../../../infra/aws/dynamo/dynamo.ts'
import { type TestClock, testClock } from '../../kit/clock.ts'
import { tableOf } from './described.ts'

export const table = tableOf('service')

/** A running database, ended with the test, and the real client of a named caller. */
export async function database(options: Partial<DynamoOptions> & { clock?: TestClock } = {}) {
  const clock = options.clock ?? testClock()
  const database = dynamo({ tables: [table], ...options, clock })
  await database.start()
  onTestFinished(database.stop)
  return { database, clock, client: client(database.url) }
}

export function client(endpoint: string, caller = 'LoginFunction', maxAttempts = 1): DynamoDBClient {
  const credentials = { accessKeyId: caller, secretAccessKey: 'local' }
  const own = new DynamoDBClient({ endpoint, region: 'local', credentials, maxAttempts })
  onTestFinished(() => own.destroy())
  return own
}

export const key = (pk: string, sk = '-') => ({ pk: { S: pk }, sk: { S: sk } })
