import { isReserved } from './reserved-words.ts'
import type { Notes, Operand, Path, ValueReference } from './syntax.ts'
import type { Tokens } from './tokens.ts'

/** `a`, `#a`, `a.b[3].#c`. A reserved word is noted. @throws ExpressionFault */
export function path(tokens: Tokens, notes: Notes): Path {
  const steps: (string | number)[] = [name(tokens, notes)]
  for (;;) {
    if (tokens.take('.')) steps.push(name(tokens, notes))
    else if (tokens.take('[')) {
      if (tokens.peek().kind !== 'index') throw tokens.unexpected()
      steps.push(Number(tokens.next().text))
      tokens.expect(']')
    } else break
  }
  return { kind: 'path', steps }
}

function name(tokens: Tokens, notes: Notes): string {
  const { kind, text } = tokens.peek()
  if (kind === 'nameReference') notes.names.add(text)
  else if (kind !== 'name') throw tokens.unexpected()
  else if (isReserved(text)) notes.reserved ??= text
  tokens.next()
  return text
}

/** The path stands for a place in the item, and is no function's name. */
export function noted(read: Path, notes: Notes): Path {
  const [head] = read.steps
  if (typeof head === 'string') notes.heads.add(head)
  if (typeof head === 'string' && read.steps.length > 1) notes.nested.add(head)
  return read
}

/** `:value`. @throws ExpressionFault */
export function valueReference(tokens: Tokens, notes: Notes): ValueReference {
  const { kind, text } = tokens.peek()
  if (kind !== 'valueReference') throw tokens.unexpected()
  tokens.next()
  notes.values.add(text)
  return { kind: 'value', name: text }
}

/** A value, a path or a call of a function with such operands. @throws ExpressionFault */
export function operand(tokens: Tokens, notes: Notes, functions: Readonly<Record<string, number>>): Operand {
  const { kind, text } = tokens.peek()
  if (kind === 'valueReference') return valueReference(tokens, notes)
  // A name is a function's where a parenthesis follows; then it may be any word.
  const { reserved } = notes
  const read = path(tokens, notes)
  if (kind !== 'name' || read.steps.length > 1 || !tokens.take('(')) return noted(read, notes)
  if (reserved === undefined) delete notes.reserved
  if (!Object.hasOwn(functions, text)) notes.unknownFunction ??= text
  notes.operators++
  const operands = [operand(tokens, notes, functions)]
  while (tokens.take(',')) operands.push(operand(tokens, notes, functions))
  tokens.expect(')')
  return { kind: 'call', name: text, operands }
}

/** As AWS shows a path in a message: `[a, [3], b]`. */
export const shown = (steps: readonly (string | number)[]): string =>
  `[${steps.map((step) => (typeof step === 'number' ? `[${step}]` : step)).join(', ')}]`
