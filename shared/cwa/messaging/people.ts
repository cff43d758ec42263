import type { ImEvent } from '../../rules/messaging.ts'
import { DEVICE_BOUNDS, runs } from '../../upstream/bounds.ts'
import { availabilityOf } from '../availability.ts'
import type { CwaCategory, CwaEvent, PresenceOfUser } from '../model.ts'
import { numbered, short } from './words.ts'

/** What CWA says of people: the contact list, who was found, and their states. */

/**
 * The contact list and its groups, or a change of either. A contact names its groups by their ids: a change does not
 * repeat what they are called.
 */
export function contacts(event: Extract<CwaEvent, { readonly event: 'contactGroup' }>): ImEvent[] {
  const { fullList } = event
  const groups = event.groups.map(({ id, name, action }) => ({ id: short(id), name: short(name || id), action }))
  const people = event.contacts.map(({ uri, name, groups: ids, action }) => {
    const within = ids.slice(0, DEVICE_BOUNDS.groups).map(short)
    return { uri: short(uri), name: short(name || uri), groups: within, action }
  })
  const listed = inParts(fullList, groups).map(({ whole, stay, gone }): ImEvent => {
    const changed = stay.map(({ id, name }) => ({ id, name }))
    return { kind: 'groups', whole, groups: changed, removed: gone.map(({ id }) => id) }
  })
  const known = inParts(fullList, people).map(({ whole, stay, gone }): ImEvent => {
    const changed = stay.map(({ uri, name, groups: within }) => ({ uri, name, groups: within }))
    return { kind: 'contacts', whole, contacts: changed, removed: gone.map(({ uri }) => uri) }
  })
  return [...listed, ...known]
}

/** The first part of a whole list stands for all of it, and what follows is added. An empty list is one part, too. */
function inParts<T extends { readonly action: 'added' | 'updated' | 'deleted' | undefined }>(
  isWhole: boolean,
  items: readonly T[],
) {
  const stay = runs(
    items.filter(({ action }) => action !== 'deleted'),
    DEVICE_BOUNDS.contacts,
  )
  const gone = runs(
    items.filter(({ action }) => action === 'deleted'),
    DEVICE_BOUNDS.contacts,
  )
  const parts = Math.max(isWhole ? 1 : 0, stay.length, gone.length)
  return Array.from({ length: parts }, (_, part) => ({
    whole: isWhole && part === 0,
    stay: stay[part] ?? [],
    gone: gone[part] ?? [],
  }))
}

export function presence({ uri, categories }: PresenceOfUser): ImEvent[] {
  const availability = stateIn(categories)
  if (availability === undefined) return []
  const cards = categories.flatMap(({ value }) => (value?.type === 'contactCard' ? [value] : []))
  const name = cards.find(({ displayName }) => displayName)?.displayName
  const named = name === undefined ? {} : { name: short(name) }
  return [{ kind: 'presence', uri: short(uri), availability, ...named, ...noteIn(categories) }]
}

export function ownPresence(categories: readonly CwaCategory[]): ImEvent[] {
  const availability = stateIn(categories)
  return availability === undefined ? [] : [{ kind: 'own-presence', availability, ...noteIn(categories) }]
}

/** What the user wrote, before what the calendar says (`OOF`). A snapshot without one takes it back (bb969582). */
function noteIn(categories: readonly CwaCategory[]): { readonly note?: string } {
  const notes = categories.flatMap(({ value }) => (value?.type === 'note' && value.text.trim() !== '' ? [value] : []))
  const note = notes.find(({ noteType }) => noteType === 'personal') ?? notes[0]
  return note === undefined ? {} : { note: short(note.text) }
}

/**
 * Who was found. Of more than a frame has room for, the device learns that there are others; without a number that is the
 * device's it is the answer to another endpoint.
 */
export function found(event: Extract<CwaEvent, { readonly event: 'searchResult' }>): ImEvent[] {
  const { number } = numbered(event.rid)
  if (number === undefined) return []
  const all = event.users.map(({ uri, displayName }) => ({ uri: short(uri), name: short(displayName || uri) }))
  const [people = []] = runs(all, DEVICE_BOUNDS.contacts)
  return [{ kind: 'found', number, people, more: event.moreAvailable === true || people.length < all.length }]
}

/** The state the server made of all of a user's endpoints, before that of one. An empty category is somebody offline. */
function stateIn(categories: readonly CwaCategory[]) {
  const named = categories.filter(({ name }) => name === 'state')
  const states = named.flatMap(({ value }) => (value && 'availability' in value ? [value] : []))
  const best = (['aggregateState', 'userState', 'machineState'] as const)
    .map((type) => states.find((state) => state.type === type))
    .find((state) => state !== undefined)
  if (best) return availabilityOf(best.availability)
  // A category that is there and cannot be read does not mean that the user is offline.
  const isEmpty = named.length > 0 && named.every(({ value }) => value === undefined)
  return isEmpty ? ('offline' as const) : undefined
}
