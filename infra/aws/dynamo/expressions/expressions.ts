import { invalid, unreadable, type Body } from '../failure.ts'
import type { Item } from '../values/attribute-value.ts'
import { stepsOf, type Bindings } from './bindings.ts'
import {
  compiledCondition,
  compiledProjection,
  compiledUpdate,
  faultOfCondition,
  faultOfProjection,
  faultOfUpdate,
} from './compiled.ts'
import type { Action, Condition, Notes } from './parsing/syntax.ts'
import { ExpressionFault } from './parsing/tokens.ts'
import { bindingsIn, checkReferences, checkUsed } from './references.ts'

type Steps = readonly (string | number)[]

/** The expressions that an operation takes, as its request has them. */
const PARAMETERS = [
  'UpdateExpression',
  'ConditionExpression',
  'KeyConditionExpression',
  'FilterExpression',
  'ProjectionExpression',
] as const
export type Parameter = (typeof PARAMETERS)[number]

/** The expressions of one request, checked, with what their references stand for. */
export interface Expressions {
  readonly bindings: Bindings
  readonly update?: readonly Action[]
  /** Whether an item is as the condition says; absent: there is none. */
  readonly condition?: (item: Item) => boolean
  readonly keyCondition?: Condition
  readonly filter?: (item: Item) => boolean
  readonly projection?: readonly Steps[]
  /** Attributes that the filter mentions, and those into which the expressions go deeper. */
  readonly filtered: ReadonlySet<string>
  readonly nested: ReadonlySet<string>
}

/**
 * Reads, compiles and checks what a request says in expressions. Each name and value must be defined, and used.
 *
 * @param taken those that the operation takes; others are not looked at, as AWS does not
 * @throws ValidationException in AWS's words, SerializationException
 */
export function expressionsOf(request: Body, taken: readonly Parameter[]): Expressions {
  const texts = PARAMETERS.filter((each) => taken.includes(each)).map((each) => [each, textOf(request, each)] as const)
  const given = new Map(texts.filter(([, text]) => text !== undefined))
  checkReferences(request, taken, given)
  const bindings = bindingsIn(request)
  const used: Notes[] = []
  const { filter, projection, ...found } = compiled(given, bindings, used)
  checkUsed(bindings, used)
  return {
    ...found,
    ...(filter && { filter: filter.holds }),
    ...(projection && { projection }),
    bindings,
    filtered: filter?.heads ?? NONE,
    nested: nestedIn(used, bindings),
  }
}

const NONE: ReadonlySet<string> = new Set()

type Given = ReadonlyMap<Parameter, string | undefined>

function compiled(given: Given, bindings: Bindings, used: Notes[]) {
  const conditionAt = (parameter: Parameter) =>
    checked(parameter, given.get(parameter), compiledCondition, (each) => faultOfCondition(each, bindings), used)
  const update = checked(
    'UpdateExpression',
    given.get('UpdateExpression'),
    compiledUpdate,
    (each) => faultOfUpdate(each, bindings),
    used,
  )
  const condition = conditionAt('ConditionExpression')
  const keyCondition = conditionAt('KeyConditionExpression')
  const filter = conditionAt('FilterExpression')
  const projection = checked(
    'ProjectionExpression',
    given.get('ProjectionExpression'),
    compiledProjection,
    (each) => faultOfProjection(each, bindings),
    used,
  )
  return {
    ...(update && { update: update.actions }),
    ...(condition && { condition: (item: Item) => condition.holds(item, bindings) }),
    ...(keyCondition && { keyCondition: keyCondition.condition }),
    ...(filter && {
      filter: { holds: (item: Item) => filter.holds(item, bindings), heads: headsOf(filter.notes, bindings) },
    }),
    ...(projection && { projection: projection.paths.map((path) => stepsOf(path, bindings)) }),
  }
}

function checked<T extends { readonly notes: Notes }>(
  parameter: Parameter,
  text: string | undefined,
  compile: (text: string) => T,
  fault: (compiled: T) => string | undefined,
  used: Notes[],
): T | undefined {
  if (text === undefined) return undefined
  try {
    const found = compile(text)
    const wrong = fault(found)
    if (wrong !== undefined) throw new ExpressionFault(wrong)
    used.push(found.notes)
    return found
  } catch (thrown) {
    throw thrown instanceof ExpressionFault ? invalid(`Invalid ${parameter}: ${thrown.message}`) : thrown
  }
}

function textOf(request: Body, parameter: Parameter): string | undefined {
  const text = request[parameter]
  if (text === undefined || text === null) return undefined
  if (typeof text !== 'string') throw unreadable(`${typeof text} cannot be converted to String`)
  return text
}

const headsOf = ({ heads }: Notes, { names }: Bindings): ReadonlySet<string> =>
  new Set([...heads].map((head) => names[head] ?? head))

function nestedIn(used: readonly Notes[], { names }: Bindings): ReadonlySet<string> {
  if (used.every(({ nested }) => nested.size === 0)) return NONE
  return new Set(used.flatMap(({ nested }) => [...nested]).map((head) => names[head] ?? head))
}
