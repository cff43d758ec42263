import type { ContactChange, CwaEvent, GroupChange } from '../model.ts'
import { sipUri } from '../uri.ts'
import { parseConference } from './xml-conference.ts'
import type { Element } from './xml-element.ts'
import { attribute, childOf, childrenOf, integer, must, present } from './xml-element.ts'
import { parseError } from './xml-error.ts'
import { each, flag, number, orNothing, word } from './xml-lenient.ts'
import { parseCategory } from './xml-presence.ts'

type Read = (element: Element, eid: number) => CwaEvent

/**
 * Any child of `cwaEvents`. One of a name that is not known, or that cannot be read, is kept by name, so that its `eid`
 * counts. The `eid` itself is strict: without it, nothing distinguishes an event from what was seen already.
 */
export function eventOf(element: Element): CwaEvent {
  const eid = must(integer(attribute(element, 'eid'), element, 'eid'), element, 'eid')
  if (element.name === 'conference') {
    const name = element.children[0]?.name ?? element.name
    return orNothing(element, () => parseConference(element, eid)) ?? { event: 'other', name, eid }
  }
  const read = Object.hasOwn(EVENTS, element.name) ? EVENTS[element.name] : undefined
  const known = read && orNothing(element, () => read(element, eid))
  return known ?? { event: 'other', name: element.name, eid }
}

const needed = (element: Element, name: string): string => must(attribute(element, name), element, name)
const uriOf = (element: Element): string => sipUri(needed(element, 'uri'))
const categories = (element: Element) => each(childrenOf(element, 'cwaCategory'), parseCategory)

const EVENTS: Readonly<Record<string, Read>> = {
  contactGroup: (element, eid) =>
    present({
      event: 'contactGroup' as const,
      eid,
      fullList: flag(element, 'fullList') ?? false,
      deltaNum: number(element, 'deltaNum'),
      groups: each(childrenOf(element, 'group'), group),
      contacts: each(childrenOf(element, 'contact'), contact),
    }),
  userPresence(element, eid) {
    const users = each(childrenOf(element, 'user'), (user) =>
      present({ uri: uriOf(user), sourceNetwork: attribute(user, 'sourceNetwork'), categories: categories(user) }),
    )
    return { event: 'userPresence', eid, users }
  },
  selfPresence: (element, eid) => ({ event: 'selfPresence', eid, categories: categories(element) }),
  requestSucceeded: (element, eid) =>
    present({ event: 'requestSucceeded' as const, eid, rid: attribute(element, 'rid') }),
  requestFailed: (element, eid) =>
    present({
      event: 'requestFailed' as const,
      eid,
      rid: attribute(element, 'rid'),
      // dd572614: 18400 is "internal failure", all that can be said of a failure without an error.
      error: parseError(element) ?? { code: 18400 },
    }),
  subscribers: (element, eid) => ({
    event: 'subscribers',
    eid,
    subscribers: each(childrenOf(element, 'subscriber'), (subscriber) =>
      present({
        uri: uriOf(subscriber),
        displayName: attribute(subscriber, 'displayName'),
        sourceNetwork: attribute(subscriber, 'sourceNetwork'),
        acknowledged: flag(subscriber, 'acknowledged'),
      }),
    ),
  }),
  containers: (element, eid) => ({
    event: 'containers',
    eid,
    containers: each(childrenOf(element, 'container'), (container) => ({
      id: must(number(container, 'id'), container, 'id'),
      members: each(childrenOf(container, 'member'), (member) => ({
        type: needed(member, 'type'),
        value: attribute(member, 'value') ?? '',
      })),
    })),
  }),
  configuration,
  // bb969615's sample has the plural.
  configurations: configuration,
  searchResult: (element, eid) =>
    present({
      event: 'searchResult' as const,
      eid,
      rid: attribute(element, 'rid'),
      returned: number(element, 'returned'),
      moreAvailable: flag(element, 'moreAvailable'),
      users: each(childrenOf(element, 'user'), (user) =>
        Object.assign(Object.fromEntries(user.attributes), { uri: uriOf(user) }),
      ),
    }),
}

const ACTIONS = ['added', 'updated', 'deleted'] as const

function group(element: Element): GroupChange {
  return present({
    id: needed(element, 'id'),
    name: attribute(element, 'name'),
    externalUri: attribute(element, 'externalUri'),
    action: word(ACTIONS, element, 'action'),
  })
}

function contact(element: Element): ContactChange {
  return present({
    uri: uriOf(element),
    name: attribute(element, 'name'),
    subscribed: flag(element, 'subscribed'),
    tag: flag(element, 'tag'),
    groups: (attribute(element, 'groups') ?? '').split(/\s+/).filter(Boolean),
    action: word(ACTIONS, element, 'action'),
  })
}

function configuration(element: Element, eid: number): CwaEvent {
  const search = childOf(element, 'search')
  const timers = childOf(element, 'imComposingTimers')
  return present({
    event: 'configuration' as const,
    eid,
    // Defaults are those of bb969542.
    imComposingTimers: timers && {
      refreshInterval: number(timers, 'refreshInterval') ?? 60,
      timeout: number(timers, 'timeout') ?? 120,
    },
    search:
      search &&
      present({
        defaultFunction: attribute(search, 'defaultFunction'),
        defaultFields: number(search, 'defaultFields'),
      }),
    userNotice: childOf(element, 'userNotice')?.text,
    enableAppearOffline: flag(element, 'enableAppearOffline', childOf(element, 'enableAppearOffline')?.text),
    customAuthLogoffUrl: childOf(element, 'customAuthLogoffUrl')?.text,
  })
}
