import { givenType, stepsOf, undefinedIn, type Bindings } from './bindings.ts'
import { shown } from './parsing/operands.ts'
import type { Action, Operand } from './parsing/syntax.ts'
import { UPDATE_FUNCTIONS } from './parsing/update-parser.ts'

const TYPE_NAMES: Readonly<Record<string, string>> = {
  S: 'STRING',
  N: 'NUMBER',
  B: 'BINARY',
  NULL: 'NULL',
  BOOL: 'BOOLEAN',
  L: 'LIST',
  M: 'MAP',
}

/** What is wrong with an update whatever the item is, in AWS's words and by their rank; undefined where nothing is. */
export function faultOfActions(actions: readonly Action[], bindings: Bindings): string | undefined {
  const operands = actions.flatMap((each) => (each.kind === 'remove' ? [each.path] : [each.path, each.value]))
  return (
    undefinedIn(operands, bindings) ??
    faultOfPaths(actions.map((each) => stepsOf(each.path, bindings))) ??
    first(actions, (each) => wrongSetOperand(each, bindings)) ??
    first(actions, (each) => (each.kind === 'set' ? wrongOperand(each.value, bindings) : undefined))
  )
}

type Steps = readonly (string | number)[]

/** Two paths of one expression must not meet, and not take one thing for a list and for a map. */
export function faultOfPaths(paths: readonly Steps[]): string | undefined {
  let conflict: string | undefined
  for (const [at, path] of paths.entries()) {
    for (const before of paths.slice(0, at)) {
      const how = meeting(before, path)
      if (how === undefined) continue
      const which = `must remove or rewrite one of these paths; path one: ${shown(before)}, path two: ${shown(path)}`
      if (how === 'overlap') return `Two document paths overlap with each other; ${which}`
      conflict ??= `Two document paths conflict with each other; ${which}`
    }
  }
  return conflict
}

function meeting(one: Steps, other: Steps): 'overlap' | 'conflict' | undefined {
  for (let at = 0; at < Math.min(one.length, other.length); at++) {
    if (typeof one[at] !== typeof other[at]) return 'conflict'
    if (one[at] !== other[at]) return undefined
  }
  return 'overlap'
}

/** ADD takes a number or a set, DELETE a set. */
function wrongSetOperand(action: Action, bindings: Bindings): string | undefined {
  if (action.kind !== 'add' && action.kind !== 'delete') return undefined
  const type = givenType(action.value, bindings) ?? ''
  const name = TYPE_NAMES[type]
  if (name === undefined || (action.kind === 'add' && type === 'N')) return undefined
  const operator = action.kind.toUpperCase()
  return `Incorrect operand type for operator or function; operator: ${operator}, operand type: ${name}`
}

function wrongOperand(operand: Operand, bindings: Bindings): string | undefined {
  if (operand.kind === 'path' || operand.kind === 'value') return undefined
  const operands = operand.kind === 'call' ? operand.operands : [operand.left, operand.right]
  const inner = first(operands, (each) => wrongOperand(each, bindings))
  if (inner !== undefined) return inner
  const name = operand.kind === 'call' ? operand.name : operand.operator
  const what = `operator or function: ${name}`
  const wanted: number = name === 'if_not_exists' ? UPDATE_FUNCTIONS.if_not_exists : UPDATE_FUNCTIONS.list_append
  if (operands.length !== wanted)
    return `Incorrect number of operands for operator or function; ${what}, number of operands: ${operands.length}`
  if (name === 'if_not_exists')
    return operands[0]?.kind === 'path' ? undefined : `Operator or function requires a document path; ${what}`
  const type = name === 'list_append' ? 'L' : 'N'
  const wrong = operands.map((each) => givenType(each, bindings)).find((each) => each !== undefined && each !== type)
  return wrong === undefined
    ? undefined
    : `Incorrect operand type for operator or function; ${what}, operand type: ${wrong}`
}

function first<T>(all: readonly T[], of: (each: T) => string | undefined): string | undefined {
  for (const each of all) {
    const fault = of(each)
    if (fault !== undefined) return fault
  }
  return undefined
}
