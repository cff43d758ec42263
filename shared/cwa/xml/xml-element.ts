import { CwaFault } from '../faults.ts'
import type { UnreadParts } from '../../upstream/unread.ts'

/** An XML element as the codec sees it: names without namespace prefix, text as it reads after decoding. */
export interface Element {
  readonly name: string
  /** Path from the root, for words about faults: `cwaEvents/conference/role`. */
  readonly place: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly Element[]
  /** All character data directly inside, joined. */
  readonly text: string
  /** What of the document could not be read: its elements share it. */
  readonly unread: UnreadParts
}

type Value = string | number | boolean | undefined

/** An element to print. Attributes without a value are left out, and so are children that are `undefined`. */
export interface Printable {
  readonly name: string
  readonly attributes: readonly (readonly [string, string])[]
  readonly content: readonly (Printable | string)[]
}

export function tag(
  name: string,
  attributes: Readonly<Record<string, Value>> = {},
  ...content: readonly (Printable | string | undefined)[]
): Printable {
  const present = Object.entries(attributes).flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[key, String(value)]],
  )
  return { name, attributes: present, content: content.filter((part) => part !== undefined) }
}

/** `<name>value</name>`, or nothing when there is no value. */
export function textTag(name: string, value: Value): Printable | undefined {
  return value === undefined ? undefined : tag(name, {}, String(value))
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** MSDN's tables and samples differ in the case of names, so none is significant when reading. */
export function attribute(element: Element, name: string): string | undefined {
  const exact = element.attributes.get(name)
  if (exact !== undefined) return exact
  for (const [key, value] of element.attributes) if (same(key, name)) return value
  return undefined
}

export function childrenOf(element: Element, name: string): readonly Element[] {
  return element.children.filter((child) => same(child.name, name))
}

export function childOf(element: Element, name: string): Element | undefined {
  return element.children.find((child) => same(child.name, name))
}

/** The first element of that name anywhere below. */
export function descendant(element: Element, name: string): Element | undefined {
  for (const child of element.children) {
    const found = same(child.name, name) ? child : descendant(child, name)
    if (found) return found
  }
  return undefined
}

/** A value that one generation of the documents has as an attribute and the other as a child element. */
export function field(element: Element, name: string): string | undefined {
  return attribute(element, name) ?? childOf(element, name)?.text
}

export function unreadable(place: string, expected: string): CwaFault {
  return new CwaFault('give-up', `the XML is not readable: ${place} should be ${expected}`)
}

/** `value`, or a fault that names what is missing where. */
export function must<T>(value: T | undefined, element: Element, name: string): T {
  if (value === undefined) throw unreadable(`${element.place}/${name}`, 'there')
  return value
}

export function integer(value: string | undefined, element: Element, name: string): number | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  if (!/^\s*-?\d{1,16}\s*$/.test(value) || !Number.isSafeInteger(number)) {
    throw unreadable(`${element.place}/${name}`, 'an integer')
  }
  // The sum turns "-0" into 0.
  return number + 0
}

export function bool(value: string | undefined, element: Element, name: string): boolean | undefined {
  if (value === undefined) return undefined
  const word = value.trim().toLowerCase()
  if (word === 'true' || word === '1') return true
  if (word === 'false' || word === '0') return false
  throw unreadable(`${element.place}/${name}`, 'true or false')
}

export function oneOf<T extends string>(words: readonly T[], value: string, element: Element, name: string): T {
  const word = words.find((candidate) => same(candidate, value.trim()))
  if (word === undefined) throw unreadable(`${element.place}/${name}`, words.join(' or '))
  return word
}

/** What `present` gives: members that may be undefined become members that may be absent. */
type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** `fields` without those that are `undefined`: the model has absent members, not undefined ones. */
export function present<T extends object>(fields: T): Present<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- filtered entries lose the types that Present states
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>
}

const NAME_START =
  'A-Za-z_\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}\\u{200D}\\u{2070}-\\u{218F}' +
  '\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}'

/** A name of XML 1.0 (clause 2.3) without a prefix: Namespaces in XML 1.0, clause 3, NCName. */
export const XML_NAME = new RegExp(
  `^[${NAME_START}][${NAME_START}.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}\\u{2040}-]*$`,
  'u',
)
