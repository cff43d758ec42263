import type { CategoryValue, CwaCategory } from '../../../../shared/cwa/model.ts'
import { SipError } from '../sip/sip.ts'
import { escaped, node, nodes, readBody, string, textOf } from '../sip/xml-body.ts'
import type { Node } from '../sip/xml-body.ts'

/** Presence between CWA and LCS: the categories document of MS-PRES, which CWA hands on to its clients. */
export const CATEGORIES_TYPE = 'application/msrtc-event-categories+xml'

export interface CategoriesDocument {
  readonly uri: string
  readonly categories: readonly CwaCategory[]
}

const NS = 'http://schemas.microsoft.com/2006/09/sip'

export function printCategories({ uri, categories }: CategoriesDocument): string {
  const children = categories.map((category) => {
    const { name, instance = 0, version = 1, publishTime } = category
    const time = publishTime === undefined ? '' : ` publishTime="${escaped(publishTime)}"`
    const open = `<category name="${escaped(name)}" instance="${instance}" version="${version}"${time}`
    return category.value === undefined ? `${open}/>` : `${open}>${printValue(category.value)}</category>`
  })
  return `<categories xmlns="${NS}/categories" uri="${escaped(uri)}">${children.join('')}</categories>`
}

function printValue(value: CategoryValue): string {
  switch (value.type) {
    case 'note': {
      const type = value.noteType === undefined ? '' : ` type="${escaped(value.noteType)}"`
      return `<note xmlns="${NS}/note"><body${type}>${escaped(value.text)}</body></note>`
    }
    case 'contactCard': {
      const name = value.displayName === undefined ? '' : `<displayName>${escaped(value.displayName)}</displayName>`
      const email = value.email === undefined ? '' : `<email>${escaped(value.email)}</email>`
      return `<contactCard xmlns="${NS}/contactcard"><identity>${name}${email}</identity></contactCard>`
    }
    case 'userState':
    case 'machineState':
    case 'aggregateState': {
      const manual = value.manual === undefined ? '' : ` manual="${value.manual}"`
      const activity = value.activity === undefined ? '' : `<activity token="${escaped(value.activity)}"/>`
      const schema = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
      const inner = `<availability>${value.availability}</availability>${activity}`
      return `<state xmlns="${NS}/state" ${schema} xsi:type="${value.type}"${manual}>${inner}</state>`
    }
    case 'unread':
      return `<state xmlns="${NS}/state"/>`
    default:
      return value satisfies never
  }
}

/** Throws a `SipError` 400 for what is no categories document. Payloads of unknown shape stay as categories without value. */
export function parseCategories(text: string): CategoriesDocument {
  const root = node(readBody(text)['categories'])
  const uri = root?.['@uri']
  if (root === undefined || typeof uri !== 'string') throw new SipError(400, 'the body is no categories document')
  return { uri, categories: nodes(root['category']).map(category) }
}

function category(element: Node): CwaCategory {
  const name = string(element['@name'])
  if (name === undefined || name === '') throw new SipError(400, 'a category has a name')
  const publishTime = string(element['@publishTime'])
  const value = state(node(element['state'])) ?? note(node(element['note'])) ?? card(node(element['contactCard']))
  return {
    name,
    instance: Number(string(element['@instance']) ?? 0),
    version: Number(string(element['@version']) ?? 1),
    ...(publishTime === undefined ? {} : { publishTime }),
    ...(value === undefined ? {} : { value }),
  }
}

function state(element: Node | undefined): CategoryValue | undefined {
  const type = element?.['@xsi:type']
  const availability = Number(string(element?.['availability']) ?? Number.NaN)
  if (type !== 'userState' && type !== 'machineState' && type !== 'aggregateState') return undefined
  if (!Number.isInteger(availability) || availability < 0) throw new SipError(400, 'availability is a whole number')
  const manual = element?.['@manual']
  const activity = string(node(element?.['activity'])?.['@token'])
  return {
    type,
    availability,
    ...(manual === undefined ? {} : { manual: manual === 'true' }),
    ...(activity === undefined ? {} : { activity }),
  }
}

function note(element: Node | undefined): CategoryValue | undefined {
  if (element === undefined) return undefined
  const body = element['body']
  const noteType = string(node(body)?.['@type'])
  const text = textOf(body) ?? ''
  return { type: 'note', text, ...(noteType === undefined ? {} : { noteType }) }
}

function card(element: Node | undefined): CategoryValue | undefined {
  const identity = node(element?.['identity'])
  if (element === undefined) return undefined
  const displayName = string(identity?.['displayName'])
  const email = string(identity?.['email'])
  return {
    type: 'contactCard',
    ...(displayName === undefined ? {} : { displayName }),
    ...(email === undefined ? {} : { email }),
  }
}
