import type { Availability, ImEvent, Uri } from '../../../shared/rules/messaging.ts'

/** Somebody this user knows of. */
export interface Person {
  readonly uri: Uri
  readonly name: string
  /** Undefined until the server has said. */
  readonly availability: Availability | undefined
  /** What the person says beside that, where it is something. */
  readonly note?: string | undefined
  /** Whether the person is on the contact list, or only wrote. */
  readonly contact: boolean
  readonly groups: readonly string[]
}

/** People by their URI in small letters: servers write URIs of users in several ways. */
export type People = Readonly<Record<string, Person>>

export const keyOf = (uri: Uri): string => uri.toLowerCase()

/** `ann` of `sip:ann@contoso.test`. */
export function userPart(uri: Uri): string {
  return uri.replace(/^[a-z][a-z0-9+.-]*:/i, '').replace(/@.*$/, '')
}

export function nameOf(people: People, uri: Uri): string {
  return people[keyOf(uri)]?.name ?? userPart(uri)
}

/** What the groups of the contact list are called, by the server's names of them. */
export type GroupNames = Readonly<Record<string, string>>

export function groupNamesAfter(names: GroupNames, event: ImEvent): GroupNames {
  if (event.kind !== 'groups') return names
  const left = Object.entries(event.whole ? {} : names).filter(([id]) => !event.removed.includes(id))
  return Object.fromEntries([...left, ...event.groups.map(({ id, name }) => [id, name] as const)])
}

/** The people after an event. The same object where it says nothing of people. */
export function peopleAfter(people: People, event: ImEvent): People {
  if (event.kind === 'contacts') return listed(people, event)
  if (event.kind === 'groups') return mapped(people, (person) => without(person, event.removed))
  if (event.kind === 'presence')
    return known(people, event.uri, { availability: event.availability, note: event.note, ...named(event.name) })
  if (event.kind === 'invitation') return known(people, event.from, named(event.name))
  if (event.kind === 'message' || event.kind === 'missed') return known(people, event.from, named(event.name))
  if (event.kind === 'members')
    return event.members.reduce((all, { uri, name }) => known(all, uri, named(name)), people)
  return people
}

/** No state is known any more: the session that brought them is over. */
export function withoutPresence(people: People): People {
  return mapped(people, (person) => ({ ...person, availability: undefined, note: undefined }))
}

const named = (name: string | undefined) => (name === undefined ? {} : { name })

function known(people: People, uri: Uri, news: Partial<Person>): People {
  const key = keyOf(uri)
  const before = people[key] ?? { uri, name: userPart(uri), availability: undefined, contact: false, groups: [] }
  return { ...people, [key]: { ...before, ...news } }
}

function listed(people: People, event: Extract<ImEvent, { kind: 'contacts' }>): People {
  const leaving = new Set(event.removed.map(keyOf))
  const kept = mapped(people, (person) =>
    event.whole || leaving.has(keyOf(person.uri)) ? { ...person, contact: false, groups: [] } : person,
  )
  return event.contacts.reduce((all, { uri, name, groups }) => known(all, uri, { name, groups, contact: true }), kept)
}

function without(person: Person, removed: readonly string[]): Person {
  return { ...person, groups: person.groups.filter((id) => !removed.includes(id)) }
}

function mapped(people: People, change: (person: Person) => Person): People {
  return Object.fromEntries(Object.entries(people).map(([key, person]) => [key, change(person)]))
}

/** Whom a search found: with their state, where it is known already. */
export function peopleIn(people: People, events: readonly ImEvent[]): readonly Person[] {
  const found = events.flatMap((event) => (event.kind === 'found' ? event.people : []))
  return found.map(
    ({ uri, name }) => people[keyOf(uri)] ?? { uri, name, availability: undefined, contact: false, groups: [] },
  )
}
