import { carried } from '../upstream/characters.ts'
import { cut, DEVICE_BOUNDS } from '../upstream/bounds.ts'

/** Reading what a server or another client sent: each part by itself, so that one that is not as it should costs no other. */

export type Json = Readonly<Record<string, unknown>>

/** An object's members, and of whatever else none. */
export function membersOf(value: unknown): Json {
  // What is asked here is that it has members, and what they hold stays unknown.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function wholeIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

/** A name as it is passed on to a device: without what a terminal would obey, and cut where it is long. */
export function nameIn(value: unknown): string | undefined {
  const name = cut(carried(textIn(value) ?? '').trim(), DEVICE_BOUNDS.name)
  return name === '' ? undefined : name
}

/** The same of a message's text. */
export function bodyIn(value: unknown): string | undefined {
  const text = textIn(value)
  return text === undefined ? undefined : cut(carried(text), DEVICE_BOUNDS.text)
}
