import { invalid, isBody, unreadable, type Body } from '../failure.ts'
import { canonical } from './numbers.ts'

/**
 * A value as it goes over the wire and as it is kept: exactly one member. Numbers are canonical; nothing changes one in place.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
 */
export interface AttributeValue {
  readonly S?: string
  readonly N?: string
  /** Base64. */
  readonly B?: string
  readonly BOOL?: boolean
  readonly NULL?: boolean
  readonly SS?: readonly string[]
  readonly NS?: readonly string[]
  readonly BS?: readonly string[]
  readonly L?: readonly AttributeValue[]
  readonly M?: Item
}

export type Item = Readonly<Record<string, AttributeValue>>

export const TYPES = ['S', 'N', 'B', 'BOOL', 'NULL', 'SS', 'NS', 'BS', 'L', 'M'] as const
export type Type = (typeof TYPES)[number]

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html: 32 levels. */
const DEEPEST = 32

/** The one type that a checked value has. */
export function typeOf(value: AttributeValue): Type {
  for (const type of TYPES) if (value[type] !== undefined) return type
  return 'NULL'
}

/** An attribute, never what every JavaScript object has under that name. */
export const attribute = (item: Item, name: string): AttributeValue | undefined =>
  Object.hasOwn(item, name) ? item[name] : undefined

/** @throws SerializationException or ValidationException for what is no item */
export function itemIn(member: unknown, depth = 0): Item {
  if (!isBody(member)) throw unreadable('Start of structure or map expected')
  if (depth > DEEPEST) throw invalid('Nesting Levels have exceeded supported limits')
  const entries: [string, AttributeValue][] = []
  for (const [name, value] of Object.entries(member)) entries.push([name, valueIn(value, depth)])
  return Object.fromEntries(entries)
}

/** @throws as `itemIn` does */
export function valueIn(member: unknown, depth = 0): AttributeValue {
  if (!isBody(member)) throw unreadable('Unexpected value type in payload')
  const types = TYPES.filter((type) => Object.hasOwn(member, type) && member[type] !== null)
  const [type] = types
  if (type === undefined)
    throw invalid('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes')
  const value = READERS[type](member, depth)
  if (types.length > 1)
    throw invalid(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    )
  return value
}

const READERS: Readonly<Record<Type, (member: Body, depth: number) => AttributeValue>> = {
  S: ({ S }) => ({ S: text(S) }),
  N: ({ N }) => ({ N: canonical(text(N)) }),
  B: ({ B }) => ({ B: base64(B) }),
  BOOL: ({ BOOL }) => ({ BOOL: flag(BOOL) }),
  NULL({ NULL }) {
    if (!flag(NULL)) throw oneOrMore('Null attribute value types must have the value of true')
    return { NULL: true }
  },
  SS: ({ SS }) => ({
    SS: distinct(list(SS).map(text), 'An string set  may not be empty', (all) =>
      oneOrMore(`Input collection ${all} contains duplicates.`),
    ),
  }),
  NS: ({ NS }) => ({
    NS: distinct(list(NS).map(text).map(canonical), 'An number set  may not be empty', () =>
      invalid('Input collection contains duplicates'),
    ),
  }),
  BS: ({ BS }) => ({
    BS: distinct(list(BS).map(base64), 'Binary sets should not be empty', (all) =>
      oneOrMore(`Input collection ${all}of type BS contains duplicates.`),
    ),
  }),
  L: ({ L }, depth) => ({ L: deeper(list(L), depth) }),
  M: ({ M }, depth) => ({ M: itemIn(M, depth + 1) }),
}

function deeper(all: readonly unknown[], depth: number): AttributeValue[] {
  if (depth + 1 > DEEPEST) throw invalid('Nesting Levels have exceeded supported limits')
  return all.map((each) => valueIn(each, depth + 1))
}

const oneOrMore = (what: string) => invalid(`One or more parameter values were invalid: ${what}`)

function distinct(all: readonly string[], empty: string, twice: (all: string) => Error): readonly string[] {
  if (all.length === 0) throw oneOrMore(empty)
  if (new Set(all).size < all.length) throw twice(`[${all.join(', ')}]`)
  return all
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw unreadable(`${typeof value} cannot be converted to String`)
  return value
}

function flag(value: unknown): boolean {
  if (typeof value !== 'boolean') throw unreadable(`${typeof value} cannot be converted to Boolean`)
  return value
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw unreadable('Start of list expected')
  return value
}

function base64(value: unknown): string {
  if (typeof value !== 'string') throw unreadable('only base-64-encoded strings are convertible to bytes')
  if (value.length % 4 !== 0)
    throw unreadable(`Base64 encoded length is expected a multiple of 4 bytes but found: ${value.length}`)
  if (Buffer.from(value, 'base64').toString('base64') !== value)
    throw unreadable('Invalid last non-pad Base64 character dectected')
  return value
}
