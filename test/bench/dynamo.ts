import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { dynamo } from '../../infra/aws/dynamo/dynamo.ts'
import { wallClock } from '../../shared/clock.ts'
import { tableOf } from '../aws/dynamo/described.ts'
import { created } from '../kit/dynamo-cases.ts'
import { dynaliteJudge, ours } from '../kit/dynamo-judges.ts'
import type { BenchOptions } from './bench.ts'

const RUNS = 2_000
const TableName = 'judged'

/** Fifty seats, as large as those of the service. */
const key = (at: number) => ({ pk: { S: 'SEATS#0' }, sk: { S: String(at % 50).padStart(4, '0') } })
const item = (at: number) => ({
  ...key(at),
  session: { S: `s${at}` },
  lastHeardAt: { N: String(1e12 + at) },
  state: { S: 'open' },
  upstream: { M: { public: { S: 'x'.repeat(200) } } },
})
const put = (at: number) => ({ TableName, Item: item(at) })
const get = (at: number) => ({ TableName, Key: key(at) })
const update = (at: number) => ({
  TableName,
  Key: key(at),
  UpdateExpression: 'SET lastHeardAt = :now, #state = :open REMOVE wakingAt',
  ConditionExpression: '#session <> :no AND (attribute_not_exists(heard) OR heard < :now)',
  ExpressionAttributeNames: { '#state': 'state', '#session': 'session' },
  ExpressionAttributeValues: { ':now': { N: String(1e12 + at) }, ':open': { S: 'open' }, ':no': { S: 'no' } },
  ReturnValues: 'ALL_OLD' as const,
})
const query = () => ({
  TableName,
  KeyConditionExpression: 'pk = :pk',
  ExpressionAttributeValues: { ':pk': { S: 'SEATS#0' } },
})
const OPERATIONS = { PutItem: put, GetItem: get, UpdateItem: update, Query: query } as const
type Operation = keyof typeof OPERATIONS
const NAMES = ['PutItem', 'GetItem', 'UpdateItem', 'Query'] as const

type Ask = (operation: Operation, at: number) => Promise<unknown>

/** µs of the processor for each operation: of the engine alone, over HTTP with the SDK (its part included), and dynalite's. */
export async function dynamoBench({ runs = RUNS, print }: BenchOptions): Promise<void> {
  const [own, judge] = [ours(), await dynaliteJudge()]
  const served = dynamo({ tables: [tableOf(TableName)], clock: wallClock })
  await served.start()
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint: served.url, region: 'local', credentials })
  try {
    await Promise.all([created(own), created(judge)])
    const engine = await measured((operation, at) => own.ask(operation, OPERATIONS[operation](at)), runs)
    const http = await measured((operation, at) => sent(client, operation, at), runs)
    const dynalite = await measured((operation, at) => judge.ask(operation, OPERATIONS[operation](at)), runs / 4)
    for (const name of NAMES)
      print(
        `dynamo: ${name.padEnd(11)} engine ${engine[name]}, HTTP and SDK ${http[name]}, dynalite by HTTP ${dynalite[name]} µs`,
      )
    print(`dynamo: µs of an update: engine ${engine.UpdateItem}, HTTP and SDK ${http.UpdateItem}`)
  } finally {
    client.destroy()
    await Promise.all([own.stop(), judge.stop(), served.stop()])
  }
}

const sent = (client: DynamoDBClient, operation: Operation, at: number): Promise<unknown> =>
  ({
    PutItem: () => client.send(new PutItemCommand(put(at))),
    GetItem: () => client.send(new GetItemCommand(get(at))),
    UpdateItem: () => client.send(new UpdateItemCommand(update(at))),
    Query: () => client.send(new QueryCommand(query())),
  })[operation]()

/** The first quarter is not counted: code is compiled in it. */
async function measured(ask: Ask, runs: number): Promise<Readonly<Record<Operation, number>>> {
  const found = { PutItem: 0, GetItem: 0, UpdateItem: 0, Query: 0 }
  for (const name of NAMES) {
    const count = name === 'Query' ? Math.ceil(runs / 4) : runs
    for (let at = 0; at < count / 4; at++) await ask(name, at)
    const before = process.cpuUsage()
    for (let at = 0; at < count; at++) await ask(name, at)
    const { user, system } = process.cpuUsage(before)
    found[name] = Math.round((user + system) / count)
  }
  return found
}
