import type { Uri } from '../../../shared/rules/messaging.ts'
import { userPart } from '../commands.ts'

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
 * Finds who a name means: a whole name, user part or URI before the beginning of one, upper and lower case alike. A SIP
 * URI means itself, whether it is known or not.
 */
export function meant(name: string, people: readonly Named[]): Meant {
  const wanted = name.trim().toLowerCase()
  const whole = people.filter((person) => [...wordings(person)].includes(wanted))
  if (whole.length > 0) return oneOf(whole)
  if (/^sip:[^\s@<>"]+@[^\s@<>"]+$/.test(wanted)) return { kind: 'one', uri: name.trim() }
  return oneOf(people.filter((person) => beginnings(person).some((word) => wanted !== '' && word.startsWith(wanted))))
}

/** Who is meant where a name is unclear, in words. */
export function unclearName(name: string, found: Exclude<Meant, { kind: 'one' }>): string {
  if (found.kind === 'none')
    return `no one here is called "${name}": /who lists your contacts, and a SIP URI reaches others`
  const people = found.people.map((person) => `${person.name} (${person.uri})`).join(', ')
  return `"${name}" may be ${people}: write more of the name`
}

function wordings({ uri, name }: Named): string[] {
  return [name, uri, uri.replace(/^sip:/i, ''), userPart(uri)].map((word) => word.toLowerCase())
}

function beginnings(person: Named): string[] {
  return [...wordings(person), ...person.name.toLowerCase().split(/\s+/)]
}

function oneOf(people: readonly Named[]): Meant {
  const [first, second] = people
  if (first === undefined) return { kind: 'none' }
  return second === undefined ? { kind: 'one', uri: first.uri } : { kind: 'several', people }
}
