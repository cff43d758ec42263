import type { Conversation } from '../../../shared/rules/messaging.ts'
import { keyOf } from './person.ts'
import { newTalk, withoutLive, type Talk } from './talk.ts'

/** A conversation with one person is known by the person. */
export const ONE = 'one:'

/**
 * The conversations, where the one with this name is one with several now. That with one person stays what it is, to be
 * gone on with by its own: what is said to several stands apart from it.
 */
export function grown(talks: readonly Talk[], conversation: Conversation, newId: () => string): readonly Talk[] {
  return talks.flatMap((talk) => {
    const { id, live, members, subject } = talk
    if (live?.conversation !== conversation || !id.startsWith(ONE)) return [talk]
    const person = members.filter((uri) => ONE + keyOf(uri) === id)
    const several = { ...newTalk(`grown:${newId()}`, members, true, subject), live, grewOutOf: id }
    return [{ ...withoutLive(talk), members: person }, several]
  })
}

/** The conversation that is read on, where the one that was read grew. */
export function readOn(reading: string | undefined, before: readonly Talk[], talks: readonly Talk[]) {
  const heir = talks.find(({ id, grewOutOf }) => grewOutOf === reading && !before.some((talk) => talk.id === id))
  return reading === undefined || heir === undefined ? reading : heir.id
}
