import { DynamoFailure, invalid, isBody, outOfBounds, unreadable, type Body } from '../failure.ts'
import type { Store } from '../store/store.ts'
import type { Table } from '../store/table.ts'

/** What parameters the operations had before there were expressions. The local DynamoDB has them no more. */
const LEGACY = [
  'AttributesToGet',
  'AttributeUpdates',
  'ConditionalOperator',
  'Expected',
  'KeyConditions',
  'QueryFilter',
  'ScanFilter',
] as const

/** @throws ValidationException where a request says in another way what an expression can say */
export function refuseLegacy(request: Body): void {
  const found = LEGACY.find((each) => request[each] !== undefined)
  if (found !== undefined) throw invalid(`The local DynamoDB does not take ${found}. Say it in an expression.`)
}

/** @throws ValidationException, ResourceNotFoundException */
export function tableOf(store: Store, request: Body): Table {
  return tableNamed(store, tableName(request))
}

export function tableNamed(store: Store, name: string): Table {
  const found = store.find(name)
  if (found === undefined) throw new DynamoFailure('ResourceNotFoundException', 'Requested resource not found')
  return found
}

const NAME = '[a-zA-Z0-9_.-]+'

/** @throws ValidationException, SerializationException */
export function tableName(request: Body): string {
  const name = textIn(request, 'TableName')
  if (name === undefined) throw invalid("The parameter 'TableName' is required but was not present in the request")
  if (name.length < 3 || name.length > 255)
    throw invalid('TableName must be at least 3 characters long and at most 255 characters long')
  if (!new RegExp(`^${NAME}$`).test(name))
    throw outOfBounds(`'${name}'`, 'tableName', `Member must satisfy regular expression pattern: ${NAME}`)
  return name
}

export function textIn(request: Body, member: string): string | undefined {
  const value = request[member] ?? undefined
  if (value !== undefined && typeof value !== 'string')
    throw unreadable(`${typeof value} cannot be converted to String`)
  return value
}

export function flagIn(request: Body, member: string): boolean | undefined {
  const value = request[member] ?? undefined
  if (value !== undefined && typeof value !== 'boolean')
    throw unreadable(`${typeof value} cannot be converted to Boolean`)
  return value
}

/** A whole number. @throws ValidationException below `least` */
export function wholeIn(request: Body, member: string, least: number): number | undefined {
  const value = request[member] ?? undefined
  if (value === undefined) return undefined
  if (typeof value !== 'number') throw unreadable(`${typeof value} cannot be converted to Integer`)
  if (value < least)
    throw outOfBounds(`'${value}'`, lower(member), `Member must have value greater than or equal to ${least}`)
  return Math.floor(value)
}

/** One of these words; the first where the request has none. @throws ValidationException for another */
export function choiceIn<const Choice extends string>(
  request: Body,
  member: string,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const value = textIn(request, member) ?? choices[0]
  const found = choices.find((each) => each === value)
  if (found !== undefined) return found
  throw outOfBounds(`'${value}'`, lower(member), `Member must satisfy enum value set: [${choices.join(', ')}]`)
}

export function bodyIn(request: Body, member: string): Body {
  const value = request[member]
  if (value === undefined || value === null) throw outOfBounds('null', lower(member), 'Member must not be null')
  if (!isBody(value)) throw unreadable('Start of structure or map expected')
  return value
}

export function listIn(request: Body, member: string): readonly unknown[] {
  const value = request[member]
  if (value === undefined || value === null) throw outOfBounds('null', lower(member), 'Member must not be null')
  if (!Array.isArray(value)) throw unreadable('Start of list expected')
  return value
}

/** AWS names members so in its messages. */
const lower = (member: string) => member.charAt(0).toLowerCase() + member.slice(1)
