import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StandardRetryStrategy } from '@smithy/core/retry'
import { direct } from '../../shared/sdk/direct.ts'
import { dynamoDbJson } from '../../shared/sdk/dynamodb-json.ts'
import { outcomeOf, sent } from './outcome.ts'
import { answers, cut, dies, endpoint, fails, limitsFor, mute, type Act } from './scripted-endpoint.ts'

const CREDENTIALS = { accessKeyId: 'caller', secretAccessKey: 'local', sessionToken: 'of its role' }

/** The SDK's own client, and one whose calls go directly. */
function clients(url: string, acts: readonly Act[] = []) {
  const requestHandler = limitsFor(acts)
  const settings = { endpoint: url, region: 'eu-west-1', credentials: CREDENTIALS, maxAttempts: 3, requestHandler }
  const own = () => new DynamoDBClient(settings)
  return [own(), direct(own(), dynamoDbJson, requestHandler)] as const
}

const FOUND = answers(200, JSON.stringify({ Item: { pk: { S: 'DEVICE#ann' }, key: { B: 'AQL/' } } }))
const get = () => new GetItemCommand({ TableName: 'T', Key: { pk: { S: 'DEVICE#ann' }, sk: { S: '-' } } })

type Item = Record<string, AttributeValue>

const text = fc.string({ unit: 'binary', maxLength: 20 })
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })).map(String)
const bytes = fc.uint8Array({ maxLength: 20 })
const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.record({ S: text }),
    fc.record({ N: number }),
    fc
      .oneof(
        bytes,
        bytes.map((each) => Buffer.from(each)),
      )
      .map((B) => ({ B })),
    fc.record({ BOOL: fc.boolean() }),
    fc.constant({ NULL: true as const }),
    fc.record({ SS: fc.array(text, { maxLength: 3 }) }),
    fc.record({ NS: fc.array(number, { maxLength: 3 }) }),
    fc.record({ BS: fc.array(bytes, { maxLength: 3 }) }),
    fc.record({ L: fc.array(tie('value'), { maxLength: 3 }) }),
    fc.record({
      M: fc.dictionary(
        text.filter((name) => name !== '__proto__'),
        tie('value'),
        { maxKeys: 3 },
      ),
    }),
  ),
}))
const item = fc.dictionary(fc.stringMatching(/^[a-zA-Z][\w.#:]{0,10}$/), value, { maxKeys: 6 })
const PAGE = {
  TableName: 'sessions',
  KeyConditionExpression: 'pk = :pk AND sk > :after',
  ConsistentRead: true,
  Limit: 3,
}

type Call = (client: DynamoDBClient) => Promise<unknown>

/** One of each operation that the service has. */
const calls = fc
  .tuple(item, item, text)
  .map(([one, other, words]): readonly Call[] => [
    async (client) => client.send(new GetItemCommand({ TableName: 'T', Key: one, ConsistentRead: false })),
    async (client) => client.send(new PutItemCommand({ TableName: 'T', Item: one, ConditionExpression: words })),
    async (client) => client.send(new DeleteItemCommand({ TableName: 'T', Key: one, ReturnValues: 'ALL_OLD' })),
    async (client) =>
      client.send(new QueryCommand({ ...PAGE, ExpressionAttributeValues: one, ExclusiveStartKey: other })),
    async (client) => client.send(updateOf(one, other, words)),
  ])

function updateOf(Key: Item, ExpressionAttributeValues: Item, words: string): UpdateItemCommand {
  return new UpdateItemCommand({
    TableName: 'T',
    Key,
    UpdateExpression: words,
    ExpressionAttributeNames: { '#n': words },
    ExpressionAttributeValues,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  })
}

/** An answer as DynamoDB writes it: bytes are base64. */
function written(answer: object): string {
  return JSON.stringify(answer, function (this: Readonly<Record<string, unknown>>, name, each: unknown) {
    const held = this[name]
    return held instanceof Uint8Array ? Buffer.from(held).toString('base64') : each
  })
}

describe('a call that goes directly', () => {
  it("is sent as the SDK's, whatever is in it", async () => {
    const { url, script } = await endpoint()
    const { path, seen } = script(answers(200, '{}'))
    const [theirs, ours] = clients(`${url}${path}`)
    await fc.assert(
      fc.asyncProperty(calls, async (all) => {
        for (const call of all) {
          await call(theirs)
          await call(ours)
          const [expected, found] = seen.slice(-2).map((request) => sent(request, path))
          expect(found).toEqual(expected)
        }
      }),
      { numRuns: 60 },
    )
  })

  it("brings what the SDK's brings, whatever it is", async () => {
    const { url, script } = await endpoint()
    let answer = ''
    const { path } = script((response) => answers(200, answer)(response))
    const [theirs, ours] = clients(`${url}${path}`)
    const consumed = { ConsumedCapacity: { TableName: 'T', CapacityUnits: 1.5 } }
    const key = { TableName: 'T', Key: { pk: { S: 'a' } } }
    await fc.assert(
      fc.asyncProperty(item, fc.array(item, { maxLength: 3 }), async (one, Items) => {
        answer = written({ Item: one, ...consumed })
        const get = new GetItemCommand(key)
        expect(await outcomeOf(ours.send(get))).toEqual(await outcomeOf(theirs.send(get)))
        answer = written({ Items, Count: Items.length, ScannedCount: 9, LastEvaluatedKey: one, ...consumed })
        const query = new QueryCommand({ TableName: 'T' })
        expect(await outcomeOf(ours.send(query))).toEqual(await outcomeOf(theirs.send(query)))
        answer = written({ Attributes: one, ...consumed })
        const remove = new DeleteItemCommand(key)
        expect(await outcomeOf(ours.send(remove))).toEqual(await outcomeOf(theirs.send(remove)))
      }),
      { numRuns: 100 },
    )
  })
})

const HOUR_MS = 3_600_000
const anHourAhead = () => ({ date: new Date(Date.now() + HOUR_MS).toUTCString() })

/** What may become of a call, request by request. */
const CASES: Readonly<Record<string, readonly [Act, ...Act[]]>> = {
  'is found': [FOUND],
  'is no item': [answers(200, '{}')],
  'breaks its condition': [
    fails(400, 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException', { Item: { key: { B: 'AQL/' } } }),
  ],
  'is invalid': [fails(400, 'com.amazon.coral.validate#ValidationException')],
  'has no table': [fails(400, 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException')],
  'is not permitted': [fails(400, 'com.amazon.coral.service#AccessDeniedException')],
  'is signed by a token that expired': [fails(400, 'com.amazon.coral.service#ExpiredTokenException')],
  'is answered by an error that there is not': [fails(400, 'SomethingElse')],
  'is answered by an error without a name': [answers(400, '{"message":"?"}')],
  'is answered by an error without a body': [answers(500, '')],
  'is named by its header': [answers(400, '{"message":"?"}', { 'x-amzn-errortype': 'RequestLimitExceeded' }), FOUND],
  'is throttled once': [fails(400, 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException'), FOUND],
  'is throttled by the account': [
    fails(400, 'com.amazonaws.dynamodb.v20120810#ThrottlingException', { throttlingReasons: [{ reason: 'why' }] }),
    FOUND,
  ],
  'is always throttled': [fails(400, 'com.amazonaws.dynamodb.v20120810#RequestLimitExceeded')],
  'gets a time to come again': [fails(503, 'ServiceUnavailable', {}, { 'x-amz-retry-after': '150' }), FOUND],
  'meets 500 once': [fails(500, 'com.amazonaws.dynamodb.v20120810#InternalServerError'), FOUND],
  'always meets 500': [fails(500, 'com.amazonaws.dynamodb.v20120810#InternalServerError')],
  'meets a proxy': [answers(502, '<html>Bad Gateway</html>', { 'content-type': 'text/html' }), FOUND],
  'is sent elsewhere': [answers(307, '', { location: 'http://127.0.0.1/' })],
  'is throttled by 429': [answers(429, '{}'), FOUND],
  'loses its socket': [dies, FOUND],
  'always loses its socket': [dies],
  'is answered by half': [cut('{"Item":{"pk":{"S":"DEVICE#ann"}}}'), FOUND],
  'is answered by no JSON': [answers(200, '<html>captive portal</html>')],
  'is answered by nothing': [answers(200, '')],
  'is answered too late once': [mute, FOUND],
  'is answered too late': [mute],
}

describe('a call that', () => {
  it.concurrent.each(Object.entries(CASES))("%s ends as the SDK's, after as many requests", async (_, acts) => {
    const { url, script } = await endpoint()
    const runs = clients(url, acts).map(async (client) => {
      const { path, seen } = script(...acts)
      client.config.endpoint = async () => at(url, path)
      const outcome = await outcomeOf(client.send(get()))
      const again = await outcomeOf(client.send(get()))
      return { outcome, again, requests: seen.map((request) => sent(request, path)) }
    })
    const [expected, found] = await Promise.all(runs)
    expect(found).toEqual(expected)
  })

  it.concurrent("needs no repeat gives back of what repeats have spent, as the SDK's does", async () => {
    const { url, script } = await endpoint()
    const runs = clients(url).map(async (client) => {
      const { path } = script(dies, dies, dies, dies, dies, dies, FOUND)
      client.config.endpoint = async () => at(url, path)
      const strategy = new StandardRetryStrategy(3)
      client.config.retryStrategy = async () => strategy
      const left: number[] = []
      for (let call = 0; call < 5; call += 1) {
        await outcomeOf(client.send(get()))
        left.push(strategy.getCapacity())
      }
      return left
    })
    const [expected, found] = await Promise.all(runs)
    expect(found).toEqual(expected)
    expect(new Set(found).size).toBe(5)
  })

  it.concurrent('is given up by its caller is given up, before and while it waits', async () => {
    const { url, script } = await endpoint()
    const runs = clients(url).map(async (client) => {
      const caller = new AbortController()
      const { path, seen } = script(() => caller.abort())
      client.config.endpoint = async () => at(url, path)
      const before = await outcomeOf(client.send(get(), { abortSignal: AbortSignal.abort() }))
      const during = await outcomeOf(client.send(get(), { abortSignal: caller.signal }))
      return { before, during, requests: seen.length }
    })
    const [expected, found] = await Promise.all(runs)
    expect(found).toEqual(expected)
    expect(found?.requests).toBe(1)
  })

  it.concurrent('is signed by a clock that is off is signed anew, and the next one rightly at once', async () => {
    const { url, script } = await endpoint()
    const runs = clients(url).map(async (client) => {
      const skewed = fails(400, 'com.amazon.coral.service#InvalidSignatureException', {}, anHourAhead())
      const { path, seen } = script(skewed, answers(200, '{}', anHourAhead()))
      client.config.endpoint = async () => at(url, path)
      await client.send(get())
      await client.send(get())
      return seen.map(({ headers }) => aheadBy(String(headers['x-amz-date'])))
    })
    const [expected, found] = await Promise.all(runs)
    expect(found).toEqual(expected)
    expect(found).toEqual([0, 1, 1])
  })
})

const at = (url: string, path: string) => ({
  protocol: 'http:',
  hostname: '127.0.0.1',
  port: Number(new URL(url).port),
  path,
})

/** In hours. @param date `20260101T000000Z` */
function aheadBy(date: string): number {
  const [, y, m, d, h, min, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? []
  return Math.round((Date.parse(`${y}-${m}-${d}T${h}:${min}:${s}Z`) - Date.now()) / HOUR_MS) || 0
}
