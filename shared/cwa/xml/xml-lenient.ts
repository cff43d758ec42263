import { CwaFault } from '../faults.ts'
import type { Element } from './xml-element.ts'
import { attribute, bool, integer, oneOf } from './xml-element.ts'

/**
 * Reading what a server sends, which may be newer than this project, or another product: a part that cannot be read costs
 * that part, and is noted. An empty attribute says nothing, as one that is not there. Strict stay `ackId` and `sid`: to
 * acknowledge what was not read, or to take another session's events, would lose or leak them.
 */

/** What `read` gives, or nothing where it cannot be read. */
export function orNothing<T>(element: Element, read: () => T): T | undefined {
  try {
    return read()
  } catch (thrown) {
    if (!(thrown instanceof CwaFault)) throw thrown
    element.unread.note(thrown.message)
    return undefined
  }
}

/** Each of these that can be read. */
export function each<T>(elements: readonly Element[], read: (element: Element) => T): T[] {
  return elements.flatMap((element) => {
    const one = orNothing(element, () => ({ read: read(element) }))
    return one === undefined ? [] : [one.read]
  })
}

const said = (text: string | undefined): string | undefined => (text?.trim() ? text : undefined)

/** A whole number, of an attribute or of the text that is given. */
export function number(element: Element, name: string, text = attribute(element, name)): number | undefined {
  return orNothing(element, () => integer(said(text), element, name))
}

export function flag(element: Element, name: string, text = attribute(element, name)): boolean | undefined {
  return orNothing(element, () => bool(said(text), element, name))
}

export function word<T extends string>(words: readonly T[], element: Element, name: string): T | undefined {
  const text = said(attribute(element, name))
  return text === undefined ? undefined : orNothing(element, () => oneOf(words, text, element, name))
}
