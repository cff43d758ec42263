import type { AttributeValue, Item } from '../values/attribute-value.ts'
import { valueAt } from './bindings.ts'
import { noted, path } from './parsing/operands.ts'
import type { Notes, Path } from './parsing/syntax.ts'
import type { Tokens } from './parsing/tokens.ts'

type Steps = readonly (string | number)[]

/** Paths with commas between. @throws ExpressionFault for a fault of syntax */
export function paths(tokens: Tokens, notes: Notes): readonly Path[] {
  const all = [noted(path(tokens, notes), notes)]
  while (tokens.take(',')) all.push(noted(path(tokens, notes), notes))
  if (tokens.peek().kind !== 'end') throw tokens.unexpected()
  return all
}

/** A tree of the paths: what is taken as a whole, or what of it is. */
type Wanted = Map<string | number, Wanted | 'all'>

/**
 * The parts of an item at these paths, where they were: of lists only the elements that are asked for, close together.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ProjectionExpressions.html
 */
export function projected(item: Item, all: readonly Steps[]): Item {
  const wanted: Wanted = new Map()
  for (const steps of all) if (valueAt(item, steps) !== undefined) want(wanted, steps)
  return part({ M: item }, wanted).M ?? {}
}

function want(into: Wanted, steps: Steps): void {
  const [step, ...rest] = steps
  if (step === undefined) return
  const known = into.get(step)
  if (rest.length === 0) into.set(step, 'all')
  else if (known !== 'all') {
    const inner: Wanted = known ?? new Map()
    into.set(step, inner)
    want(inner, rest)
  }
}

function part(value: AttributeValue, wanted: Wanted | 'all'): AttributeValue {
  if (wanted === 'all') return value
  if (value.L !== undefined) {
    const indexes = [...wanted].sort(([one], [other]) => Number(one) - Number(other))
    return { L: indexes.flatMap(([at, inner]) => memberOf(value, at, inner)) }
  }
  const members = [...wanted].flatMap(([name, inner]) => memberOf(value, name, inner).map((each) => [name, each]))
  return { M: Object.fromEntries(members) }
}

function memberOf(value: AttributeValue, step: string | number, wanted: Wanted | 'all'): AttributeValue[] {
  const member = typeof step === 'number' ? value.L?.[step] : value.M?.[step]
  return member === undefined ? [] : [part(member, wanted)]
}
