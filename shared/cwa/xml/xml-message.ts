import type { ImMessage } from '../model.ts'
import type { Element, Printable } from './xml-element.ts'
import { childOf, childrenOf, must, present, tag, textTag } from './xml-element.ts'
import { orNothing } from './xml-lenient.ts'
import { sipUri } from '../uri.ts'

/** `<format/><content/>`, the children of `sendMessage` and of `message`. */
export function printMessage({ format, content }: ImMessage): (Printable | undefined)[] {
  return [textTag('format', format), textTag('content', content)]
}

export function parseMessage(holder: Element): ImMessage {
  const content = must(childOf(holder, 'content')?.text, holder, 'content')
  return present({ format: childOf(holder, 'format')?.text, content })
}

/** The same in an event: the sender is read even where the text cannot be. */
export function messageIn(holder: Element): ImMessage {
  return orNothing(holder, () => parseMessage(holder)) ?? { content: '' }
}

/** `<uris><uri/>+</uris>` */
export function printUris(uris: readonly string[]): Printable {
  return tag('uris', {}, ...uris.map((uri) => textTag('uri', uri)))
}

export function parseUris(holder: Element): string[] {
  const uris = childOf(holder, 'uris')
  return uris ? childrenOf(uris, 'uri').map((uri) => sipUri(uri.text)) : []
}
