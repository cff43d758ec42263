import { isDeepStrictEqual } from 'node:util'

/*
 * The part of DynamoDB's expression language that the stores use, over plain items: compiled once for each text, so that
 * a simulated write costs microseconds. test/store/simulated-table.test.ts holds it to the embedded DynamoDB.
 *
 * Conditions: OR, AND, NOT, parentheses, = <> < <= > >=, BETWEEN, IN, attribute_exists, attribute_not_exists,
 * begins_with, contains, size. Updates: SET (with +, -, if_not_exists), REMOVE, ADD of numbers. What is compared may be a
 * member of a map (`#cursor.#seq`), what is set is at the top of the item; `#name` stands for `name`, as table.ts says.
 */

export type Item = Readonly<Record<string, unknown>>
export type Values = Readonly<Record<string, unknown>>
export type Condition = (item: Item, values: Values) => boolean
/** The item as it is afterwards; the one given stays as it is. */
export type Change = (item: Item, values: Values) => Item

type Operand = (item: Item, values: Values) => unknown

/** @throws SyntaxError, as DynamoDB answers ValidationException */
export const condition = compiledOnce((text): Condition => {
  const words = reader(text)
  const parsed = either(words)
  words.end()
  return parsed
})

/** @throws SyntaxError, as DynamoDB answers ValidationException */
export const change = compiledOnce((text): Change => {
  const words = reader(text)
  const steps: ((before: Item, after: Record<string, unknown>, values: Values) => void)[] = []
  while (!words.isAtEnd()) {
    const clause = words.next().toUpperCase()
    do {
      const name = pathOf(words.next())
      if (clause === 'SET') {
        words.expect('=')
        const value = sum(words)
        steps.push((before, after, values) => {
          after[name] = there(value(before, values), name)
        })
      } else if (clause === 'REMOVE') {
        steps.push((_, after) => {
          delete after[name]
        })
      } else if (clause === 'ADD') {
        const value = operand(words)
        steps.push((before, after, values) => {
          after[name] = numberIn(before[name] ?? 0) + numberIn(value(before, values))
        })
      } else {
        throw new SyntaxError(`${clause}: not an update that the simulated table knows`)
      }
    } while (words.take(','))
  }
  return (item, values) => {
    const after = { ...item }
    for (const step of steps) step(item, after, values)
    return after
  }
})

function compiledOnce<T>(compile: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text) ?? compile(text)
    known.set(text, found)
    return found
  }
}

function either(words: Reader): Condition {
  const all = [both(words)]
  while (words.takeWord('OR')) all.push(both(words))
  const [only] = all
  return all.length === 1 && only ? only : (item, values) => all.some((each) => each(item, values))
}

function both(words: Reader): Condition {
  const all = [single(words)]
  while (words.takeWord('AND')) all.push(single(words))
  const [only] = all
  return all.length === 1 && only ? only : (item, values) => all.every((each) => each(item, values))
}

function single(words: Reader): Condition {
  if (words.takeWord('NOT')) {
    const negated = single(words)
    return (item, values) => !negated(item, values)
  }
  if (words.take('(')) {
    const inner = either(words)
    words.expect(')')
    return inner
  }
  const test = TESTS[words.peek()]
  return test === undefined ? comparison(words) : called(words, test)
}

type Test = (value: unknown, other: unknown) => boolean

const TESTS: Readonly<Record<string, Test>> = {
  attribute_exists: (value) => value !== undefined,
  attribute_not_exists: (value) => value === undefined,
  begins_with: (value, start) => typeof value === 'string' && typeof start === 'string' && value.startsWith(start),
  contains: (value, part) =>
    Array.isArray(value)
      ? value.some((each) => isDeepStrictEqual(each, part))
      : typeof value === 'string' && typeof part === 'string' && value.includes(part),
}

function called(words: Reader, test: Test): Condition {
  words.next()
  words.expect('(')
  const value = operand(words)
  const other = words.take(',') ? operand(words) : () => undefined
  words.expect(')')
  return (item, values) => test(value(item, values), other(item, values))
}

function comparison(words: Reader): Condition {
  const left = operand(words)
  if (words.takeWord('BETWEEN')) {
    const least = operand(words)
    if (!words.takeWord('AND')) throw new SyntaxError('BETWEEN lacks its AND')
    const most = operand(words)
    return (item, values) => {
      const value = left(item, values)
      return isAbove(value, least(item, values), true) && isAbove(most(item, values), value, true)
    }
  }
  if (words.takeWord('IN')) {
    words.expect('(')
    const all = [operand(words)]
    while (words.take(',')) all.push(operand(words))
    words.expect(')')
    return (item, values) => all.some((each) => isSame(left(item, values), each(item, values)))
  }
  const compare = COMPARISONS[words.next()]
  if (compare === undefined) throw new SyntaxError('a comparison is missing')
  const right = operand(words)
  return (item, values) => compare(left(item, values), right(item, values))
}

/** Values of different types are different, and neither is the greater; what is not there is nothing's equal. */
const COMPARISONS: Readonly<Record<string, Test>> = {
  '=': isSame,
  '<>': (one, other) => !isSame(one, other),
  '<': (one, other) => isAbove(other, one, false),
  '<=': (one, other) => isAbove(other, one, true),
  '>': (one, other) => isAbove(one, other, false),
  '>=': (one, other) => isAbove(one, other, true),
}

function isSame(one: unknown, other: unknown): boolean {
  return one !== undefined && (one === other || (typeof one === 'object' && isDeepStrictEqual(one, other)))
}

function isAbove(one: unknown, other: unknown, orSame: boolean): boolean {
  if (typeof one === 'number' && typeof other === 'number') return one > other || (orSame && one === other)
  if (typeof one !== 'string' || typeof other !== 'string') return false
  // By their bytes, as DynamoDB does: not by UTF-16, as JavaScript does.
  const order = Buffer.compare(Buffer.from(one), Buffer.from(other))
  return order > 0 || (orSame && order === 0)
}

function sum(words: Reader): Operand {
  let left = operand(words)
  while (words.peek() === '+' || words.peek() === '-') {
    const sign = words.next() === '+' ? 1 : -1
    const [first, second] = [left, operand(words)]
    left = (item, values) => numberIn(first(item, values)) + sign * numberIn(second(item, values))
  }
  return left
}

function operand(words: Reader): Operand {
  const word = words.next()
  if (word.startsWith(':')) {
    return (_, values) => {
      if (values[word] === undefined) throw new SyntaxError(`${word} has no value`)
      return values[word]
    }
  }
  if (!words.take('(')) {
    const names = word.split('.').map(pathOf)
    return (item) => names.reduce<unknown>(memberOf, item)
  }
  const value = operand(words)
  if (word === 'size') {
    words.expect(')')
    return (item, values) => sizeOf(value(item, values))
  }
  if (word !== 'if_not_exists') throw new SyntaxError(`${word}: not a function that the simulated table knows`)
  words.expect(',')
  const otherwise = operand(words)
  words.expect(')')
  return (item, values) => value(item, values) ?? otherwise(item, values)
}

function pathOf(word: string): string {
  const name = word.startsWith('#') ? word.slice(1) : word
  if (!/^\w+$/.test(name)) throw new SyntaxError(`${word}: not a path that the simulated table knows`)
  return name
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
}

function there(value: unknown, name: string): unknown {
  if (value === undefined) throw new SyntaxError(`${name} is set to an attribute that is not there`)
  return value
}

function numberIn(value: unknown): number {
  if (typeof value !== 'number') throw new SyntaxError('an operand in the update expression has an incorrect data type')
  return value
}

function sizeOf(value: unknown): number | undefined {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (Array.isArray(value)) return value.length
  return typeof value === 'object' && value !== null ? Object.keys(value).length : undefined
}

interface Reader {
  readonly peek: () => string
  readonly next: () => string
  /** Takes the next word if it is this one. */
  readonly take: (word: string) => boolean
  /** The same for a keyword, in whatever case. */
  readonly takeWord: (word: string) => boolean
  readonly expect: (word: string) => void
  readonly isAtEnd: () => boolean
  readonly end: () => void
}

const WORD = /\s*(<>|<=|>=|[=<>(),+-]|[:#]?\w+(?:\.#?\w+)*)/y

function reader(text: string): Reader {
  const words: string[] = []
  let at = 0
  while (text.slice(at).trim() !== '') {
    WORD.lastIndex = at
    const [, word] = WORD.exec(text) ?? []
    if (word === undefined) throw new SyntaxError(`"${text.slice(at)}" is not understood`)
    words.push(word)
    at = WORD.lastIndex
  }
  let read = 0
  const peek = () => words[read] ?? ''
  const next = () => {
    read += 1
    return words[read - 1] ?? ''
  }
  const takeIf = (is: boolean) => {
    if (is) read += 1
    return is
  }
  const expect = (word: string) => {
    if (next() !== word) throw new SyntaxError(`"${word}" is missing in "${text}"`)
  }
  return {
    peek,
    next,
    take: (word) => takeIf(peek() === word),
    takeWord: (word) => takeIf(peek().toUpperCase() === word),
    expect,
    isAtEnd: () => read >= words.length,
    end: () => {
      if (read < words.length) throw new SyntaxError(`"${peek()}" in "${text}" is not understood`)
    },
  }
}
