import { describe, expect, it } from 'vitest'
import { contactList } from '../../infra/web/model/contact-list.ts'
import { groupNamesAfter, peopleAfter, type People } from '../../infra/web/model/person.ts'
import type { Availability, Contact } from '../../shared/rules/messaging.ts'

const contact = (name: string, ...groups: string[]): Contact => ({
  uri: `sip:${name.toLowerCase()}@contoso.test`,
  name,
  groups,
})
const listed = (...contacts: Contact[]) => peopleAfter({}, { kind: 'contacts', whole: true, contacts, removed: [] })
const are = (people: People, states: Record<string, Availability>) =>
  Object.entries(states).reduce(
    (all, [name, availability]) =>
      peopleAfter(all, { kind: 'presence', uri: `sip:${name}@contoso.test`, availability }),
    people,
  )
const namesOf = (people: People, looked = '') =>
  contactList(people, looked, 'en').map(({ name, people }) => [name, ...people.map((person) => person.name)])

describe('contactList', () => {
  it('has who can be reached first, then by name', () => {
    const people = are(listed(contact('Dan'), contact('Cat'), contact('Bob'), contact('Ann')), {
      dan: 'available',
      cat: 'away',
      bob: 'available',
      ann: 'offline',
    })
    expect(namesOf(people)).toEqual([[undefined, 'Bob', 'Dan', 'Cat', 'Ann']])
  })

  it('has a person in each group, and those without any at the end', () => {
    const people = listed(contact('Ann', 'Work', 'Football'), contact('Bob', 'Work'), contact('Cat'))
    expect(namesOf(people)).toEqual([
      ['Football', 'Ann'],
      ['Work', 'Ann', 'Bob'],
      [undefined, 'Cat'],
    ])
  })

  it('calls a group as the server says now, and leaves it with those who were in it when it goes', () => {
    const people = listed(contact('Ann', '1', '2'), contact('Bob', '2'))
    const groups = [
      { id: '1', name: 'Work' },
      { id: '2', name: 'Chess' },
    ]
    const called = groupNamesAfter({ 9: 'of before' }, { kind: 'groups', whole: true, groups, removed: [] })
    const headings = (known: People, names = called) => contactList(known, '', 'en', names).map(({ name }) => name)
    expect(called).toEqual({ 1: 'Work', 2: 'Chess' })
    expect(headings(people)).toEqual(['Chess', 'Work'])
    const change = { kind: 'groups', whole: false, groups: [{ id: '1', name: 'A job' }], removed: ['2'] } as const
    expect(headings(peopleAfter(people, change), groupNamesAfter(called, change))).toEqual(['A job', undefined])
  })

  it('finds by name and by address, whatever the case', () => {
    const people = listed(contact('Ann'), contact('Bob'))
    expect(namesOf(people, ' aNN ')).toEqual([[undefined, 'Ann']])
    expect(namesOf(people, 'bob@')).toEqual([[undefined, 'Bob']])
    expect(namesOf(people, 'zoe')).toEqual([])
  })

  it('forgets who was taken off the list, and those that a whole new list does not have', () => {
    const people = listed(contact('Ann'), contact('Bob'), contact('Cat'))
    const removed = peopleAfter(people, {
      kind: 'contacts',
      whole: false,
      contacts: [],
      removed: ['sip:ANN@contoso.test'],
    })
    const renewed = peopleAfter(removed, { kind: 'contacts', whole: true, contacts: [contact('Cat')], removed: [] })
    expect(namesOf(removed)).toEqual([[undefined, 'Bob', 'Cat']])
    expect(namesOf(renewed)).toEqual([[undefined, 'Cat']])
  })
})
