import type { AccessLevel, Availability, Group, GroupId, ImEvent, Uri } from '../../../shared/rules/messaging.ts'
import { userPart } from '../commands.ts'
import type { Named } from './names.ts'

export interface Person extends Named {
  /** Undefined until the server has said. */
  readonly availability: Availability | undefined
  /** How much they see of the user, where they are in a level by name. */
  readonly access: AccessLevel | undefined
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

/** All that is known: people by their URI in small letters, for servers write URIs of users in several ways. */
interface Book {
  readonly people: Map<string, Known>
  readonly groups: Map<GroupId, string>
}

export function roster(): Roster {
  const book: Book = { people: new Map(), groups: new Map() }
  const { people, groups } = book
  const all = () => [...people.values()].map((person) => withGroups(person, groups))
  return {
    take: (event) => take(book, event),
    call: (uri, name) => void know(book, uri, { name }),
    people: all,
    contacts: () => all().filter(({ contact }) => contact),
    groups: () => [...groups].map(([id, name]) => ({ id, name })),
    nameOf: (uri) => people.get(uri.toLowerCase())?.name ?? userPart(uri),
  }
}

function take(book: Book, event: ImEvent): Availability | undefined {
  if (event.kind === 'contacts') list(book, event)
  if (event.kind === 'groups') regroup(book, event)
  if (event.kind === 'access') admit(book, event)
  for (const { uri, name } of namedIn(event)) know(book, uri, name === undefined ? {} : { name })
  if (event.kind !== 'presence') return undefined
  const { uri, name, availability, note } = event
  const before = know(book, uri, { availability, note, ...(name !== undefined && { name }) })?.availability
  return before === availability ? undefined : before
}

/** Who is named in an event, other than by the contact list. */
function namedIn(event: ImEvent): readonly { readonly uri: Uri; readonly name?: string }[] {
  if (event.kind === 'invitation' || event.kind === 'message')
    return [{ uri: event.from, ...(event.name !== undefined && { name: event.name }) }]
  if (event.kind === 'found' || event.kind === 'subscribers') return event.people
  return event.kind === 'members' ? event.members : []
}

function know({ people }: Book, uri: Uri, news: Partial<Known>): Known | undefined {
  const key = uri.toLowerCase()
  const before = people.get(key)
  people.set(key, { ...UNKNOWN, uri, name: userPart(uri), ...before, ...news })
  return before
}

const UNKNOWN = { availability: undefined, note: undefined, access: undefined, contact: false, groupIds: [] } as const

function withGroups(person: Known, groups: Book['groups']): Person {
  return { ...person, groups: person.groupIds.map((id) => groups.get(id) ?? id) }
}

function list(book: Book, event: Extract<ImEvent, { kind: 'contacts' }>): void {
  const leaving = event.whole ? [...book.people.values()].map(({ uri }) => uri) : event.removed
  for (const uri of leaving) know(book, uri, { contact: false, groupIds: [] })
  for (const { uri, name, groups: groupIds } of event.contacts) know(book, uri, { name, groupIds, contact: true })
}

function admit(book: Book, { level, whole, people }: Extract<ImEvent, { kind: 'access' }>): void {
  const leaving = whole ? [...book.people.values()].filter(({ access }) => access === level) : []
  for (const { uri } of leaving) know(book, uri, { access: undefined })
  for (const uri of people) know(book, uri, { access: level })
}

function regroup(book: Book, event: Extract<ImEvent, { kind: 'groups' }>): void {
  if (event.whole) book.groups.clear()
  for (const { id, name } of event.groups) book.groups.set(id, name)
  for (const id of event.removed) book.groups.delete(id)
  for (const { uri, groupIds } of book.people.values())
    know(book, uri, { groupIds: groupIds.filter((id) => !event.removed.includes(id)) })
}
