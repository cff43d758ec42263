import type { CwaEvent, CwaEvents } from '../model.ts'
import { printConference } from './xml-conference.ts'
import type { Element, Printable } from './xml-element.ts'
import { attribute, field, integer, must, present, tag } from './xml-element.ts'
import { printError } from './xml-error.ts'
import { eventOf } from './xml-events-read.ts'
import { each, number as lenient } from './xml-lenient.ts'
import { printCategory } from './xml-presence.ts'
import { readXml } from './xml-read.ts'
import { CWA_NAMESPACE, writeXml } from './xml-write.ts'

type Of<E> = Extract<CwaEvent, { readonly event: E }>

/** `<cwaEvents sid pollWaitTime ackId sessionTimeout>` (bb969533). */
export function printEvents(events: CwaEvents): string {
  return writeXml(eventsElement(events))
}

/** The same as an element, for the answers it may come inside of (bb969556). */
export function eventsElement({ sid, ackId, pollWaitTime, sessionTimeout, events }: CwaEvents): Printable {
  return tag('cwaEvents', { sid, ackId, pollWaitTime, sessionTimeout, xmlns: CWA_NAMESPACE }, ...events.map(printEvent))
}

function printEvent(event: CwaEvent): Printable {
  if ('confId' in event) return printConference(event)
  const { eid } = event
  switch (event.event) {
    case 'contactGroup':
      return printContactGroup(event)
    case 'userPresence': {
      const users = event.users.map(({ uri, sourceNetwork, categories }) =>
        tag('user', { uri, sourceNetwork }, ...categories.map((category) => printCategory(category, 'instance'))),
      )
      return tag(event.event, { eid }, ...users)
    }
    case 'selfPresence': {
      return tag(event.event, { eid }, ...event.categories.map((category) => printCategory(category, 'instance')))
    }
    case 'requestSucceeded':
      return tag(event.event, { eid, rid: event.rid })
    case 'requestFailed':
      return tag(event.event, { eid, rid: event.rid }, printError(event.error))
    case 'subscribers':
      return tag(event.event, { eid }, ...event.subscribers.map((subscriber) => tag('subscriber', { ...subscriber })))
    case 'containers': {
      const containers = event.containers.map(({ id, members }) =>
        tag('container', { id }, ...members.map((member) => tag('member', member))),
      )
      return tag(event.event, { eid }, ...containers)
    }
    case 'configuration':
      return printConfiguration(event)
    case 'searchResult': {
      const { rid, returned, moreAvailable, users } = event
      return tag(event.event, { eid, rid, returned, moreAvailable }, ...users.map((user) => tag('user', user)))
    }
    case 'other':
    default:
      return tag(event.name, { eid })
  }
}

function printContactGroup({ eid, fullList, deltaNum, groups, contacts }: Of<'contactGroup'>): Printable {
  return tag(
    'contactGroup',
    { eid, fullList, deltaNum },
    ...groups.map((group) => tag('group', { ...group })),
    ...contacts.map((contact) => tag('contact', { ...contact, groups: contact.groups.join(' ') })),
  )
}

/** bb969596: settings as child elements; those that are one value have it as text. */
function printConfiguration(event: Of<'configuration'>): Printable {
  const { imComposingTimers, search, userNotice, enableAppearOffline, customAuthLogoffUrl } = event
  return tag(
    'configuration',
    { eid: event.eid },
    search && tag('search', { ...search }),
    imComposingTimers && tag('imComposingTimers', { ...imComposingTimers }),
    userNotice === undefined ? undefined : tag('userNotice', {}, userNotice),
    enableAppearOffline === undefined ? undefined : tag('enableAppearOffline', {}, String(enableAppearOffline)),
    customAuthLogoffUrl === undefined ? undefined : tag('customAuthLogoffUrl', {}, customAuthLogoffUrl),
  )
}

export function parseEvents(text: string): CwaEvents {
  return readEvents(readXml(text, 'cwaEvents'))
}

/** Reads a `cwaEvents` element, wherever it stands. Without an `ackId` that can be read nothing of it can be acknowledged. */
export function readEvents(root: Element): CwaEvents {
  const number = (name: string) => lenient(root, name, field(root, name))
  const events = root.children.filter(({ name }) => name !== 'pollWaitTime' && name !== 'PollWaitTime')
  const read = {
    sid: attribute(root, 'sid')?.trim(),
    ackId: must(integer(field(root, 'ackId'), root, 'ackId'), root, 'ackId'),
    pollWaitTime: number('pollWaitTime'),
    // MSDN's syntax line (bb969533) has lost an s.
    sessionTimeout: number('sessionTimeout') ?? number('sesionTimeout'),
    events: each(events, eventOf),
  }
  return present({ ...read, ...root.unread.said() })
}
