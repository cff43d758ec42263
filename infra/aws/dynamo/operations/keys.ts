import { invalid, type Body } from '../failure.ts'
import type { KeyAttribute, Table } from '../store/table.ts'
import { attribute, itemIn, typeOf, type Item } from '../values/attribute-value.ts'
import { bodyIn } from './request.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const PARTITION_KEY_BYTES = 2_048
const SORT_KEY_BYTES = 1_024

export const keyAttributes = ({ schema: { partition, sort } }: Table): readonly KeyAttribute[] =>
  sort === undefined ? [partition] : [partition, sort]

/** The key that a request names, checked as values: whether it is one of the table, `checkKey` says. */
export const keyIn = (request: Body, member = 'Key'): Item => itemIn(bodyIn(request, member))

/** @throws ValidationException where it is no key of the table */
export function checkKey(table: Table, key: Item): void {
  const wanted = keyAttributes(table)
  const fits =
    Object.keys(key).length === wanted.length &&
    wanted.every(({ name, type }) => attribute(key, name)?.[type] !== undefined)
  if (!fits) throw invalid('The provided key element does not match the schema')
  checkKeyValues(table, key)
}

/** @throws ValidationException where an item has no key of the table */
export function checkItemKey(table: Table, item: Item): void {
  for (const { name, type } of keyAttributes(table)) {
    const value = attribute(item, name)
    const wrong = 'One or more parameter values were invalid:'
    if (value === undefined) throw invalid(`${wrong} Missing the key ${name} in the item`)
    if (value[type] === undefined)
      throw invalid(`${wrong} Type mismatch for key ${name} expected: ${type} actual: ${typeOf(value)}`)
  }
  checkKeyValues(table, item)
}

function checkKeyValues(table: Table, item: Item): void {
  for (const [at, { name }] of keyAttributes(table).entries()) {
    const { S, B } = attribute(item, name) ?? {}
    if (S === '' || B === '') {
      const what = `cannot contain an empty ${S === '' ? 'string' : 'binary'} value. Key: ${name}`
      throw invalid(`One or more parameter values are not valid. The AttributeValue for a key attribute ${what}`)
    }
    const bytes = S === undefined ? Buffer.byteLength(B ?? '', 'base64') : Buffer.byteLength(S)
    if (at === 0 && bytes > PARTITION_KEY_BYTES)
      throw tooLong('Size of hashkey has exceeded the maximum size limit of2048 bytes')
    if (at === 1 && bytes > SORT_KEY_BYTES)
      throw tooLong('Aggregated size of all range keys has exceeded the size limit of 1024 bytes')
  }
}

const tooLong = (what: string) => invalid(`One or more parameter values were invalid: ${what}`)

/** The key of an item. */
export function keyOf(table: Table, item: Item): Item {
  return Object.fromEntries(keyAttributes(table).map(({ name }) => [name, item[name] ?? {}]))
}

/** @throws ValidationException where an expression goes into an attribute of the key */
export function checkScalarKeys(table: Table, nested: ReadonlySet<string>): void {
  const found = keyAttributes(table).find(({ name }) => nested.has(name))
  if (found === undefined) return
  const what = `list random access '[]' and map lookup '.' are not allowed: Key: ${found.name}`
  throw invalid(`Key attributes must be scalars; ${what}`)
}
