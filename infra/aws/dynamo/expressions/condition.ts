import { typeOf, type AttributeValue, type Item } from '../values/attribute-value.ts'
import { beginsWith, contains, equal, order, sizeOf } from '../values/compare.ts'
import { stepsOf, valueAt, type Bindings } from './bindings.ts'
import type { Call, Comparator, Condition, Operand } from './parsing/syntax.ts'

/** Whether an item is as a condition says, once compiled. */
export type Predicate = (item: Item, bindings: Bindings) => boolean

type Value = (item: Item, bindings: Bindings) => AttributeValue | undefined

/** A condition as a function: compiled once, asked for each request that has its text. */
export function predicate(condition: Condition): Predicate {
  if (condition.kind === 'not') {
    const inner = predicate(condition.of)
    return (item, bindings) => !inner(item, bindings)
  }
  if (condition.kind === 'and' || condition.kind === 'or') {
    const [left, right] = [predicate(condition.left), predicate(condition.right)]
    return condition.kind === 'and'
      ? (item, bindings) => left(item, bindings) && right(item, bindings)
      : (item, bindings) => left(item, bindings) || right(item, bindings)
  }
  if (condition.kind === 'call') return called(condition)
  const values = condition.operands.map(value)
  if (condition.kind === 'compare') return compared(condition.operator, values)
  return condition.kind === 'between' ? between(values) : among(values)
}

/** Where an attribute is missing, only `<>` is true. */
function compared(operator: Comparator, [one = none, other = none]: readonly Value[]): Predicate {
  if (operator === '=') return (item, bindings) => equal(one(item, bindings), other(item, bindings))
  if (operator === '<>') return (item, bindings) => !equal(one(item, bindings), other(item, bindings))
  const holds = ORDERED[operator]
  return (item, bindings) => {
    const found = order(one(item, bindings), other(item, bindings))
    return found !== undefined && holds(found)
  }
}

const ORDERED: Readonly<Record<'<' | '<=' | '>' | '>=', (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

function between([of = none, low = none, high = none]: readonly Value[]): Predicate {
  return (item, bindings) => {
    const value = of(item, bindings)
    const [above, below] = [order(value, low(item, bindings)), order(value, high(item, bindings))]
    return above !== undefined && below !== undefined && above >= 0 && below <= 0
  }
}

function among([of = none, ...choices]: readonly Value[]): Predicate {
  return (item, bindings) => {
    const value = of(item, bindings)
    return choices.some((choice) => equal(value, choice(item, bindings)))
  }
}

function called({ name, operands }: Call): Predicate {
  const [of = none, second = none] = operands.map(value)
  switch (name) {
    case 'attribute_exists':
      return (item, bindings) => of(item, bindings) !== undefined
    case 'attribute_not_exists':
      return (item, bindings) => of(item, bindings) === undefined
    case 'begins_with':
      return (item, bindings) => beginsWith(of(item, bindings), second(item, bindings))
    case 'contains':
      return (item, bindings) => contains(of(item, bindings), second(item, bindings))
    default:
      // attribute_type: the checks let no other function come here.
      return (item, bindings) => {
        const found = of(item, bindings)
        return found !== undefined && typeOf(found) === second(item, bindings)?.S
      }
  }
}

const none: Value = () => undefined

function value(operand: Operand): Value {
  if (operand.kind === 'value') return (_, { values }) => values[operand.name]
  if (operand.kind === 'path') return (item, bindings) => valueAt(item, stepsOf(operand, bindings))
  if (operand.kind === 'sum') return none
  const [of = none] = operand.operands.map(value)
  return (item, bindings) => sizeOf(of(item, bindings))
}
