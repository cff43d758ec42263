import { NOT_XML } from '../../upstream/characters.ts'
import { CwaFault } from '../faults.ts'
import { XML_NAME, type Printable } from './xml-element.ts'

export const CWA_NAMESPACE = 'http://schemas.microsoft.com/2006/09/rtc/cwa'

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A reader turns these into blanks or line feeds (XML 1.0 clauses 2.11 and 3.3.3) unless they are references.
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
}

/**
 * Prints an element. A text with a character that XML 1.0 cannot carry is refused rather than changed;
 * shared/cwa/messaging takes such characters out of what people type before it comes here.
 * @throws CwaFault 'give-up' that names the place, not the text
 */
export function writeXml(element: Printable): string {
  const { name, content } = element
  if (!XML_NAME.test(name)) throw new CwaFault('give-up', 'an element has a name that XML cannot carry')
  const attributes = element.attributes.map(([key, value]) => ` ${key}="${escaped(value, /[&<>"\r\n\t]/g, name)}"`)
  const open = `<${name}${attributes.join('')}`
  if (content.length === 0) return `${open}/>`
  const inner = content.map((part) => (typeof part === 'string' ? escaped(part, /[&<>\r]/g, name) : writeXml(part)))
  return `${open}>${inner.join('')}</${name}>`
}

function escaped(text: string, special: RegExp, name: string): string {
  if (text.search(NOT_XML) !== -1) {
    throw new CwaFault('give-up', `the text of ${name} has a character that XML cannot carry; take it out`)
  }
  return text.replaceAll(special, (character) => ESCAPES[character] ?? character)
}
