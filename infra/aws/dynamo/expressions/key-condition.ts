import { invalid } from '../failure.ts'
import type { AttributeValue } from '../values/attribute-value.ts'
import { stepsOf, type Bindings } from './bindings.ts'
import type { Comparator, Condition, Operand, Test } from './parsing/syntax.ts'

/** What a query says of one attribute of the key. */
export interface KeyTest {
  readonly operator: '=' | '<' | '<=' | '>' | '>=' | 'between' | 'begins_with'
  readonly values: readonly AttributeValue[]
}

const MIRRORED = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

/**
 * What a key condition says, by attribute: each once, and only what DynamoDB can look up.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
 *
 * @throws ValidationException
 */
export function keyTests(condition: Condition, bindings: Bindings): ReadonlyMap<string, KeyTest> {
  const all = new Map<string, KeyTest>()
  add(condition, bindings, all)
  return all
}

function add(condition: Condition, bindings: Bindings, all: Map<string, KeyTest>): void {
  if (condition.kind === 'and') {
    add(condition.left, bindings, all)
    add(condition.right, bindings, all)
    return
  }
  if (condition.kind === 'or' || condition.kind === 'not') throw invalidOperator(condition.kind.toUpperCase())
  const { name, test } = keyTest(condition, bindings)
  if (all.has(name)) throw invalid('KeyConditionExpressions must only contain one condition per key')
  all.set(name, test)
}

const invalidOperator = (operator: string) => invalid(`Invalid operator used in KeyConditionExpression: ${operator}`)

function keyTest(test: Test, bindings: Bindings): { readonly name: string; readonly test: KeyTest } {
  const operator = operatorOf(test)
  const paths = test.operands.filter((each) => each.kind === 'path')
  if (test.operands.some((each) => each.kind === 'call'))
    throw invalid('KeyConditionExpressions cannot contain nested operations')
  const first = test.operands[0]?.kind === 'path'
  const condition = 'Invalid condition in KeyConditionExpression:'
  if (!first && (operator === 'between' || operator === 'begins_with')) {
    const shown = operator === 'between' ? 'BETWEEN' : operator
    throw invalid(`${condition} ${shown} operator must have the key attribute as its first operand`)
  }
  if (paths.length > 1) throw invalid(`${condition} Multiple attribute names used in one condition`)
  const [path] = paths
  if (path === undefined) throw invalid(`${condition} No key attribute specified`)
  const [name, ...deeper] = stepsOf(path, bindings)
  if (deeper.length > 0) throw invalid('KeyConditionExpressions cannot have conditions on nested attributes')
  const values = test.operands.flatMap((each) => valueOf(each, bindings))
  const turned = first || operator === 'between' || operator === 'begins_with' ? operator : MIRRORED[operator]
  return { name: String(name), test: { operator: turned, values } }
}

function operatorOf(test: Test): KeyTest['operator'] {
  if (test.kind === 'between') return 'between'
  if (test.kind === 'in') throw invalidOperator('IN')
  if (test.kind === 'compare') return comparable(test.operator)
  if (test.name === 'begins_with') return 'begins_with'
  throw test.name === 'size'
    ? invalid('KeyConditionExpressions cannot contain nested operations')
    : invalidOperator(test.name)
}

function comparable(operator: Comparator): Exclude<Comparator, '<>'> {
  if (operator === '<>') throw invalidOperator(operator)
  return operator
}

function valueOf(operand: Operand, { values }: Bindings): AttributeValue[] {
  const value = operand.kind === 'value' ? values[operand.name] : undefined
  return value === undefined ? [] : [value]
}
