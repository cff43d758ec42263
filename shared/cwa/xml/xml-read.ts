import { XMLParser } from 'fast-xml-parser'
import { beginning } from '../../rules/clusters.ts'
import { NOT_XML } from '../../upstream/characters.ts'
import { CWA_LIMITS } from '../limits.ts'
import type { Element } from './xml-element.ts'
import { unreadParts, type UnreadParts } from '../../upstream/unread.ts'
import { unreadable, XML_NAME } from './xml-element.ts'

const TEXT = '#text'
const CDATA = '#cdata'
const ATTRIBUTES = ':@'

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** References are decoded here: the library would know HTML's, and decode CDATA as well. */
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  textNodeName: TEXT,
  cdataPropName: CDATA,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  maxNestedTags: CWA_LIMITS.depth,
})

/**
 * Reads one XML document whose root is one of `roots`.
 * Namespaces are not looked at: MSDN itself leaves them out at sign-in, and no two names of the protocol differ by them only.
 * @throws CwaFault 'give-up' for what is too long or too deep, is not well-formed, has a DOCTYPE, or is something else (HTML)
 */
export function readXml(text: string, ...roots: readonly string[]): Element {
  const expected = roots.join(' or ')
  if (text.length > CWA_LIMITS.body) throw unreadable('the document', `${CWA_LIMITS.body} characters at most`)
  if (declaresType(text)) throw unreadable('the document', `${expected}, without a DOCTYPE (or HTML?)`)
  const root = rootOf(text, expected)
  if (!roots.some((name) => name.toLowerCase() === root.name.toLowerCase())) {
    throw unreadable('the root element', `${expected}, not ${beginning(root.name, 40)}`)
  }
  return root
}

const DOCTYPE = /<!DOCTYPE|<!ENTITY/i

/** Comments and CDATA may talk of it: somebody's message does not make a document unreadable. */
function declaresType(text: string): boolean {
  return DOCTYPE.test(text) && DOCTYPE.test(text.replaceAll(/<!\[CDATA\[[^]*?\]\]>|<!--[^]*?-->/g, ''))
}

function rootOf(text: string, expected: string): Element {
  let nodes: unknown
  try {
    nodes = parser.parse(text, true)
  } catch (thrown) {
    // The library quotes from the document; only where it stopped is kept.
    const at = /:(\d+):(\d+)$/.exec(thrown instanceof Error ? thrown.message : '')
    throw unreadable(at ? `line ${at[1]}, column ${at[2]}` : 'the document', `well-formed XML (${expected})`)
  }
  const roots = (Array.isArray(nodes) ? nodes : []).filter((node) => nameOf(node) !== TEXT)
  if (roots.length !== 1) throw unreadable('the document', `one ${expected} element`)
  return elementOf(roots[0], '', unreadParts())
}

// The library's ordered form: { '<name>': [nodes], ':@': { attribute: value } }, with '#text' and '#cdata' as names.
function nameOf(node: unknown): string {
  return Object.keys(Object(node)).find((key) => key !== ATTRIBUTES) ?? ''
}

function elementOf(node: unknown, above: string, unread: UnreadParts): Element {
  const tagName = nameOf(node)
  const name = local(tagName)
  if (!XML_NAME.test(name))
    throw unreadable(`an element in ${above === '' ? 'the document' : above}`, 'named as XML names are')
  const place = above === '' ? name : `${above}/${name}`
  const nodes: unknown = Object(node)[tagName]
  const children: Element[] = []
  let text = ''
  for (const inner of Array.isArray(nodes) ? nodes : []) {
    const kind = nameOf(inner)
    if (kind === TEXT) text += decoded(String(inner[TEXT]), place, unread)
    else if (kind === CDATA) text += String(inner[CDATA]?.[0]?.[TEXT] ?? '')
    else children.push(elementOf(inner, place, unread))
  }
  return { name, place, attributes: attributesOf(Object(node)[ATTRIBUTES], place, unread), children, text, unread }
}

function attributesOf(raw: unknown, place: string, unread: UnreadParts): Map<string, string> {
  const attributes = new Map<string, string>()
  for (const [key, value] of Object.entries(Object(raw))) {
    if (key !== 'xmlns' && !key.startsWith('xmlns:')) attributes.set(local(key), decoded(String(value), place, unread))
  }
  return attributes
}

function local(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1)
}

/**
 * A reference to a character that XML does not have, or to an entity that was not declared (`&nbsp;`), comes from a lax
 * writer; it must not cost the whole batch. The former reads U+FFFD, the latter stays as it is written.
 */
function decoded(text: string, place: string, unread: UnreadParts): string {
  if (!text.includes('&')) return text
  return text.replaceAll(/&([^;&]*);?/g, (written, name: string) => {
    const code = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name)
    const point = code ? Number.parseInt(code[1] ?? code[2] ?? '', code[1] === undefined ? 10 : 16) : undefined
    if (point !== undefined && point <= 0x10ffff) return String.fromCodePoint(point).replace(NOT_XML, '\uFFFD')
    const character = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined
    if (character === undefined) unread.note(`the XML has an unknown entity in ${place}`)
    return character ?? written
  })
}
