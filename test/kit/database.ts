import { randomUUID } from 'node:crypto'
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { onTestFinished } from 'vitest'
import { dynamo } from '../../infra/aws/dynamo/dynamo.ts'
import { type Table, table } from '../../shared/store/table.ts'
import { KEYS } from '../../shared/store/tables.ts'
import { testClock } from './clock.ts'

export interface Database {
  /** The empty table, by the real client. */
  readonly items: Table
  /** The same table by a client that loses the answer to its first request: what it asked is done, and it asks again. */
  readonly withAnswerLost: () => Table
}

const ANYBODY = { region: 'local', credentials: { accessKeyId: 'test', secretAccessKey: 'local' } }

let chosen: DynamoDBClientConfig | undefined
let twoSteps: string | undefined
let share = 1

/**
 * From now on tables are made by the engine there, with these credentials; undefined: as `database` says.
 *
 * @param writesInTwoSteps that a condition may be true no more when it writes, in words: then it is no judge of races
 * @param shareOfCases how much of a property's random cases this engine is asked: above 0, up to 1
 */
export function useEngine(
  url: string | undefined,
  as: Pick<DynamoDBClientConfig, 'region' | 'credentials'> = ANYBODY,
  { writesInTwoSteps, shareOfCases = 1 }: { readonly writesInTwoSteps?: string; readonly shareOfCases?: number } = {},
): void {
  chosen = url === undefined ? undefined : { endpoint: url, ...as }
  twoSteps = writesInTwoSteps
  share = shareOfCases
}

/** How many random cases a property has on the engine in use, where the embedded one has `count`. */
export const casesHere = (count: number): number => Math.ceil(count * share)

/** Why the engine in use cannot say what happens at once; undefined where it can. */
export const noJudgeOfRaces = (): string | undefined => twoSteps

/**
 * An empty table for one test: in the embedded DynamoDB, or, where AWS_ENDPOINT_URL_DYNAMODB is set, in that engine,
 * with the credentials and the region of the environment. An engine that takes long to make a table needs a longer
 * `--testTimeout` than vitest's own.
 */
export async function database(): Promise<Database> {
  const name = `test-${randomUUID()}`
  const elsewhere = process.env['AWS_ENDPOINT_URL_DYNAMODB']
  const connect = await (chosen !== undefined
    ? engineAt(chosen, name)
    : elsewhere === undefined
      ? embedded(name)
      : engineAt({ endpoint: elsewhere }, name))
  return {
    items: table(connect(), name),
    withAnswerLost: () => table(losingFirstAnswer(connect()), name),
  }
}

type Connect = () => DynamoDBClient

async function embedded(name: string): Promise<Connect> {
  const arn = `arn:aws:dynamodb:local:000000000000:table/${name}`
  const own = dynamo({
    tables: [{ name, arn, partitionKey: KEYS.partition, sortKey: KEYS.sort }],
    clock: testClock(),
  })
  await own.start()
  onTestFinished(own.stop)
  return connecting(() => new DynamoDBClient({ endpoint: own.url, ...ANYBODY }))
}

async function engineAt(where: DynamoDBClientConfig, TableName: string): Promise<Connect> {
  const connect = connecting(() => new DynamoDBClient(where))
  const client = connect()
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: KEYS.partition, KeyType: 'HASH' },
        { AttributeName: KEYS.sort, KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: KEYS.partition, AttributeType: 'S' },
        { AttributeName: KEYS.sort, AttributeType: 'S' },
      ],
    }),
  )
  await waitUntilTableExists({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 60 }, { TableName })
  onTestFinished(async () => {
    await client.send(new DeleteTableCommand({ TableName }))
  })
  return connect
}

/** Clients that end with the test. */
function connecting(made: Connect): Connect {
  return () => {
    const client = made()
    onTestFinished(() => client.destroy())
    return client
  }
}

/** Below the SDK's retries: to them, the connection broke before the answer came. */
function losingFirstAnswer(client: DynamoDBClient): DynamoDBClient {
  let lost = false
  client.middlewareStack.add(
    (next) => async (request) => {
      const answer = await next(request)
      if (lost) return answer
      lost = true
      throw Object.assign(new Error('the answer got lost'), { name: 'TimeoutError' })
    },
    { step: 'deserialize', priority: 'high' },
  )
  return client
}
