import type { Availability } from '../../../shared/rules/messaging.ts'
import type { GroupNames, People, Person } from './person.ts'

/** A group of the contact list. `name` is undefined for those who are in none. */
export interface Group {
  readonly name: string | undefined
  readonly people: readonly Person[]
}

/** Who can be reached stands first. */
const RANK: Readonly<Record<Availability, number>> = {
  available: 0,
  idle: 1,
  busy: 2,
  'busy-idle': 2,
  'do-not-disturb': 3,
  'be-right-back': 4,
  away: 5,
  offline: 6,
}

/**
 * The contacts whose name or address holds what is looked for, by groups in the order of their names; those who are in
 * no group come last. In a group, who can be reached comes first, then by name.
 */
export function contactList(
  people: People,
  looked: string,
  language: string,
  called: GroupNames = {},
): readonly Group[] {
  const order = new Intl.Collator(language)
  const wanted = looked.trim().toLowerCase()
  const found = Object.values(people)
    .filter((person) => person.contact && matches(person, wanted))
    .toSorted((one, other) => rank(one) - rank(other) || order.compare(one.name, other.name))
  const ids = [...new Set(found.flatMap(({ groups }) => groups))]
  const grouped: Group[] = ids
    .map((id) => ({ name: called[id] ?? id, people: found.filter(({ groups }) => groups.includes(id)) }))
    .toSorted((one, other) => order.compare(one.name, other.name))
  const others = found.filter(({ groups }) => groups.length === 0)
  return others.length === 0 ? grouped : [...grouped, { name: undefined, people: others }]
}

function matches({ name, uri }: Person, wanted: string): boolean {
  return name.toLowerCase().includes(wanted) || uri.toLowerCase().includes(wanted)
}

function rank({ availability }: Person): number {
  return availability === undefined ? 7 : RANK[availability]
}
