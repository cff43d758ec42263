import { condition as conditionIn } from './parsing/condition-parser.ts'
import { predicate, type Predicate } from './condition.ts'
import { faultOfTest, testsOf } from './condition-checks.ts'
import { stepsOf, undefinedIn, type Bindings } from './bindings.ts'
import { paths } from './projection.ts'
import { newNotes, type Action, type Condition, type Notes, type Path, type Test } from './parsing/syntax.ts'
import { ExpressionFault, tokensOf, type Tokens } from './parsing/tokens.ts'
import { faultOfActions, faultOfPaths } from './update-checks.ts'
import { actions } from './parsing/update-parser.ts'

/** An expression as its text alone has it. */
interface Compiled {
  readonly notes: Notes
  /** What is wrong with it whatever the names and values are. */
  readonly fault: string | undefined
}

export interface CompiledCondition extends Compiled {
  readonly condition: Condition
  readonly tests: readonly Test[]
  readonly holds: Predicate
}

export interface CompiledUpdate extends Compiled {
  readonly actions: readonly Action[]
}

export interface CompiledProjection extends Compiled {
  readonly paths: readonly Path[]
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html: expression parameters. */
const LONGEST_BYTES = 4096
const MOST_OPERATORS = 300

/** A program has some dozens of expressions; one that writes values into them must not fill the memory. */
const KEPT = 1_000

/** Compiles a text once. Every other time it is found. */
function cached<T>(compile: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const compiled = compile(text)
    if (known.size >= KEPT) known.clear()
    known.set(text, compiled)
    return compiled
  }
}

/** @throws ExpressionFault (not kept: a program has it mended) */
export const compiledCondition = cached((text): CompiledCondition => {
  const { read, notes } = parsed(text, conditionIn)
  return { condition: read, tests: testsOf(read), holds: predicate(read), notes, fault: faultOfText(notes) }
})

export const compiledUpdate = cached((text): CompiledUpdate => {
  const { read, notes } = parsed(text, actions)
  return { actions: read, notes, fault: faultOfText(notes) }
})

export const compiledProjection = cached((text): CompiledProjection => {
  const { read, notes } = parsed(text, paths)
  return { paths: read, notes, fault: faultOfText(notes) }
})

function parsed<T>(text: string, parse: (tokens: Tokens, notes: Notes) => T): { read: T; notes: Notes } {
  if (text === '') throw new ExpressionFault('The expression can not be empty;')
  const bytes = Buffer.byteLength(text)
  if (bytes > LONGEST_BYTES)
    throw new ExpressionFault(`Expression size has exceeded the maximum allowed size; expression size: ${bytes}`)
  const notes = newNotes()
  const read = parse(tokensOf(text), notes)
  if (notes.operators > MOST_OPERATORS)
    throw new ExpressionFault(
      `The expression contains too many operators or functions; number of operators: ${notes.operators}`,
    )
  return { read, notes }
}

/** By the rank in which AWS names them. */
function faultOfText(notes: Notes): string | undefined {
  if (notes.redundantParentheses) return 'The expression has redundant parentheses;'
  if (notes.unknownFunction !== undefined) return `Invalid function name; function: ${notes.unknownFunction}`
  if (notes.misusedFunction !== undefined) return notes.misusedFunction
  if (notes.reserved !== undefined) return `Attribute name is a reserved keyword; reserved keyword: ${notes.reserved}`
  if (notes.repeatedSection === undefined) return undefined
  return `The "${notes.repeatedSection}" section can only be used once in an update expression;`
}

/** What is wrong with it by these names and values; undefined where nothing is. */
export function faultOfCondition({ fault, tests }: CompiledCondition, bindings: Bindings): string | undefined {
  if (fault !== undefined) return fault
  for (const test of tests) {
    const found = faultOfTest(test, bindings)
    if (found !== undefined) return found
  }
  return undefined
}

export const faultOfUpdate = (compiled: CompiledUpdate, bindings: Bindings): string | undefined =>
  compiled.fault ?? faultOfActions(compiled.actions, bindings)

export function faultOfProjection({ fault, paths }: CompiledProjection, bindings: Bindings): string | undefined {
  return fault ?? undefinedIn(paths, bindings) ?? faultOfPaths(paths.map((path) => stepsOf(path, bindings)))
}
