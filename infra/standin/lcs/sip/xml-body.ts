import { XMLParser } from 'fast-xml-parser'
import { SipError } from './sip.ts'

/** The XML documents that travel in SIP bodies: presence, conferences, containers. */

/** An element with attributes (`@name`), children by name, and text (`#text`). */
export type Node = Readonly<Record<string, unknown>>

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)

/** An element with attributes or children. One that is empty, or has text only, is none. */
export const node = (value: unknown): Node | undefined => (isNode(value) ? value : undefined)

export const string = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** Every element of a name, of which there may be none, one or several. */
export function nodes(value: unknown): readonly Node[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  return all.filter(isNode)
}

/** The text of an element, whether it has attributes or not. */
export const textOf = (value: unknown): string | undefined => string(value) ?? string(node(value)?.['#text'])

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
})

/**
 * The children of a document by name, the root among them.
 * @throws SipError 400 for what is not well-formed, or has a document type
 */
export function readBody(text: string): Node {
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw new SipError(400, 'a body has no document type')
  try {
    return node(parser.parse(text, true)) ?? {}
  } catch {
    throw new SipError(400, 'the body is no well-formed XML')
  }
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML 1.0 has no way to write most control characters, so they are left out. */
export const escaped = (text: string): string =>
  text.replaceAll(/(?![\t\n\r])\p{Cc}/gu, '').replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
