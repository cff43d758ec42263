import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb'
import { KEYS } from '../../../shared/store/tables.ts'
import { inWords } from '../fault.ts'
import { ok, wrong, type Check, type Finding } from './check.ts'

/** Puts no item, and takes none away: an item is not there and here at once. */
const NEVER = { ConditionExpression: `attribute_exists(${KEYS.partition}) AND attribute_not_exists(${KEYS.partition})` }

type Call = (client: DynamoDBClient, table: string, partition: string) => Promise<unknown>

const keyIn = (partition: string) => ({ [KEYS.partition]: { S: partition }, [KEYS.sort]: { S: 'doctor' } })

/** Each DynamoDB action, asked for so that nothing comes of it. */
const CALLS = {
  GetItem: (client, TableName, partition) => client.send(new GetItemCommand({ TableName, Key: keyIn(partition) })),
  Query: (client, TableName, partition) =>
    client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: `${KEYS.partition} = :pk`,
        ExpressionAttributeValues: { ':pk': { S: partition } },
        Limit: 1,
      }),
    ),
  Scan: (client, TableName) => client.send(new ScanCommand({ TableName, Limit: 1 })),
  PutItem: (client, TableName, partition) =>
    client.send(new PutItemCommand({ TableName, Item: keyIn(partition), ...NEVER })),
  UpdateItem: (client, TableName, partition) =>
    client.send(
      new UpdateItemCommand({
        TableName,
        Key: keyIn(partition),
        UpdateExpression: 'SET checked = :yes',
        ExpressionAttributeValues: { ':yes': { BOOL: true } },
        ...NEVER,
      }),
    ),
  DeleteItem: (client, TableName, partition) =>
    client.send(new DeleteItemCommand({ TableName, Key: keyIn(partition), ...NEVER })),
} as const satisfies Record<string, Call>

/** What the administrator's command does with each table; README.md has the policy for it. */
const NEEDS = {
  configuration: { partition: 'SETTINGS', calls: ['GetItem', 'Scan', 'PutItem', 'UpdateItem', 'DeleteItem'] },
  sessions: { partition: 'SEATS#0000', calls: ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'] },
} as const

/** Whether a table is there, has the keys that it must, and lets this user do what the command does. */
export function tableCheck(name: keyof typeof NEEDS): Check {
  const { partition, calls } = NEEDS[name]
  const check = `${name} table`
  return {
    looksAt: check,
    async findings({ client, target }) {
      const table = target.tables[name]
      const denied: Finding[] = []
      for (const call of calls) {
        const thrown = await thrownBy(CALLS[call](client, table, partition))
        if (!(thrown instanceof Error) || thrown.name === 'ConditionalCheckFailedException') continue
        // Whatever else is wrong is wrong with every call.
        if (thrown.name !== 'AccessDeniedException') return [faultOf(check, thrown, target)]
        denied.push(
          wrong(check, `dynamodb:${call} on ${table} is denied`, 'allow it: README.md in infra/admin has the policy'),
        )
      }
      return denied.length > 0
        ? denied
        : [ok(check, `${table} has the right keys, and ${calls.join(', ')} are allowed`)]
    },
  }
}

function faultOf(check: string, thrown: Error, target: { readonly isLocal: boolean }): Finding {
  if (thrown.name === 'ValidationException') {
    const todo = `deploy the stack anew: keys are ${KEYS.partition} and ${KEYS.sort}, both text`
    return wrong(check, `its keys are not those of this service: ${thrown.message}`, todo)
  }
  const [
    says = '',
    todo = target.isLocal ? 'npm start, in another terminal' : 'check the way to DynamoDB, and the region',
  ] = inWords(thrown, target).split('\n')
  return wrong(check, says, todo)
}

async function thrownBy(call: Promise<unknown>): Promise<unknown> {
  try {
    await call
    return undefined
  } catch (thrown) {
    return thrown
  }
}
