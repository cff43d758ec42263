import type { Uri } from '../../../shared/rules/messaging.ts'
import { userPart, withoutScheme } from '../commands.ts'

/** An address as a server upstream writes it: a URI, which only that server reads. */
const ADDRESS = /^[a-z][a-z0-9+.-]*:[^\s<>"]+$/i

export interface Named {
  readonly uri: Uri
  readonly name: string
}

/** Who is meant: one person, several it may be, or no one known. */
export type Meant =
  | { readonly kind: 'one'; readonly uri: Uri }
  | { readonly kind: 'several'; readonly people: readonly Named[] }
  | { readonly kind: 'none' }

/**
 * Finds who a name means: a whole name, user part or URI before the beginning of one, upper and lower case alike. An
 * address means itself, whether it is known or not.
 */
export function meant(name: string, people: readonly Named[]): Meant {
  const wanted = name.trim().toLowerCase()
  const whole = people.filter((person) => [...wordings(person)].includes(wanted))
  if (whole.length > 0) return oneOf(whole)
  if (ADDRESS.test(wanted)) return { kind: 'one', uri: name.trim() }
  return oneOf(people.filter((person) => beginnings(person).some((word) => wanted !== '' && word.startsWith(wanted))))
}

/** Who is meant where a name is unclear, in words. */
export function unclearName(name: string, found: Exclude<Meant, { kind: 'one' }>): string {
  if (found.kind === 'none')
    return `no one here is called "${name}": /who lists your contacts, and an address, such as sip:ann@contoso.test, reaches others`
  const people = found.people.map((person) => `${person.name} (${person.uri})`).join(', ')
  return `"${name}" may be ${people}: write more of the name`
}

function wordings({ uri, name }: Named): string[] {
  return [name, uri, withoutScheme(uri), userPart(uri)].map((word) => word.toLowerCase())
}

function beginnings(person: Named): string[] {
  return [...wordings(person), ...person.name.toLowerCase().split(/\s+/)]
}

function oneOf(people: readonly Named[]): Meant {
  const [first, second] = people
  if (first === undefined) return { kind: 'none' }
  return second === undefined ? { kind: 'one', uri: first.uri } : { kind: 'several', people }
}
