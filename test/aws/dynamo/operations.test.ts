import { describe, expect, it, onTestFinished } from 'vitest'
import { engine, type Engine } from '../../../infra/aws/dynamo/engine.ts'
import { ensureTables } from '../../../infra/aws/dynamo/tables.ts'
import { key, table } from './harness.ts'

const TableName = table.name

function opened(): Engine {
  const own = engine()
  onTestFinished(own.close)
  ensureTables(own, [table])
  return own
}

const padding = (bytes: number) => ({ padding: { S: 'x'.repeat(bytes) } })

/** The error's name and its words. */
function refusal(own: Engine, operation: string, request: Record<string, unknown>) {
  const { status, body } = own.answer(operation, request)
  expect(status).toBe(400)
  return `${String(body['__type']).replace(/^.*#/, '')}: ${String(body['message'] ?? body['Message'])}`
}

function unitsOf(own: Engine, operation: string, request: Record<string, unknown>): number {
  const { consumed } = own.answer(operation, request)
  return consumed.reduce((sum, { reads, writes }) => sum + reads + writes, 0)
}

const item = (more: object) => ({ ...key('k'), ...more })
const put = (pk: string) => ({ Put: { TableName, Item: key(pk) } })
const ask = (more: object) => ({ TableName, Key: key('a'), ...more })
const add = (by: string) => ask({ UpdateExpression: 'ADD n :by', ExpressionAttributeValues: { ':by': { N: by } } })
const values = (...all: string[]) => ({
  ExpressionAttributeValues: Object.fromEntries(
    [':p', ':x', ':y'].slice(0, all.length).map((name, at) => [name, { S: all[at] }]),
  ),
})

/** So many bytes that one more takes another unit. */
const full = (more: object, bytes: number) => item({ ...more, f: { S: 'x'.repeat(1024 - 6 - 1 - bytes) } })

describe('the size of an item', () => {
  // The key has 6 bytes (two names, two values), the filling one of name.
  it.each<[string, object, number]>([
    ['UTF-8 bytes of a name and a text', { é: { S: '☃' } }, 5],
    ['two digits to a byte of a number, and one more', { n: { N: '1234' } }, 4],
    ['a number with its digits in pairs from the point', { n: { N: '123.4' } }, 5],
    ['the sign of a number', { n: { N: '-12' } }, 4],
    ['no zeros at the end of a number', { n: { N: '1e20' } }, 3],
    ['zero', { n: { N: '0' } }, 2],
    ['raw bytes of a binary', { b: { B: 'AAAA' } }, 4],
    ['one byte of a boolean and of null', { t: { BOOL: true }, u: { NULL: true } }, 4],
    ['the elements of a set', { s: { SS: ['ab', 'c'] } }, 4],
    ['three of a list, and one for each element', { l: { L: [{ S: 'ab' }, { S: 'c' }] } }, 9],
    ['three of a map, and one for each member', { m: { M: { x: { S: 'ab' } } } }, 8],
  ])('counts %s', (_, more, bytes) => {
    const own = opened()
    expect(unitsOf(own, 'PutItem', { TableName, Item: full(more, bytes) })).toBe(1)
    expect(unitsOf(own, 'PutItem', { TableName, Item: full(more, bytes - 1) })).toBe(2)
  })

  it('is 400 KB at most, for a put and for an update', () => {
    const own = opened()
    const fits = padding(400 * 1024 - 6 - 7)
    expect(unitsOf(own, 'PutItem', { TableName, Item: item(fits) })).toBe(400)
    expect(refusal(own, 'PutItem', { TableName, Item: item(padding(400 * 1024 - 6 - 6)) })).toBe(
      'ValidationException: Item size has exceeded the maximum allowed size',
    )
    const update = { UpdateExpression: 'SET a = :a', ExpressionAttributeValues: { ':a': { S: '' } } }
    expect(refusal(own, 'UpdateItem', { TableName, Key: key('k'), ...update })).toBe(
      'ValidationException: Item size to update has exceeded the maximum allowed size',
    )
  })
})

describe('capacity', () => {
  it('of a read is that of what is read, and that of 4 KB where nothing is', () => {
    const own = opened()
    own.ask('PutItem', { TableName, Item: { ...key('a'), ...padding(5_000) } })
    expect(unitsOf(own, 'GetItem', { TableName, Key: key('a') })).toBe(1)
    expect(unitsOf(own, 'GetItem', { TableName, Key: key('a'), ConsistentRead: true })).toBe(2)
    const none = { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: 'none' } } }
    expect(unitsOf(own, 'Query', { TableName, ...none })).toBe(0.5)
    expect(unitsOf(own, 'Query', { TableName, ...none, ConsistentRead: true })).toBe(1)
  })

  it('of a write is that of the larger of the item before and after, also where its condition fails', () => {
    const own = opened()
    own.ask('PutItem', { TableName, Item: { ...key('a'), ...padding(2_500) } })
    expect(unitsOf(own, 'PutItem', { TableName, Item: key('a') })).toBe(3)
    const refused = { TableName, Item: { ...key('a'), ...padding(9_000) }, ConditionExpression: 'pk = sk' }
    expect(unitsOf(own, 'PutItem', refused)).toBe(1)
  })

  it('of a transaction is twice that of its writes', () => {
    const own = opened()
    const Put = { TableName, Item: { ...key('a'), ...padding(1_500) } }
    const ConditionCheck = { TableName, Key: key('b'), ConditionExpression: 'attribute_not_exists(pk)' }
    expect(unitsOf(own, 'TransactWriteItems', { TransactItems: [{ Put }, { ConditionCheck }] })).toBe(6)
    expect(unitsOf(own, 'TransactGetItems', { TransactItems: [{ Get: { TableName, Key: key('a') } }] })).toBe(2)
  })
})

describe('a transaction', () => {
  it('does nothing where one of its conditions fails, and says which', () => {
    const own = opened()
    own.ask('PutItem', { TableName, Item: key('there') })
    const ConditionExpression = 'attribute_not_exists(pk)'
    const Put = { TableName, Item: key('there'), ConditionExpression, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }
    const { body } = own.answer('TransactWriteItems', { TransactItems: [put('new'), { Put }] })
    expect(body).toEqual({
      __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
      Message:
        'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]',
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', Item: key('there') },
      ],
    })
    expect(own.ask('GetItem', { TableName, Key: key('new') })).toEqual({})
  })

  it('is done once by its token', () => {
    const own = opened()
    const update = { UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': { N: '1' } } }
    const request = { ClientRequestToken: 't', TransactItems: [{ Update: { TableName, Key: key('a'), ...update } }] }
    own.ask('TransactWriteItems', request)
    own.ask('TransactWriteItems', request)
    expect(own.ask('GetItem', { TableName, Key: key('a') })).toEqual({ Item: { ...key('a'), n: { N: '1' } } })
    expect(refusal(own, 'TransactWriteItems', { ...request, TransactItems: [put('b')] })).toContain(
      'IdempotentParameterMismatchException',
    )
  })

  it('takes 100 actions, and an item once', () => {
    const own = opened()
    const many = Array.from({ length: 101 }, (_, at) => put(String(at)))
    expect(refusal(own, 'TransactWriteItems', { TransactItems: many })).toContain('less than or equal to 100')
    expect(own.answer('TransactWriteItems', { TransactItems: many.slice(1) }).status).toBe(200)
    expect(refusal(own, 'TransactWriteItems', { TransactItems: [put('a'), put('a')] })).toBe(
      'ValidationException: Transaction request cannot include multiple operations on one item',
    )
  })
})

describe('a batch', () => {
  it('takes 25 writes and 100 keys, each item once', () => {
    const own = opened()
    const writes = Array.from({ length: 26 }, (_, at) => ({ PutRequest: { Item: key(String(at)) } }))
    const keys = Array.from({ length: 101 }, (_, at) => key(String(at)))
    const write = (all: readonly unknown[]) => ({ RequestItems: { [TableName]: all } })
    const read = (all: readonly unknown[]) => ({ RequestItems: { [TableName]: { Keys: all } } })
    expect(refusal(own, 'BatchWriteItem', write(writes))).toContain('less than or equal to 25')
    expect(own.answer('BatchWriteItem', write(writes.slice(1))).status).toBe(200)
    expect(refusal(own, 'BatchGetItem', read(keys))).toContain('less than or equal to 100')
    expect(own.ask('BatchGetItem', read(keys.slice(1)))['Responses']).toMatchObject({ [TableName]: { length: 25 } })
    const twice = 'ValidationException: Provided list of item keys contains duplicates'
    expect(refusal(own, 'BatchGetItem', read([key('a'), key('a')]))).toBe(twice)
    expect(
      refusal(own, 'BatchWriteItem', write([{ PutRequest: { Item: key('a') } }, { DeleteRequest: { Key: key('a') } }])),
    ).toBe(twice)
  })
})

describe('a query', () => {
  const names = { ExpressionAttributeNames: { '#sort': 'sk' } }

  it.each<[string, string[], string[]]>([
    ['sk = :x', ['b'], ['b']],
    ['sk < :x', ['b'], ['a', 'ab']],
    ['sk <= :x', ['b'], ['a', 'ab', 'b']],
    ['sk > :x', ['ab'], ['b', 'é', '\uFFFD', '😀']],
    ['sk >= :x', ['b'], ['b', 'é', '\uFFFD', '😀']],
    ['sk BETWEEN :x AND :y', ['ab', 'é'], ['ab', 'b', 'é']],
    ['begins_with(sk, :x)', ['a'], ['a', 'ab']],
    [':x < sk', ['b'], ['é', '\uFFFD', '😀']],
  ])('gives what has %s, in the order of UTF-8 bytes, by pages of two, both ways', (text, of, expected) => {
    const own = opened()
    for (const sk of ['😀', 'b', 'ab', '\uFFFD', 'a', 'é']) own.ask('PutItem', { TableName, Item: key('p', sk) })
    for (const ScanIndexForward of [true, false]) {
      const found: unknown[] = []
      let start: object = {}
      do {
        const page = own.ask('Query', {
          TableName,
          Limit: 2,
          ScanIndexForward,
          KeyConditionExpression: `pk = :p AND ${text}`,
          ...values('p', ...of),
          ...start,
        })
        found.push(...[page['Items']].flat())
        start = page['LastEvaluatedKey'] === undefined ? {} : { ExclusiveStartKey: page['LastEvaluatedKey'] }
      } while (Object.keys(start).length > 0)
      expect(found).toEqual((ScanIndexForward ? expected : expected.toReversed()).map((sk) => key('p', sk)))
    }
  })

  it.each([
    ['#sort = :p', 'Query condition missed key schema element: pk', names],
    ['pk > :p', 'Query key condition not supported', {}],
    ['pk = :p AND third = :p', 'Query condition missed key schema element: sk', {}],
    ['pk = :p AND sk <> :p', 'Invalid operator used in KeyConditionExpression: <>', {}],
    ['pk = :p OR sk = :p', 'Invalid operator used in KeyConditionExpression: OR', {}],
    ['pk.a = :p', 'KeyConditionExpressions cannot have conditions on nested attributes', {}],
  ])('is refused that says %s', (text, words, more) => {
    const request = { TableName, KeyConditionExpression: text, ...values('p'), ...more }
    expect(refusal(opened(), 'Query', request)).toBe(`ValidationException: ${words}`)
  })
})

describe('an expression', () => {
  it.each<[string, object, string]>([
    [
      'a reserved word',
      { UpdateExpression: 'REMOVE connection' },
      'Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: connection',
    ],
    [
      'an unknown name',
      { UpdateExpression: 'REMOVE #a' },
      'Invalid UpdateExpression: An expression attribute name used in the document path is not defined; attribute name: #a',
    ],
    [
      'an unknown value',
      { UpdateExpression: 'SET a = :a' },
      'Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :a',
    ],
    [
      'a name that is not used',
      { UpdateExpression: 'REMOVE a', ExpressionAttributeNames: { '#b': 'b' } },
      'Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}',
    ],
    [
      'a value that is not used',
      { UpdateExpression: 'REMOVE a', ExpressionAttributeValues: { ':b': { S: 'b' } } },
      'Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}',
    ],
    [
      'values without an expression',
      { ExpressionAttributeValues: { ':b': { S: 'b' } } },
      'ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and ConditionExpression are null',
    ],
    [
      'nonsense',
      { UpdateExpression: 'SETS a' },
      'Invalid UpdateExpression: Syntax error; token: "SETS", near: "SETS a"',
    ],
    ['nothing', { UpdateExpression: '' }, 'Invalid UpdateExpression: The expression can not be empty;'],
    [
      'a part of the key',
      { UpdateExpression: 'REMOVE sk' },
      'One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key',
    ],
    [
      'paths that meet',
      { UpdateExpression: 'REMOVE a, a.b' },
      'Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]',
    ],
    [
      'parentheses too many',
      { ConditionExpression: '((a = pk))' },
      'Invalid ConditionExpression: The expression has redundant parentheses;',
    ],
    [
      'an unknown function',
      { ConditionExpression: 'exists(a)' },
      'Invalid ConditionExpression: Invalid function name; function: exists',
    ],
    [
      'more than 4 KB',
      { ConditionExpression: `attribute_exists(${'a'.repeat(4_080)})` },
      'Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 4098',
    ],
  ])('is refused that has %s', (_, more, words) => {
    expect(refusal(opened(), 'UpdateItem', ask(more))).toBe(`ValidationException: ${words}`)
  })

  it('adds numbers to 38 digits, exactly', () => {
    const own = opened()
    own.ask('UpdateItem', add('99999999999999999999999999999999999999'))
    own.ask('UpdateItem', add('-0.5e1'))
    expect(own.ask('GetItem', { TableName, Key: key('a') })['Item']).toMatchObject({
      n: { N: '99999999999999999999999999999999999994' },
    })
    expect(refusal(own, 'UpdateItem', add('0.1'))).toContain('more than 38 significant digits')
    expect(refusal(own, 'UpdateItem', add('1e126'))).toContain('Number overflow')
    expect(refusal(own, 'UpdateItem', add('1e-131'))).toContain('Number underflow')
  })

  it('changes only the place that it names, where two places once had one value', () => {
    const own = opened()
    own.ask('PutItem', { TableName, Item: { ...key('a'), one: { M: { in: { M: { n: { N: '1' } } } } } } })
    own.ask('UpdateItem', ask({ UpdateExpression: 'SET two = one' }))
    const values = { ':n': { N: '2' }, ':m': { N: '3' } }
    own.ask(
      'UpdateItem',
      ask({
        UpdateExpression: 'SET one.#in.n = :n, two.#in.m = :m',
        ExpressionAttributeNames: { '#in': 'in' },
        ExpressionAttributeValues: values,
      }),
    )
    expect(own.ask('GetItem', { TableName, Key: key('a') })['Item']).toEqual({
      ...key('a'),
      one: { M: { in: { M: { n: { N: '2' } } } } },
      two: { M: { in: { M: { n: { N: '1' }, m: { N: '3' } } } } },
    })
  })

  it('does not take for an attribute what every object of JavaScript has', () => {
    const own = opened()
    own.ask('PutItem', { TableName, Item: key('a') })
    const condition = {
      UpdateExpression: 'SET #p = :p',
      ConditionExpression: 'attribute_not_exists(#p)',
      ExpressionAttributeNames: { '#p': '__proto__' },
      ExpressionAttributeValues: { ':p': { S: 'x' } },
    }
    own.ask('UpdateItem', ask(condition))
    expect(refusal(own, 'UpdateItem', ask(condition))).toContain('ConditionalCheckFailedException')
    const inherited = { UpdateExpression: 'REMOVE a', ConditionExpression: 'attribute_exists(valueOf)' }
    expect(refusal(own, 'UpdateItem', ask(inherited))).toContain('ConditionalCheckFailedException')
  })
})

describe('a scan', () => {
  it('gives each item once, by pages and by segments, though partitions go meanwhile', () => {
    const own = opened()
    const all = Array.from({ length: 40 }, (_, at) => String(at))
    for (const pk of all) own.ask('PutItem', { TableName, Item: key(pk) })
    const found: string[] = []
    for (const Segment of [0, 1, 2]) {
      let start: object = {}
      do {
        const page = own.ask('Scan', { TableName, Limit: 3, Segment, TotalSegments: 3, ...start })
        const pks = JSON.stringify(page['Items']).match(/(?<="pk":\{"S":")\d+/g) ?? []
        for (const pk of pks) own.ask('DeleteItem', { TableName, Key: key(pk) })
        found.push(...pks)
        start = page['LastEvaluatedKey'] === undefined ? {} : { ExclusiveStartKey: page['LastEvaluatedKey'] }
      } while (Object.keys(start).length > 0)
    }
    expect(found.toSorted()).toEqual(all.toSorted())
  })
})
