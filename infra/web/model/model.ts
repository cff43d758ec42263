import type { Availability, ImEvent, Uri } from '../../../shared/rules/messaging.ts'
import { groupNamesAfter, peopleAfter, withoutPresence, type GroupNames, type People } from './person.ts'
import { readOn } from './growing.ts'
import { newTalk, withEntry, withOwn, type Entry, type OwnState, type Talk } from './talk.ts'
import { afterSession, talksAfter, withPerson, withTalk, idOfPerson, type Moment, type Talks } from './talks.ts'

/** All that the page shows of people and conversations. */
export interface Model {
  readonly people: People
  readonly groups: GroupNames
  readonly talks: Talks
  /** Undefined until the server has said. */
  readonly availability: Availability | undefined
  /** What the user says beside that; empty: nothing. */
  readonly note: string
  /** The conversation that is on the screen. */
  readonly reading: string | undefined
}

export const NOTHING: Model = {
  people: {},
  groups: {},
  talks: [],
  availability: undefined,
  note: '',
  reading: undefined,
}

export function after(model: Model, event: ImEvent, moment: Omit<Moment, 'reading'>): Model {
  const talks = talksAfter(model.talks, event, { ...moment, reading: model.reading })
  return {
    ...model,
    ...(event.kind === 'own-presence' && { note: event.note ?? '' }),
    people: peopleAfter(model.people, event),
    groups: groupNamesAfter(model.groups, event),
    talks,
    reading: readOn(model.reading, model.talks, talks),
    availability: event.kind === 'own-presence' ? event.availability : model.availability,
  }
}

export function signedOut(model: Model): Model {
  return {
    ...model,
    people: withoutPresence(model.people),
    talks: afterSession(model.talks),
    availability: undefined,
    note: '',
  }
}

/** Opens the conversation with a person. */
export function opened(model: Model, uri: Uri): Model {
  return reading({ ...model, talks: withPerson(model.talks, uri) }, idOfPerson(uri))
}

/** What is on the screen has been read. */
export function reading(model: Model, id: string | undefined): Model {
  return { ...changed(model, id, (talk) => ({ ...talk, unread: 0 })), reading: id }
}

export function changed(model: Model, id: string | undefined, change: (talk: Talk) => Talk): Model {
  return id === undefined ? model : { ...model, talks: withTalk(model.talks, id, change) }
}

/** Something more that the user wants said. */
export function said(model: Model, talk: string, entry: Extract<Entry, { kind: 'own' }>): Model {
  return changed(model, talk, (before) => ({ ...withEntry(before, entry), draft: '' }))
}

export function became(model: Model, entry: string, own: OwnState): Model {
  const talks = model.talks.map((talk) =>
    talk.entries.some(({ id }) => id === entry) ? withOwn(talk, entry, own) : talk,
  )
  return { ...model, talks }
}

/** A conversation with several people, with what is to be said first. */
export function groupBegun(model: Model, group: { id: string; members: readonly Uri[]; subject?: string }): Model {
  const { id, members, subject } = group
  return reading({ ...model, talks: [...model.talks, newTalk(id, members, true, subject)] }, id)
}

/** Some messages are lost for good: said once in each conversation, for it is not known in which. */
export function cut(model: Model, { now, newId }: Omit<Moment, 'reading'>): Model {
  const talks = model.talks.map((talk) =>
    talk.entries.length === 0 ? talk : withEntry(talk, { kind: 'note', id: newId(), at: now, note: 'cut' }),
  )
  return { ...model, talks }
}
