/** A piece of an expression; the last is an empty one of kind `end`. */
export interface Token {
  readonly kind: 'name' | 'nameReference' | 'valueReference' | 'index' | 'symbol' | 'end'
  readonly text: string
}

/** What is no expression, in AWS's words without the expression's name in front. */
export class ExpressionFault extends Error {}

const PIECE =
  /\s*(?:(?<nameReference>#\w+)|(?<valueReference>:\w+)|(?<name>[A-Za-z_]\w*)|(?<index>\d+)|(?<symbol><>|<=|>=|[=<>()[\],.+-]))/y
const KINDS = ['nameReference', 'valueReference', 'name', 'index', 'symbol'] as const
const END: Token = { kind: 'end', text: '<EOF>' }

/** The pieces of an expression, read one after the other. */
export interface Tokens {
  readonly peek: () => Token
  readonly next: () => Token
  /** Reads a symbol or a word of the language, in any case of letters, where it comes next. */
  readonly take: (text: string) => boolean
  /** @throws ExpressionFault where another piece comes next */
  readonly expect: (text: string) => void
  readonly unexpected: () => ExpressionFault
}

/** @throws ExpressionFault at a character that begins no piece */
export function tokensOf(text: string): Tokens {
  const all = piecesOf(text)
  let at = 0
  const peek = () => all[at] ?? END
  const take = (wanted: string) => {
    const { kind, text: found } = peek()
    if ((kind !== 'name' && kind !== 'symbol') || found.toUpperCase() !== wanted) return false
    at++
    return true
  }
  const unexpected = () => syntaxFault(peek().text, all.slice(Math.max(0, at - 1), at + 2))
  return {
    peek,
    take,
    unexpected,
    next() {
      const token = peek()
      at++
      return token
    },
    expect(wanted) {
      if (!take(wanted)) throw unexpected()
    },
  }
}

function piecesOf(text: string): Token[] {
  const all: Token[] = []
  const end = text.trimEnd().length
  for (PIECE.lastIndex = 0; PIECE.lastIndex < end;) {
    const from = PIECE.lastIndex
    const groups = PIECE.exec(text)?.groups
    if (groups === undefined) throw syntaxFault(text.slice(from).trimStart().slice(0, 1), [])
    const kind = KINDS.find((each) => groups[each] !== undefined) ?? 'symbol'
    all.push({ kind, text: groups[kind] ?? '' })
  }
  return all
}

function syntaxFault(token: string, near: readonly Token[]): ExpressionFault {
  const around = near.map(({ text }) => text).join(' ')
  return new ExpressionFault(`Syntax error; token: "${token}", near: "${around === '' ? token : around}"`)
}
