import * as fc from 'fast-check'
import type { Body } from '../../infra/aws/dynamo/failure.ts'
import { isBody } from '../../infra/aws/dynamo/failure.ts'
import type { Judged } from './dynamo-judges.ts'

/** An item, and an update of it under a condition: what a judge is asked. */
export interface Case {
  readonly item: Body
  readonly update: string
  readonly condition: string
  readonly values: Body
}

const KEY = { pk: { S: 'é' }, sk: { S: '1' } }
const TableName = 'judged'

const numbers = fc.constantFrom(
  '0',
  '1',
  '-1',
  '10',
  '1.5',
  '-2.50',
  '1e3',
  '-7e-3',
  '12345678901234567890',
  '0.1',
  '99e20',
)
const texts = fc.constantFrom('', 'a', 'ab', 'b', 'é', 'aé☃', '10', 'S', 'N', 'L')
const binaries = fc.constantFrom('AA==', 'AAE=', '/w==', 'YWI=')
const sets = <T>(of: fc.Arbitrary<T>) => fc.uniqueArray(of, { minLength: 1, maxLength: 3 })
const wholes = fc.constantFrom('1', '2', '3', '-4', '50')

const { value } = fc.letrec<{ value: Body }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    texts.map((S) => ({ S })),
    numbers.map((N) => ({ N })),
    fc.constantFrom<Body>({ BOOL: true }, { BOOL: false }, { NULL: true }),
    binaries.map((B) => ({ B })),
    fc.oneof(
      sets(texts).map((SS) => ({ SS })),
      sets(wholes).map((NS) => ({ NS })),
      sets(binaries).map((BS) => ({ BS })),
    ),
    fc.array(tie('value'), { maxLength: 3 }).map((L) => ({ L })),
    fc
      .dictionary(fc.constantFrom('x', 'y', 'ü'), tie('value'), { maxKeys: 3, noNullPrototype: true })
      .map((M) => ({ M })),
  ),
}))

const ATTRIBUTES = ['a', 'b', 'c', 'd'] as const
const item = fc
  .record(
    {
      a: value,
      b: value,
      c: value,
      d: fc.array(value, { maxLength: 3 }).map((L) => ({ L })),
      e: wholes.map((N) => ({ N })),
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  .map((attributes): Body => ({ ...KEY, ...attributes }))

const place = fc.oneof(
  { arbitrary: fc.constantFrom(...ATTRIBUTES, 'e'), weight: 4 },
  fc.constantFrom('a.x', 'b.y', 'd[0]', 'd[1]', 'd[5]', 'c.x.y', 'a[0].x'),
)
const constant = fc.constantFrom(':v', ':w', ':n')
const operand = fc.oneof(
  { arbitrary: place, weight: 3 },
  { arbitrary: constant, weight: 4 },
  { arbitrary: place.map((each) => `size(${each})`), weight: 1 },
)
const comparator = fc.constantFrom('=', '<>', '<', '<=', '>', '>=')
const test = fc.oneof(
  fc.tuple(operand, comparator, operand).map((words) => words.join(' ')),
  fc.tuple(operand, fc.constantFrom(':v AND :v', ':n AND :n', ':v AND :w')).map((words) => words.join(' BETWEEN ')),
  fc
    .tuple(operand, fc.array(constant, { minLength: 1, maxLength: 3 }))
    .map(([of, all]) => `${of} IN (${all.join(', ')})`),
  fc.tuple(fc.constantFrom('attribute_exists', 'attribute_not_exists'), place).map(([name, of]) => `${name}(${of})`),
  fc
    .tuple(fc.constantFrom('begins_with', 'contains'), place, operand)
    .map(([name, of, what]) => `${name}(${of}, ${what})`),
  place.map((of) => `attribute_type(${of}, :v)`),
)
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    test,
    fc.tuple(test, fc.constantFrom('AND', 'OR'), test).map((words) => words.join(' ')),
    tie('condition').map((each) => `NOT (${each})`),
    fc
      .tuple(test, fc.constantFrom('AND', 'OR'), tie('condition'))
      .map(([one, word, more]) => `${one} ${word} (${more})`),
  ),
}))

const term = fc.oneof(
  { arbitrary: constant, weight: 3 },
  place,
  fc.tuple(place, constant).map(([of, other]) => `if_not_exists(${of}, ${other})`),
  fc.tuple(fc.constantFrom('d', ':v'), fc.constantFrom('d', ':w')).map((all) => `list_append(${all.join(', ')})`),
)
const set = fc
  .tuple(
    place,
    fc.oneof(
      { arbitrary: term, weight: 3 },
      fc
        .tuple(
          fc.constantFrom('e', ':n', 'if_not_exists(e, :n)'),
          fc.constantFrom(' + ', ' - '),
          fc.constantFrom(':n', 'e'),
        )
        .map((words) => words.join('')),
    ),
  )
  .map(([at, what]) => `${at} = ${what}`)
const some = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 1, maxLength: 2 })
const sections = {
  SET: some(set).map((all) => `SET ${all.join(', ')}`),
  REMOVE: some(place).map((all) => `REMOVE ${all.join(', ')}`),
  ADD: fc.tuple(place, constant).map((words) => `ADD ${words.join(' ')}`),
  DELETE: fc.tuple(place, constant).map((words) => `DELETE ${words.join(' ')}`),
}
const update = fc.oneof(
  { arbitrary: sections.SET, weight: 4 },
  sections.REMOVE,
  sections.ADD,
  sections.DELETE,
  fc.tuple(sections.SET, sections.REMOVE).map((all) => all.join(' ')),
  fc.tuple(sections.SET, sections.ADD, sections.DELETE).map((all) => all.join(' ')),
)

/** Only those that the expressions mention: DynamoDB takes no others. */
function mentioned(values: Body, text: string): Body {
  return Object.fromEntries(Object.entries(values).filter(([name]) => text.includes(name)))
}

export const aCase: fc.Arbitrary<Case> = fc
  .record({
    item,
    update,
    condition: fc.oneof({ arbitrary: condition, weight: 2 }, fc.constant('attribute_exists(pk)')),
    values: fc.record({ ':v': value, ':w': value, ':n': wholes.map((N) => ({ N })) }, { noNullPrototype: true }),
  })
  .map((all) => ({ ...all, values: mentioned(all.values, `${all.update} ${all.condition}`) }))

/** The table that the cases are about. */
export async function created({ ask }: Judged): Promise<void> {
  const names = ['pk', 'sk']
  await ask('CreateTable', {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: names.map((AttributeName, at) => ({ AttributeName, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
    AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  })
  for (;;) {
    const { body } = await ask('DescribeTable', { TableName })
    const { Table } = body
    if (isBody(Table) && Table['TableStatus'] === 'ACTIVE') return
  }
}

/** What came of a case: the item as it is then, or the refusal, and what it cost. */
export interface CaseOutcome {
  readonly error: string | undefined
  readonly message: string | undefined
  readonly found: string
  readonly units: unknown
}

export async function outcomeOf({ ask }: Judged, { item, update, condition, values }: Case): Promise<CaseOutcome> {
  await ask('PutItem', { TableName, Item: item })
  const { error, body } = await ask('UpdateItem', {
    TableName,
    Key: KEY,
    UpdateExpression: update,
    ConditionExpression: condition,
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
    ReturnConsumedCapacity: 'TOTAL',
  })
  const { body: after } = await ask('GetItem', { TableName, Key: KEY, ConsistentRead: true })
  const capacity = body['ConsumedCapacity']
  return {
    error,
    message: error === undefined ? undefined : messageIn(body),
    found: JSON.stringify(sorted(after['Item'])),
    units: isBody(capacity) ? capacity['CapacityUnits'] : undefined,
  }
}

/** One of the judges puts words in front of AWS's. */
function messageIn(body: Body): string {
  return String(body['message'] ?? body['Message']).replace('1 validation error detected: ', '')
}

/** Members of maps and sets have no order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => sorted(each))
  if (!isBody(value)) return value
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(members.map(([name, each]) => [name, isSet(name, each) ? each.toSorted() : sorted(each)]))
}

function isSet(name: string, value: unknown): value is string[] {
  return /^[SNB]S$/.test(name) && Array.isArray(value)
}
