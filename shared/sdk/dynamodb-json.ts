import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { Way } from './way.ts'

/*
 * Stands for the SDK's serializer and deserializer, which walk through schemas, of the five operations that
 * shared/store/table.ts has: AWS JSON 1.0, in which a value is as the SDK's caller has it, but for bytes, which are base64.
 * test/sdk/dynamodb.test.ts holds it to them.
 * https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
 */

const OPERATIONS: ReadonlySet<string> = new Set(['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'])

/** DynamoDB's items, as they are written and read. */
export const dynamoDbJson: Way = {
  service: 'dynamodb',
  write(operation, input) {
    if (!OPERATIONS.has(operation) || !isByName(input)) return undefined
    return {
      path: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
      },
      body: JSON.stringify(input, bytesAsText),
    }
  },
  read(body) {
    const answer: Answer = JSON.parse(body.toString())
    const { Item, Attributes, Items, LastEvaluatedKey } = answer
    return {
      ...answer,
      ...(Item && { Item: itemIn(Item) }),
      ...(Attributes && { Attributes: itemIn(Attributes) }),
      ...(Items && { Items: Items.map(itemIn) }),
      ...(LastEvaluatedKey && { LastEvaluatedKey: itemIn(LastEvaluatedKey) }),
    }
  },
}

/** By an ARN the table may be another account's, at another endpoint. */
function isByName({ TableName }: { readonly TableName?: unknown }): boolean {
  return typeof TableName === 'string' && !TableName.includes(':')
}

type Item = Record<string, AttributeValue>

/** What these operations answer, with text for bytes. */
interface Answer {
  readonly Item?: Written
  readonly Attributes?: Written
  readonly Items?: readonly Written[]
  readonly LastEvaluatedKey?: Written
}
type Written = Readonly<Record<string, WrittenValue>>
/** One member each. */
interface WrittenValue {
  readonly B?: string
  readonly BS?: readonly string[]
  readonly M?: Written
  readonly L?: readonly WrittenValue[]
}

/** `JSON.stringify` has made something else of a Buffer when it hands it over: so its holder is asked. */
function bytesAsText(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  const held = this[name]
  return held instanceof Uint8Array ? Buffer.from(held.buffer, held.byteOffset, held.length).toString('base64') : value
}

function itemIn(written: Written): Item {
  return Object.fromEntries(Object.entries(written).map(([name, value]) => [name, valueIn(value)]))
}

function valueIn(value: WrittenValue): AttributeValue {
  if (value.B !== undefined) return { B: bytesOf(value.B) }
  if (value.BS !== undefined) return { BS: value.BS.map(bytesOf) }
  if (value.M !== undefined) return { M: itemIn(value.M) }
  if (value.L !== undefined) return { L: value.L.map(valueIn) }
  // Text, number, truth: as it is.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return value as AttributeValue
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
