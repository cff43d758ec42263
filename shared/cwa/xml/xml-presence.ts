import type { CategoryValue, CwaCategory } from '../model.ts'
import type { Element, Printable } from './xml-element.ts'
import { attribute, childOf, descendant, integer, must, oneOf, present, tag, textTag } from './xml-element.ts'
import { flag, number, orNothing } from './xml-lenient.ts'

const SIP = 'http://schemas.microsoft.com/2006/09/sip'
const XSI = 'http://www.w3.org/2001/XMLSchema-instance'
const STATE_TYPES = ['userState', 'machineState', 'aggregateState'] as const

/** `<cwaCategory>`: its instance is called `instanceMask` in a request (bb969515) and `instance` in an event (bb969582). */
export function printCategory(category: CwaCategory, instanceName: 'instance' | 'instanceMask'): Printable {
  const { name, instance, version, publishTime, expires, value } = category
  const attributes = { name, [instanceName]: instance, version, publishTime, expires }
  return tag('cwaCategory', attributes, value && printValue(value))
}

function printValue(value: CategoryValue): Printable {
  switch (value.type) {
    case 'note':
      return tag('note', { xmlns: `${SIP}/note` }, tag('body', { type: value.noteType }, value.text))
    case 'contactCard': {
      const name =
        value.displayName === undefined ? undefined : tag('name', {}, textTag('displayName', value.displayName))
      return tag(
        'contactCard',
        { xmlns: `${SIP}/contactcard` },
        tag('identity', {}, name, textTag('email', value.email)),
      )
    }
    case 'unread':
      return tag('state', { xmlns: `${SIP}/state`, 'xmlns:xsi': XSI, 'xsi:type': value.type })
    case 'userState':
    case 'machineState':
    case 'aggregateState':
    default: {
      const { type, manual, availability, activity } = value
      return tag(
        'state',
        { xmlns: `${SIP}/state`, 'xmlns:xsi': XSI, 'xsi:type': type, manual },
        textTag('availability', availability),
        activity === undefined ? undefined : tag('activity', { token: activity }),
      )
    }
  }
}

export function parseCategory(element: Element): CwaCategory {
  const whole = (name: string) => number(element, name)
  return present({
    name: must(attribute(element, 'name'), element, 'name'),
    instance: whole('instance') ?? whole('instanceMask'),
    version: whole('version'),
    publishTime: attribute(element, 'publishTime'),
    expires: whole('expires'),
    value: parseValue(element),
  })
}

/** A payload that is not one of the three (calendar data, services, custom ones) is left out, the category stays. */
function parseValue(category: Element): CategoryValue | undefined {
  const state = childOf(category, 'state')
  if (state) return orNothing(state, () => parseState(state)) ?? { type: 'unread' }
  const body = childOf(category, 'note') && descendant(category, 'body')
  if (body) return present({ type: 'note' as const, noteType: attribute(body, 'type'), text: body.text })
  const card = childOf(category, 'contactCard')
  if (!card) return undefined
  const displayName = descendant(card, 'displayName')?.text
  const email = descendant(card, 'email')?.text
  // The other instances of the card (address, company, ...) have neither.
  return present({ type: 'contactCard' as const, displayName, email })
}

/** An unknown type is another endpoint's own (`calendarState`), which the server's `aggregateState` takes in. */
function parseState(state: Element): CategoryValue {
  const availability = integer(childOf(state, 'availability')?.text, state, 'availability')
  const activity = childOf(state, 'activity')
  return present({
    type: oneOf(STATE_TYPES, typeName(state), state, 'type'),
    availability: must(availability, state, 'availability'),
    manual: flag(state, 'manual'),
    activity: activity && attribute(activity, 'token'),
  })
}

/** `xsi:type` may be a qualified name. */
function typeName(state: Element): string {
  const type = attribute(state, 'type')?.trim() || 'aggregateState'
  return type.slice(type.indexOf(':') + 1)
}
