import { TYPES } from '../values/attribute-value.ts'
import { order } from '../values/compare.ts'
import { givenType, stepsOf, undefinedIn, type Bindings } from './bindings.ts'
import { CONDITION_FUNCTIONS } from './parsing/condition-parser.ts'
import { shown } from './parsing/operands.ts'
import type { Call, Condition, Operand, Test } from './parsing/syntax.ts'

/** The tests of a condition, in the order of the text. */
export function testsOf(condition: Condition): readonly Test[] {
  if (condition.kind === 'not') return testsOf(condition.of)
  if (condition.kind === 'and' || condition.kind === 'or')
    return [...testsOf(condition.left), ...testsOf(condition.right)]
  return [condition]
}

/** What is wrong with a test whatever the item is, in AWS's words; undefined where nothing is. */
export function faultOfTest(test: Test, bindings: Bindings): string | undefined {
  const calls = callsIn(test)
  return (
    undefinedIn(test.operands, bindings) ??
    first(calls, wrongNumber) ??
    sameOperands(test, bindings) ??
    first(calls, (call) => wrongOperand(call, bindings)) ??
    (test.kind === 'between' ? wrongBounds(test.operands[1], test.operands[2], bindings) : undefined)
  )
}

/** Inner calls first, as they are read. */
function callsIn(node: Test | Operand): readonly Call[] {
  if (node.kind === 'path' || node.kind === 'value' || node.kind === 'sum') return []
  const inner = node.operands.flatMap((each) => callsIn(each))
  return node.kind === 'call' ? [...inner, node] : inner
}

function first<T>(all: readonly T[], of: (each: T) => string | undefined): string | undefined {
  for (const each of all) {
    const fault = of(each)
    if (fault !== undefined) return fault
  }
  return undefined
}

function wrongNumber({ name, operands }: Call): string | undefined {
  const wanted: number | undefined = Object.entries(CONDITION_FUNCTIONS).find(([each]) => each === name)?.[1]
  if (wanted === undefined || wanted === operands.length) return undefined
  const what = `operator or function: ${name}, number of operands: ${operands.length}`
  return `Incorrect number of operands for operator or function; ${what}`
}

function sameOperands(test: Test, bindings: Bindings): string | undefined {
  if (test.kind !== 'compare' && test.kind !== 'call') return undefined
  const [one, other] = test.operands
  if (one?.kind !== 'path' || other?.kind !== 'path') return undefined
  const [steps, others] = [stepsOf(one, bindings), stepsOf(other, bindings)]
  if (steps.length !== others.length || steps.some((step, at) => step !== others[at])) return undefined
  const operator = test.kind === 'call' ? test.name : test.operator
  const what = `operator: ${operator}, first operand: ${shown(steps)}`
  return `The first operand must be distinct from the remaining operands for this operator or function; ${what}`
}

function wrongOperand({ name, operands }: Call, bindings: Bindings): string | undefined {
  const of = (type: string) =>
    `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`
  const types = operands.map((each) => givenType(each, bindings))
  if (name === 'attribute_exists' || name === 'attribute_not_exists')
    return operands[0]?.kind === 'path'
      ? undefined
      : `Operator or function requires a document path; operator or function: ${name}`
  if (name === 'begins_with') {
    const wrong = types.find((type) => type !== undefined && type !== 'S' && type !== 'B')
    return wrong === undefined ? undefined : of(wrong)
  }
  if (name === 'size') {
    const [type] = types
    return type === 'N' || type === 'BOOL' || type === 'NULL' ? of(type) : undefined
  }
  return name === 'attribute_type' ? wrongTypeName(operands[1], types[1], of, bindings) : undefined
}

function wrongTypeName(
  operand: Operand | undefined,
  type: string | undefined,
  of: (type: string) => string,
  { values }: Bindings,
): string | undefined {
  if (type !== 'S') return of(type ?? '{NS,SS,L,BS,N,M,B,BOOL,NULL,S}')
  const named = operand?.kind === 'value' ? values[operand.name]?.S : undefined
  if (TYPES.some((each) => each === named)) return undefined
  return `Invalid attribute type name found; type: ${named}, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}`
}

function wrongBounds(low: Operand, high: Operand, bindings: Bindings): string | undefined {
  if (low.kind !== 'value' || high.kind !== 'value') return undefined
  const [lower, upper] = [bindings.values[low.name], bindings.values[high.name]]
  if (lower === undefined || upper === undefined) return undefined
  const [type, other] = [givenType(low, bindings), givenType(high, bindings)]
  const bounds = () =>
    `lower bound operand: AttributeValue: {${asWritten(lower)}}, upper bound operand: AttributeValue: {${asWritten(upper)}}`
  if (type !== other) return `The BETWEEN operator requires same data type for lower and upper bounds; ${bounds()}`
  if ((order(lower, upper) ?? 0) <= 0) return undefined
  return `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ${bounds()}`
}

const asWritten = (value: object) =>
  Object.entries(value)
    .map(([type, inner]) => `${type}:${String(inner)}`)
    .join()
