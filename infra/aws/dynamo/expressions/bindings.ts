import { attribute, typeOf, type AttributeValue, type Item } from '../values/attribute-value.ts'
import type { Operand, Path } from './parsing/syntax.ts'

/** What the references of a request's expressions stand for. */
export interface Bindings {
  readonly names: Readonly<Record<string, string>>
  readonly values: Item
}

/** The steps of a path with its `#references` put in; undefined where one stands for nothing, which the checks say. */
export function stepsOf({ steps }: Path, { names }: Bindings): readonly (string | number)[] {
  if (!steps.some((step) => typeof step === 'string' && step.startsWith('#'))) return steps
  return steps.map((step) => (typeof step === 'string' && step.startsWith('#') ? (names[step] ?? step) : step))
}

/** What is at a path of an item. */
export function valueAt(item: Item, steps: readonly (string | number)[]): AttributeValue | undefined {
  let value: AttributeValue | undefined = { M: item }
  for (const step of steps) {
    if (value === undefined) return undefined
    value = typeof step === 'number' ? value.L?.[step] : value.M === undefined ? undefined : attribute(value.M, step)
  }
  return value
}

/** The type that an operand has whatever the item is; undefined where the item decides. */
export function givenType(operand: Operand | undefined, { values }: Bindings): string | undefined {
  if (operand?.kind === 'value') {
    const value = values[operand.name]
    return value === undefined ? undefined : typeOf(value)
  }
  if (operand?.kind === 'call' && operand.name === 'list_append') return 'L'
  if (operand?.kind === 'call' && operand.name === 'size') return 'N'
  return operand?.kind === 'sum' ? 'N' : undefined
}

/** The first reference of these operands that stands for nothing, in AWS's words. */
export function undefinedIn(operands: readonly Operand[], bindings: Bindings): string | undefined {
  for (const operand of operands) {
    const fault = undefinedReference(operand, bindings)
    if (fault !== undefined) return fault
  }
  return undefined
}

function undefinedReference(operand: Operand, bindings: Bindings): string | undefined {
  if (operand.kind === 'call') return undefinedIn(operand.operands, bindings)
  if (operand.kind === 'sum') return undefinedIn([operand.left, operand.right], bindings)
  if (operand.kind === 'value')
    return Object.hasOwn(bindings.values, operand.name)
      ? undefined
      : `An expression attribute value used in expression is not defined; attribute value: ${operand.name}`
  const missing = operand.steps.find(
    (step) => typeof step === 'string' && step.startsWith('#') && !Object.hasOwn(bindings.names, step),
  )
  if (missing === undefined) return undefined
  return `An expression attribute name used in the document path is not defined; attribute name: ${missing}`
}
