import type { Availability, ImEvent, Uri } from '../../../shared/rules/messaging.ts'
import { userPart } from '../commands.ts'
import type { Named } from './names.ts'

export interface Person extends Named {
  /** Undefined until the server has said. */
  readonly availability: Availability | undefined
  /** What they say of themselves. */
  readonly note: string | undefined
  /** Whether the person is on the contact list, or only wrote. */
  readonly contact: boolean
  /** The groups of the contact list that the person is in. */
  readonly groups: readonly string[]
}

/** The people this user knows of, from what the events said of them. */
export interface Roster {
  /** Takes what an event says of people. Returns the state that a person had before, where the event brings a new one. */
  take(event: ImEvent): Availability | undefined
  people(): readonly Person[]
  contacts(): readonly Person[]
  nameOf(uri: Uri): string
  /** Somebody, or a conversation with several, is called so. */
  call(uri: Uri, name: string): void
}

export function roster(): Roster {
  // SIP URIs of users are compared without regard to case here: servers write them in several ways.
  const people = new Map<string, Person>()

  function know(uri: Uri, news: Partial<Person>): Person | undefined {
    const key = uri.toLowerCase()
    const before = people.get(key)
    people.set(key, {
      uri,
      name: userPart(uri),
      availability: undefined,
      note: undefined,
      contact: false,
      groups: [],
      ...before,
      ...news,
    })
    return before
  }

  function list(event: Extract<ImEvent, { kind: 'contacts' }>): void {
    const leaving = event.whole ? [...people.values()].map(({ uri }) => uri) : event.removed
    for (const uri of leaving) know(uri, { contact: false, groups: [] })
    for (const { uri, name, groups } of event.contacts) know(uri, { name, groups, contact: true })
  }

  return {
    take(event) {
      if (event.kind === 'contacts') list(event)
      if (event.kind === 'invitation') know(event.from, event.name === undefined ? {} : { name: event.name })
      if (event.kind === 'message') know(event.from, event.name === undefined ? {} : { name: event.name })
      if (event.kind === 'found') for (const { uri, name } of event.people) know(uri, { name })
      if (event.kind === 'members')
        for (const { uri, name } of event.members) know(uri, name === undefined ? {} : { name })
      if (event.kind !== 'presence') return undefined
      const { uri, name, availability, note } = event
      const before = know(uri, { availability, note, ...(name !== undefined && { name }) })?.availability
      return before === availability ? undefined : before
    },
    call: (uri, name) => void know(uri, { name }),
    people: () => [...people.values()],
    contacts: () => [...people.values()].filter(({ contact }) => contact),
    nameOf: (uri) => people.get(uri.toLowerCase())?.name ?? userPart(uri),
  }
}
