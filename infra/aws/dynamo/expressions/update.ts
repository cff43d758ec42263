import { invalid } from '../failure.ts'
import { typeOf, type AttributeValue, type Item } from '../values/attribute-value.ts'
import { sum } from '../values/numbers.ts'
import { stepsOf, valueAt, type Bindings } from './bindings.ts'
import { draft } from './draft.ts'
import type { Action, Operand } from './parsing/syntax.ts'

const WRONG_TYPE = 'An operand in the update expression has an incorrect data type'

/**
 * The item as it is after an update. Every operand is read of the item as it was before.
 *
 * @throws ValidationException where the item does not fit
 */
export function updated(item: Item, actions: readonly Action[], bindings: Bindings): Item {
  const values = actions.map((each) => (each.kind === 'set' ? resolved(each.value, item, bindings) : undefined))
  const changing = draft(item)
  for (const [at, action] of actions.entries()) {
    const steps = stepsOf(action.path, bindings)
    const value = action.kind === 'set' ? values[at] : left(action, changing.at(steps), bindings)
    if (!changing.put(steps, value))
      throw invalid('The document path provided in the update expression is invalid for update')
  }
  return changing.finished()
}

function resolved(operand: Operand, item: Item, bindings: Bindings): AttributeValue {
  const value = optional(operand, item, bindings)
  if (value === undefined)
    throw invalid('The provided expression refers to an attribute that does not exist in the item')
  return value
}

function optional(operand: Operand, item: Item, bindings: Bindings): AttributeValue | undefined {
  if (operand.kind === 'value') return bindings.values[operand.name]
  if (operand.kind === 'path') return valueAt(item, stepsOf(operand, bindings))
  if (operand.kind === 'sum') return total(operand, item, bindings)
  const [first, second] = operand.operands
  if (first === undefined || second === undefined) return undefined
  if (operand.name === 'if_not_exists') return optional(first, item, bindings) ?? resolved(second, item, bindings)
  const [head, tail] = [resolved(first, item, bindings).L, resolved(second, item, bindings).L]
  if (head === undefined || tail === undefined) throw invalid(WRONG_TYPE)
  return { L: [...head, ...tail] }
}

function total(of: Operand & { readonly kind: 'sum' }, item: Item, bindings: Bindings): AttributeValue {
  const [left, right] = [resolved(of.left, item, bindings).N, resolved(of.right, item, bindings).N]
  if (left === undefined || right === undefined) throw invalid(WRONG_TYPE)
  return { N: sum(left, of.operator, right) }
}

/** What REMOVE, ADD and DELETE leave at a path; undefined: nothing. */
function left(
  action: Exclude<Action, { kind: 'set' }>,
  before: AttributeValue | undefined,
  { values }: Bindings,
): AttributeValue | undefined {
  if (action.kind === 'remove') return undefined
  const value = values[action.value.name] ?? {}
  if (before !== undefined && typeOf(before) !== typeOf(value)) throw invalid(WRONG_TYPE)
  if (value.N !== undefined) return { N: sum(before?.N ?? '0', '+', value.N) }
  const type = value.SS === undefined ? (value.NS === undefined ? 'BS' : 'NS') : 'SS'
  const [members, changed] = [before?.[type] ?? [], value[type] ?? []]
  if (action.kind === 'add') return { [type]: [...new Set([...members, ...changed])] }
  const rest = members.filter((each) => !changed.includes(each))
  return rest.length === 0 ? undefined : { [type]: rest }
}
