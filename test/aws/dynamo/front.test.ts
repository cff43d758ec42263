import { request } from 'node:http'
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  ExecuteStatementCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { describe, expect, it } from 'vitest'
import type { PolicyStatement } from '../../../infra/aws/assembly/description.ts'
import type { DynamoFault } from '../../../infra/aws/dynamo/front.ts'
import { allows } from '../../../infra/aws/policy.ts'
import { signed } from '../../kit/signed.ts'
import { client, database, key, table } from './harness.ts'

const TableName = table.name
const padding = (bytes: number) => ({ padding: { S: 'x'.repeat(bytes) } })
const refusal = (promise: Promise<unknown>) => promise.then(() => undefined).catch((error: unknown) => error)

describe('permissions', () => {
  const other = { ...table, name: 'other', arn: `${table.arn}-of-another` }
  const statements: readonly PolicyStatement[] = [
    { effect: 'Allow', actions: ['dynamodb:GetItem', 'dynamodb:Batch*'], resources: [table.arn] },
  ]
  const guarded = () =>
    database({
      tables: [table, other],
      allows: (caller, action, arn) => caller === 'LoginFunction' && allows(statements, action, arn),
    })

  it('lets a function do what its role allows', async () => {
    const { client } = await guarded()
    expect((await client.send(new GetItemCommand({ TableName, Key: key('a') }))).Item).toBeUndefined()
  })

  it('refuses the rest in the words of AWS', async () => {
    const { client } = await guarded()
    await expect(client.send(new PutItemCommand({ TableName, Item: key('a') }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(
        `LoginFunction is not authorized to perform: dynamodb:PutItem on resource: ${table.arn} because`,
      ),
      $metadata: { httpStatusCode: 400 },
    })
  })

  it('lets a function do it with the items that its role names, however it names their keys', async () => {
    const all = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'Scan', 'BatchGetItem']
    const statement: PolicyStatement = {
      effect: 'Allow',
      actions: all.map((operation) => `dynamodb:${operation}`),
      resources: [table.arn],
      leadingKeys: ['SEATS#*'],
    }
    const { client } = await database({
      allows: (_, action, arn, keys) => allows([statement], action, arn, keys),
    })
    const asked = (pk: string) => {
      const values = { ExpressionAttributeValues: { ':of': { S: pk } } }
      const names = { ExpressionAttributeNames: { '#p': 'pk' } }
      return [
        () => client.send(new GetItemCommand({ TableName, Key: key(pk) })),
        () => client.send(new PutItemCommand({ TableName, Item: key(pk) })),
        () =>
          client.send(new UpdateItemCommand({ TableName, Key: key(pk), UpdateExpression: 'SET a = :of', ...values })),
        () => client.send(new QueryCommand({ TableName, KeyConditionExpression: 'pk = :of', ...values })),
        () =>
          client.send(
            new QueryCommand({ TableName, KeyConditionExpression: '#p = :of AND sk > :of', ...names, ...values }),
          ),
        () => client.send(new DeleteItemCommand({ TableName, Key: key(pk) })),
      ]
    }
    const others = [
      ...asked('MAIL#1'),
      () => client.send(new ScanCommand({ TableName })),
      () => client.send(new BatchGetItemCommand({ RequestItems: { service: { Keys: [key('SEATS#0000')] } } })),
    ]

    for (const ask of asked('SEATS#0000')) expect(await ask()).toMatchObject({ $metadata: { httpStatusCode: 200 } })
    for (const ask of others) await expect(ask()).rejects.toMatchObject({ name: 'AccessDeniedException' })
  })

  it('asks for each table of a batch, and for the index of a query', async () => {
    const { client } = await guarded()
    const keys = { Keys: [key('a')] }
    await client.send(new BatchGetItemCommand({ RequestItems: { service: keys } }))
    await expect(
      client.send(new BatchGetItemCommand({ RequestItems: { service: keys, other: keys } })),
    ).rejects.toThrow(other.arn)
    const query = { TableName, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': { S: 'a' } } }
    await expect(client.send(new QueryCommand({ ...query, IndexName: 'by-user' }))).rejects.toThrow(
      `${table.arn}/index/by-user`,
    )
  })

  it('does not know a caller by another name', async () => {
    const { database } = await guarded()
    const get = new GetItemCommand({ TableName, Key: key('a') })
    await expect(client(database.url, 'SendFunction').send(get)).rejects.toThrow('SendFunction is not authorized')
  })

  it('lets the stack itself do everything', async () => {
    const { database } = await guarded()
    const scan = await client(database.url, 'local').send(new ScanCommand({ TableName }))
    expect(scan.Count).toBe(0)
  })

  it('refuses who does not sign, in the header or otherwise', async () => {
    const { database } = await guarded()
    const query = '?X-Amz-Algorithm=a&X-Amz-Credential=local/&X-Amz-Signature=a&X-Amz-SignedHeaders=a&X-Amz-Date=a'
    for (const path of ['/', `/${query}`]) {
      const answer = await post(`${database.url}${path}`, 'Scan', JSON.stringify({ TableName }))
      expect(answer).toMatchObject({
        status: 400,
        text: expect.stringContaining('MissingAuthenticationTokenException'),
      })
    }
  })

  it('gives a web page no leave to read', async () => {
    const { database: own } = await database()
    const { status, headers } = await signedPost(own.url, 'ListTables', '{}', { origin: 'https://example.org' })
    expect(status).toBe(200)
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  it('calls nonsense a serialization error', async () => {
    const { database } = await guarded()
    const answer = await signedPost(database.url, 'Scan', '{')
    expect(answer.text).toContain('SerializationException')
  })

  it('names an operation that it does not know, and answers the next', async () => {
    const { database: own, client } = await database()
    const refused = await refusal(client.send(new ExecuteStatementCommand({ Statement: 'SELECT * FROM service' })))
    expect(refused).toMatchObject({ name: 'UnknownOperationException' })
    const { status } = await signedPost(own.url, 'ListTables', '{}')
    expect(status).toBe(200)
  })
})

describe('faults', () => {
  const throttled: DynamoFault = { type: 'ProvisionedThroughputExceededException', status: 400, message: 'Too fast' }

  it('gives the answer that is forced, and only where it is', async () => {
    const { client } = await database({
      fault: (operation, body) =>
        operation === 'PutItem' && JSON.stringify(body).includes('hot') ? throttled : undefined,
    })
    await client.send(new PutItemCommand({ TableName, Item: key('cold') }))
    await expect(client.send(new PutItemCommand({ TableName, Item: key('hot') }))).rejects.toMatchObject({
      name: throttled.type,
      message: 'Too fast',
    })
    expect((await client.send(new ScanCommand({ TableName }))).Count).toBe(1)
  })

  it('is tried again by the client', async () => {
    const faults = [throttled]
    const { database: own } = await database({ fault: () => faults.pop() })
    await client(own.url, 'LoginFunction', 3).send(new PutItemCommand({ TableName, Item: key('a') }))
    expect(own.consumed()).toEqual({ service: { reads: 0, writes: 1 } })
  })

  it('can lose the answer of a write that was done', async () => {
    const lost: DynamoFault[] = [{ type: 'InternalServerError', status: 500, when: 'after' }]
    const { client } = await database({ fault: () => lost.pop() })
    await expect(client.send(new PutItemCommand({ TableName, Item: key('a') }))).rejects.toMatchObject({
      name: 'InternalServerError',
    })
    expect((await client.send(new GetItemCommand({ TableName, Key: key('a') }))).Item).toEqual(key('a'))
  })
})

describe('the item in the way of a refused write', () => {
  const there = { ...key('seat'), owner: { S: 'ann' } }
  const condition = {
    TableName,
    ConditionExpression: '#owner = :me',
    ExpressionAttributeNames: { '#owner': 'owner' },
    ExpressionAttributeValues: { ':me': { S: 'bob' } },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  } as const

  it.each<[string, (to: DynamoDBClient) => Promise<unknown>]>([
    ['a put', (to) => to.send(new PutItemCommand({ ...condition, Item: key('seat') }))],
    ['a delete', (to) => to.send(new DeleteItemCommand({ ...condition, Key: key('seat') }))],
    [
      'an update',
      (to) => to.send(new UpdateItemCommand({ ...condition, Key: key('seat'), UpdateExpression: 'REMOVE #owner' })),
    ],
  ])('comes with the refusal of %s', async (_, write) => {
    const { client } = await database()
    await client.send(new PutItemCommand({ TableName, Item: there }))
    const error = await refusal(write(client))
    expect(error).toBeInstanceOf(ConditionalCheckFailedException)
    expect(error).toMatchObject({ Item: there })
  })

  it('is left out when there is none, or when the request did not ask', async () => {
    const { client } = await database()
    const put = { ...condition, Item: key('seat') }
    const none = await refusal(client.send(new PutItemCommand(put)))
    await client.send(new PutItemCommand({ TableName, Item: there }))
    const unasked = await refusal(
      client.send(new PutItemCommand({ ...put, ReturnValuesOnConditionCheckFailure: 'NONE' })),
    )
    for (const error of [none, unasked]) {
      expect(error).toBeInstanceOf(ConditionalCheckFailedException)
      expect(error).not.toHaveProperty('Item', expect.anything())
    }
  })
})

describe('consumed capacity', () => {
  it('is counted by table, in reads and writes', async () => {
    const { client, database: own } = await database({ tables: [table, { ...table, name: 'other' }] })
    await client.send(new PutItemCommand({ TableName, Item: { ...key('a'), ...padding(3_000) } }))
    await client.send(new GetItemCommand({ TableName, Key: key('a') }))
    await client.send(new GetItemCommand({ TableName, Key: key('a'), ConsistentRead: true }))
    const PutRequest = { Item: key('b') }
    await client.send(
      new BatchWriteItemCommand({ RequestItems: { service: [{ PutRequest }], other: [{ PutRequest }] } }),
    )
    expect(own.consumed()).toEqual({ service: { reads: 1.5, writes: 4 }, other: { reads: 0, writes: 1 } })
    own.resetConsumed()
    expect(own.consumed()).toEqual({})
  })

  it('is counted by caller, too', async () => {
    const { database: own } = await database()
    const [upkeep, login] = [client(own.url, 'UpkeepFunction'), client(own.url, 'LoginFunction')]
    await upkeep.send(new PutItemCommand({ TableName, Item: key('a') }))
    await login.send(new GetItemCommand({ TableName, Key: key('a') }))
    await login.send(new PutItemCommand({ TableName, Item: { ...key('a'), ...padding(1_500) } }))
    expect(own.consumedBy()).toEqual({
      UpkeepFunction: { reads: 0, writes: 1 },
      LoginFunction: { reads: 0.5, writes: 2 },
    })
    own.resetConsumed()
    expect(own.consumedBy()).toEqual({})
  })

  it('counts a refused write by the item that is there', async () => {
    const { client, database: own } = await database()
    const put = new PutItemCommand({
      TableName,
      Item: {
        ...key('a'),
        ...padding(2_500),
        list: { L: [{ N: '12' }, { BOOL: true }] },
        map: { M: { a: { B: new Uint8Array(9) } } },
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    })
    await client.send(put)
    await refusal(client.send(put))
    expect(own.consumed()).toEqual({ service: { reads: 0, writes: 6 } })
  })

  it('does not count the sweep', async () => {
    const { client, database: own } = await database()
    await client.send(new PutItemCommand({ TableName, Item: { ...key('a'), expiresAtS: { N: '1700000000' } } }))
    expect(await own.sweep()).toBe(1)
    expect(own.consumed()).toEqual({ service: { reads: 0, writes: 1 } })
  })

  it.each([
    [undefined, undefined],
    ['NONE', undefined],
    ['TOTAL', { TableName, CapacityUnits: 0.5 }],
    ['INDEXES', { TableName, CapacityUnits: 0.5, Table: { CapacityUnits: 0.5 } }],
  ] as const)('shows a caller who asks for %s: %o', async (ReturnConsumedCapacity, expected) => {
    const { client, database: own } = await database()
    const asked = ReturnConsumedCapacity === undefined ? {} : { ReturnConsumedCapacity }
    const { ConsumedCapacity } = await client.send(new GetItemCommand({ TableName, Key: key('a'), ...asked }))
    expect(ConsumedCapacity).toEqual(expected)
    expect(own.consumed()).toEqual({ service: { reads: 0.5, writes: 0 } })
  })
})

const targetOf = (operation: string) => ({
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': `DynamoDB_20120810.${operation}`,
})

/** The same, signed. */
async function signedPost(url: string, operation: string, body: string, more: Record<string, string> = {}) {
  const headers = { ...targetOf(operation), ...more }
  return post(url, operation, body, await signed({ url, headers, body }, { service: 'dynamodb' }))
}

/** A request without the SDK, to send what the SDK would not. */
function post(url: string, operation: string, body: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number | undefined; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const sent = request(url, { method: 'POST', headers: { ...targetOf(operation), ...headers } }, (response) => {
        const chunks: string[] = []
        response.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
        response.on('end', () =>
          resolve({ status: response.statusCode, headers: response.headers, text: chunks.join('') }),
        )
      })
      sent.on('error', reject)
      sent.end(body)
    },
  )
}
