import { attribute, typeOf, type AttributeValue, type Item } from './attribute-value.ts'
import { compareNumbers } from './numbers.ts'

/**
 * Below 0, 0 or above 0 for two numbers, two texts (by their UTF-8 bytes) or two binaries (by unsigned bytes); undefined
 * for any other two, which have no order.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
 */
export function order(one: AttributeValue | undefined, other: AttributeValue | undefined): number | undefined {
  if (one === undefined || other === undefined) return undefined
  if (one.S !== undefined && other.S !== undefined) return compareText(one.S, other.S)
  if (one.N !== undefined && other.N !== undefined) return compareNumbers(one.N, other.N)
  if (one.B !== undefined && other.B !== undefined) return Buffer.compare(bytes(one.B), bytes(other.B))
  return undefined
}

/** By UTF-8 bytes. JavaScript's `<` compares UTF-16, where what is written in two units comes before U+E000. */
export function compareText(one: string, other: string): number {
  if (one === other) return 0
  const length = Math.min(one.length, other.length)
  let at = 0
  while (at < length && one.charCodeAt(at) === other.charCodeAt(at)) at++
  if (at === length) return one.length - other.length
  return utf8Rank(one.charCodeAt(at)) - utf8Rank(other.charCodeAt(at))
}

/** Halves of a pair (0xD800 to 0xDFFF) go above everything else. */
const utf8Rank = (unit: number) => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)

/** Sets are equal in any order; lists and maps by what is in them; types must be the same. */
export function equal(one: AttributeValue | undefined, other: AttributeValue | undefined): boolean {
  if (one === undefined || other === undefined) return false
  const type = typeOf(one)
  if (type !== typeOf(other)) return false
  if (type === 'L') return equalLists(one.L ?? [], other.L ?? [])
  if (type === 'M') return equalMaps(one.M ?? {}, other.M ?? {})
  const [first, second] = [one[type], other[type]]
  if (!Array.isArray(first) || !Array.isArray(second)) return first === second
  const members = new Set<unknown>(second)
  return first.length === second.length && first.every((each) => members.has(each))
}

function equalLists(one: readonly AttributeValue[], other: readonly AttributeValue[]): boolean {
  return one.length === other.length && one.every((each, at) => equal(each, other[at]))
}

function equalMaps(one: Item, other: Item): boolean {
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => equal(attribute(one, name), attribute(other, name)))
  )
}

/** Whether a text or binary begins with the other. */
export function beginsWith(value: AttributeValue | undefined, prefix: AttributeValue | undefined): boolean {
  if (value?.S !== undefined && prefix?.S !== undefined) return value.S.startsWith(prefix.S)
  if (value?.B === undefined || prefix?.B === undefined) return false
  const start = bytes(prefix.B)
  return bytes(value.B).subarray(0, start.length).equals(start)
}

/** Whether a text or binary contains the other, or a set or list has it as an element. */
export function contains(value: AttributeValue | undefined, part: AttributeValue | undefined): boolean {
  if (value === undefined || part === undefined) return false
  if (value.S !== undefined) return part.S !== undefined && value.S.includes(part.S)
  if (value.B !== undefined) return part.B !== undefined && bytes(value.B).includes(bytes(part.B))
  if (value.SS !== undefined) return part.S !== undefined && value.SS.includes(part.S)
  if (value.NS !== undefined) return part.N !== undefined && value.NS.includes(part.N)
  if (value.BS !== undefined) return part.B !== undefined && value.BS.includes(part.B)
  return value.L?.some((each) => equal(each, part)) ?? false
}

/**
 * What `size` says: characters of a text, bytes of a binary, elements of a set, a list or a map; nothing of other types.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 */
export function sizeOf(value: AttributeValue | undefined): AttributeValue | undefined {
  const elements = value?.SS ?? value?.NS ?? value?.BS ?? value?.L ?? value?.S
  if (elements !== undefined) return { N: String(elements.length) }
  if (value?.B !== undefined) return { N: String(bytes(value.B).length) }
  return value?.M === undefined ? undefined : { N: String(Object.keys(value.M).length) }
}

const bytes = (base64: string) => Buffer.from(base64, 'base64')
