import { operand } from './operands.ts'
import type { Comparator, Condition, Notes, Operand } from './syntax.ts'
import { ExpressionFault, type Tokens } from './tokens.ts'

/** The functions of a condition, with their numbers of operands. */
export const CONDITION_FUNCTIONS = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
  size: 1,
} as const

const COMPARATORS: readonly Comparator[] = ['<>', '<=', '>=', '=', '<', '>']

/** Something in a condition: an operand or a condition, which only what stands around it tells. */
interface Read {
  readonly node: Operand | Condition
  readonly parentheses: boolean
}

/**
 * A condition: OR of ANDs of NOTs of tests.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 *
 * @throws ExpressionFault for a fault of syntax; other faults are noted
 */
export function condition(tokens: Tokens, notes: Notes): Condition {
  const read = anyOf(tokens, notes)
  if (tokens.peek().kind !== 'end') throw tokens.unexpected()
  return conditionIn(read, tokens, notes)
}

function anyOf(tokens: Tokens, notes: Notes): Read {
  let read = allOf(tokens, notes)
  while (tokens.take('OR')) read = joined('or', read, allOf(tokens, notes), tokens, notes)
  return read
}

function allOf(tokens: Tokens, notes: Notes): Read {
  let read = negated(tokens, notes)
  while (tokens.take('AND')) read = joined('and', read, negated(tokens, notes), tokens, notes)
  return read
}

function joined(kind: 'and' | 'or', left: Read, right: Read, tokens: Tokens, notes: Notes): Read {
  notes.operators++
  const [first, second] = [conditionIn(left, tokens, notes), conditionIn(right, tokens, notes)]
  return plain({ kind, left: first, right: second })
}

function negated(tokens: Tokens, notes: Notes): Read {
  if (!tokens.take('NOT')) return test(tokens, notes)
  notes.operators++
  return plain({ kind: 'not', of: conditionIn(negated(tokens, notes), tokens, notes) })
}

const plain = (node: Condition): Read => ({ node, parentheses: false })

function test(tokens: Tokens, notes: Notes): Read {
  const first = primary(tokens, notes)
  const operator = COMPARATORS.find((each) => tokens.take(each))
  const read = () => operandIn(primary(tokens, notes), tokens, notes)
  if (operator !== undefined) {
    notes.operators++
    return plain({ kind: 'compare', operator, operands: [operandIn(first, tokens, notes), read()] })
  }
  if (tokens.take('BETWEEN')) {
    notes.operators++
    const [of, low] = [operandIn(first, tokens, notes), read()]
    tokens.expect('AND')
    return plain({ kind: 'between', operands: [of, low, read()] })
  }
  if (!tokens.take('IN')) return first
  return plain({ kind: 'in', operands: [operandIn(first, tokens, notes), ...choices(tokens, notes)] })
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html: 100 at most. */
const MOST_CHOICES = 100

function choices(tokens: Tokens, notes: Notes): Operand[] {
  notes.operators++
  tokens.expect('(')
  const all: Operand[] = []
  do all.push(operandIn(primary(tokens, notes), tokens, notes))
  while (tokens.take(','))
  tokens.expect(')')
  if (all.length > MOST_CHOICES)
    throw new ExpressionFault(`The IN operator is provided with too many operands; number of operands: ${all.length}`)
  return all
}

function primary(tokens: Tokens, notes: Notes): Read {
  if (!tokens.take('(')) return { node: operand(tokens, notes, CONDITION_FUNCTIONS), parentheses: false }
  const { node, parentheses } = anyOf(tokens, notes)
  tokens.expect(')')
  if (parentheses) notes.redundantParentheses = true
  return { node, parentheses: true }
}

const misused = (name: string) => `The function is not allowed to be used this way in an expression; function: ${name}`

function conditionIn({ node }: Read, tokens: Tokens, notes: Notes): Condition {
  if (node.kind === 'path' || node.kind === 'value' || node.kind === 'sum') throw tokens.unexpected()
  if (node.kind === 'call' && node.name === 'size') notes.misusedFunction ??= misused(node.name)
  if (node.kind === 'call') noteNested(node.operands, notes)
  return node
}

function operandIn({ node }: Read, tokens: Tokens, notes: Notes): Operand {
  if (node.kind !== 'path' && node.kind !== 'value' && node.kind !== 'call') throw tokens.unexpected()
  noteNested([node], notes, true)
  return node
}

/** Of the functions only `size` is a value. */
function noteNested(operands: readonly Operand[], notes: Notes, outermost = false): void {
  for (const each of operands) {
    if (each.kind !== 'call') continue
    if (each.name !== 'size') notes.misusedFunction ??= misused(each.name)
    if (outermost) noteNested(each.operands, notes)
  }
}
