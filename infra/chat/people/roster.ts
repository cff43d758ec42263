import type { Availability, Group, GroupId, ImEvent, Uri } from '../../../shared/rules/messaging.ts'
import { userPart } from '../commands.ts'
import type { Named } from './names.ts'

export interface Person extends Named {
  /** Undefined until the server has said. */
  readonly availability: Availability | undefined
  /** What they say of themselves. */
  readonly note: string | undefined
  /** Whether the person is on the contact list, or only wrote. */
  readonly contact: boolean
  /** The groups of the contact list that the person is in: what they are called, and what the server calls them. */
  readonly groups: readonly string[]
  readonly groupIds: readonly GroupId[]
}

/** As it is kept: what groups are called may change, and what they are does not. */
type Known = Omit<Person, 'groups'>

/** The people this user knows of, from what the events said of them. */
export interface Roster {
  /** Takes what an event says of people. Returns the state that a person had before, where the event brings a new one. */
  take(event: ImEvent): Availability | undefined
  people(): readonly Person[]
  contacts(): readonly Person[]
  /** The groups of the contact list, also those that no contact is in. */
  groups(): readonly Group[]
  nameOf(uri: Uri): string
  /** Somebody, or a conversation with several, is called so. */
  call(uri: Uri, name: string): void
}

export function roster(): Roster {
  // SIP URIs of users are compared without regard to case here: servers write them in several ways.
  const people = new Map<string, Known>()
  const groups = new Map<GroupId, string>()
  const withGroups = (person: Known): Person => ({
    ...person,
    groups: person.groupIds.map((id) => groups.get(id) ?? id),
  })

  function know(uri: Uri, news: Partial<Known>): Known | undefined {
    const key = uri.toLowerCase()
    const before = people.get(key)
    people.set(key, {
      uri,
      name: userPart(uri),
      availability: undefined,
      note: undefined,
      contact: false,
      groupIds: [],
      ...before,
      ...news,
    })
    return before
  }

  function list(event: Extract<ImEvent, { kind: 'contacts' }>): void {
    const leaving = event.whole ? [...people.values()].map(({ uri }) => uri) : event.removed
    for (const uri of leaving) know(uri, { contact: false, groupIds: [] })
    for (const { uri, name, groups: groupIds } of event.contacts) know(uri, { name, groupIds, contact: true })
  }

  function regroup(event: Extract<ImEvent, { kind: 'groups' }>): void {
    if (event.whole) groups.clear()
    for (const { id, name } of event.groups) groups.set(id, name)
    for (const id of event.removed) groups.delete(id)
    for (const { uri, groupIds } of people.values())
      know(uri, { groupIds: groupIds.filter((id) => !event.removed.includes(id)) })
  }

  return {
    take(event) {
      if (event.kind === 'contacts') list(event)
      if (event.kind === 'groups') regroup(event)
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
    people: () => [...people.values()].map(withGroups),
    contacts: () => [...people.values()].filter(({ contact }) => contact).map(withGroups),
    groups: () => [...groups].map(([id, name]) => ({ id, name })),
    nameOf: (uri) => people.get(uri.toLowerCase())?.name ?? userPart(uri),
  }
}
