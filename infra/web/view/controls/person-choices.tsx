import type { Signal } from '@preact/signals'
import type { Client } from '../../app/client.ts'
import { contactList } from '../../model/contact-list.ts'
import { keyOf, type Person } from '../../model/person.ts'
import { language } from '../../words/words.ts'
import { stateWords } from './avatar.tsx'
import { Choices } from './choices.tsx'
import { Presence } from './icons.tsx'

/** The contacts, each once, without those who are left out. */
export function contactsOf(client: Client, without: readonly string[] = []): readonly Person[] {
  const out = new Set(without.map(keyOf))
  const everybody = contactList(client.model.value.people, '', language.value).flatMap(({ people }) => people)
  return [...new Map(everybody.map((person) => [person.uri, person])).values()].filter(
    ({ uri }) => !out.has(keyOf(uri)),
  )
}

interface PersonChoicesProps {
  readonly legend: string
  readonly people: readonly Person[]
  readonly chosen: Signal<readonly string[]>
}

/** Several of one's contacts, with their states. */
export function PersonChoices({ legend, people, chosen }: PersonChoicesProps) {
  const of = people.map(({ uri, name, availability }) => ({
    id: uri,
    name,
    beside: (
      <>
        <Presence of={availability} /> {stateWords(availability)}
      </>
    ),
  }))
  return <Choices legend={legend} of={of} chosen={chosen} />
}
