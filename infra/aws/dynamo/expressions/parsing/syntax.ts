/** From an attribute of the item down: names of attributes and of a map's members, `#references` to names, indexes of lists. */
export interface Path {
  readonly kind: 'path'
  readonly steps: readonly (string | number)[]
}

export interface ValueReference {
  readonly kind: 'value'
  readonly name: string
}

export interface Call {
  readonly kind: 'call'
  readonly name: string
  readonly operands: readonly Operand[]
}

export interface Sum {
  readonly kind: 'sum'
  readonly operator: '+' | '-'
  readonly left: Operand
  readonly right: Operand
}

export type Operand = Path | ValueReference | Call | Sum

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>='

/** A condition without AND, OR and NOT: what is checked by itself. */
export type Test =
  | { readonly kind: 'compare'; readonly operator: Comparator; readonly operands: readonly [Operand, Operand] }
  | { readonly kind: 'between'; readonly operands: readonly [Operand, Operand, Operand] }
  | { readonly kind: 'in'; readonly operands: readonly Operand[] }
  | Call

export type Condition =
  | Test
  | { readonly kind: 'and'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly of: Condition }

export type Action =
  | { readonly kind: 'set'; readonly path: Path; readonly value: Operand }
  | { readonly kind: 'remove'; readonly path: Path }
  | { readonly kind: 'add' | 'delete'; readonly path: Path; readonly value: ValueReference }

/** What an expression mentions, and the first fault of each kind that its text alone shows: AWS names one by their rank. */
export interface Notes {
  readonly names: Set<string>
  readonly values: Set<string>
  /** Attributes with which a path begins. */
  readonly heads: Set<string>
  /** Attributes into which a path leads deeper. */
  readonly nested: Set<string>
  /** Operators and functions so far. */
  operators: number
  reserved?: string
  unknownFunction?: string
  redundantParentheses?: boolean
  misusedFunction?: string
  repeatedSection?: string
}

export const newNotes = (): Notes => ({
  names: new Set(),
  values: new Set(),
  heads: new Set(),
  nested: new Set(),
  operators: 0,
})
