import { noted, operand, path, valueReference } from './operands.ts'
import type { Action, Notes, Operand } from './syntax.ts'
import type { Tokens } from './tokens.ts'

export const UPDATE_FUNCTIONS = { if_not_exists: 2, list_append: 2 } as const

const SECTIONS = {
  SET: set,
  REMOVE: (tokens: Tokens, notes: Notes): Action => ({ kind: 'remove', path: noted(path(tokens, notes), notes) }),
  ADD: (tokens: Tokens, notes: Notes): Action => withValue('add', tokens, notes),
  DELETE: (tokens: Tokens, notes: Notes): Action => withValue('delete', tokens, notes),
} as const
const SECTION_NAMES = ['SET', 'REMOVE', 'ADD', 'DELETE'] as const

/**
 * SET, REMOVE, ADD and DELETE, in any order and each once.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
 *
 * @throws ExpressionFault for a fault of syntax; other faults are noted
 */
export function actions(tokens: Tokens, notes: Notes): readonly Action[] {
  const all: Action[] = []
  const seen = new Set<string>()
  while (tokens.peek().kind !== 'end') {
    const section = SECTION_NAMES.find((name) => tokens.take(name))
    if (section === undefined) throw tokens.unexpected()
    if (seen.has(section)) notes.repeatedSection ??= section
    seen.add(section)
    do all.push(SECTIONS[section](tokens, notes))
    while (tokens.take(','))
  }
  return all
}

function set(tokens: Tokens, notes: Notes): Action {
  const target = noted(path(tokens, notes), notes)
  tokens.expect('=')
  return { kind: 'set', path: target, value: sum(tokens, notes) }
}

function sum(tokens: Tokens, notes: Notes): Operand {
  const left = term(tokens, notes)
  const operator = tokens.take('+') ? '+' : tokens.take('-') ? '-' : undefined
  if (operator === undefined) return left
  notes.operators++
  return { kind: 'sum', operator, left, right: term(tokens, notes) }
}

function term(tokens: Tokens, notes: Notes): Operand {
  if (!tokens.take('(')) return operand(tokens, notes, UPDATE_FUNCTIONS)
  const inner = sum(tokens, notes)
  tokens.expect(')')
  return inner
}

function withValue(kind: 'add' | 'delete', tokens: Tokens, notes: Notes): Action {
  return { kind, path: noted(path(tokens, notes), notes), value: valueReference(tokens, notes) }
}
