import { CwaFault } from '../faults.ts'
import { printMethod } from './xml-methods.ts'
import { conferenceMethod, sessionMethod } from './xml-methods-read.ts'
import type { CwaMethod, CwaRequests } from '../model.ts'
import { attribute, present, tag } from './xml-element.ts'
import { readXml } from './xml-read.ts'
import { CWA_NAMESPACE, writeXml } from './xml-write.ts'

/** `<cwaRequests sid xmlns>` (bb969623). The sign-in envelope takes the namespace as well. */
export function printRequests({ sid, methods }: CwaRequests): string {
  return writeXml(tag('cwaRequests', { sid, xmlns: CWA_NAMESPACE }, ...methods.map(printMethod)))
}

export function parseRequests(text: string): CwaRequests {
  const root = readXml(text, 'cwaRequests')
  // No lenience for a client's request: what would not be done as it was meant is refused.
  const [words] = root.unread.said().unread?.first ?? []
  if (words !== undefined) throw new CwaFault('give-up', words)
  const methods = root.children.map((child): CwaMethod => {
    return child.name.toLowerCase() === 'conference' ? conferenceMethod(child) : sessionMethod(child)
  })
  return present({ sid: attribute(root, 'sid'), methods })
}
