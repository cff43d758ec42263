import { DynamoFailure, invalid, isBody, unreadable, type Body } from '../failure.ts'
import { valueIn, type AttributeValue, type Item } from '../values/attribute-value.ts'
import type { Bindings } from './bindings.ts'
import type { Notes } from './parsing/syntax.ts'

/** What a request's names and values stand for. @throws ValidationException in AWS's words, SerializationException */
export const bindingsIn = (request: Body): Bindings => ({ names: namesOf(request), values: valuesOf(request) })

/** Names and values only beside expressions that may use them. */
export function checkReferences(request: Body, taken: readonly string[], given: ReadonlyMap<string, unknown>): void {
  if (isThere(request['ExpressionAttributeNames']) && given.size === 0)
    throw invalid('ExpressionAttributeNames can only be specified when using expressions')
  const takers = taken.filter((each) => each !== 'ProjectionExpression')
  if (!isThere(request['ExpressionAttributeValues']) || takers.length === 0 || takers.some((each) => given.has(each)))
    return
  const missing = `${takers.join(' and ')} ${takers.length > 1 ? 'are' : 'is'} null`
  throw invalid(`ExpressionAttributeValues can only be specified when using expressions: ${missing}`)
}

const isThere = (member: unknown) => member !== undefined && member !== null

const NO_NAMES: Readonly<Record<string, string>> = {}
const NO_VALUES: Item = {}

function namesOf(request: Body): Readonly<Record<string, string>> {
  const names = membersOf(request, 'ExpressionAttributeNames', '#')
  if (names === undefined) return NO_NAMES
  return Object.fromEntries(
    names.map(([name, stands]) => {
      if (typeof stands !== 'string') throw unreadable(`${typeof stands} cannot be converted to String`)
      return [name, stands]
    }),
  )
}

function valuesOf(request: Body): Item {
  const values = membersOf(request, 'ExpressionAttributeValues', ':')
  return values === undefined
    ? NO_VALUES
    : Object.fromEntries(values.map(([name, value]) => [name, bound(name, value)]))
}

function bound(name: string, value: unknown): AttributeValue {
  try {
    return valueIn(value)
  } catch (thrown) {
    if (!(thrown instanceof DynamoFailure) || thrown.type !== 'ValidationException') throw thrown
    throw invalid(`ExpressionAttributeValues contains invalid value: ${thrown.message} for key ${name}`)
  }
}

function membersOf(request: Body, member: string, mark: string): [string, unknown][] | undefined {
  const all = request[member]
  if (all === undefined || all === null) return undefined
  if (!isBody(all)) throw unreadable('Unexpected field type')
  const entries = Object.entries(all)
  if (entries.length === 0) throw invalid(`${member} must not be empty`)
  const wrong = entries.find(([name]) => !name.startsWith(mark) || !/^.\w+$/.test(name))
  if (wrong !== undefined) throw invalid(`${member} contains invalid key: Syntax error; key: "${wrong[0]}"`)
  return entries
}

function checkMemberUsed(member: string, all: object, used: readonly Notes[], of: 'names' | 'values'): void {
  const unused = Object.keys(all).filter((name) => !used.some((notes) => notes[of].has(name)))
  if (unused.length === 0) return
  throw invalid(`Value provided in ${member} unused in expressions: keys: {${unused.join(', ')}}`)
}

/** @throws ValidationException where a name or a value stands in no expression */
export function checkUsed({ names, values }: Bindings, used: readonly Notes[]): void {
  checkMemberUsed('ExpressionAttributeNames', names, used, 'names')
  checkMemberUsed('ExpressionAttributeValues', values, used, 'values')
}
