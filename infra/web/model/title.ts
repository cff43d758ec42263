import { nameOf, type People } from './person.ts'
import type { Talk } from './talk.ts'

/** How a conversation is called: its subject, or who is in it. */
export function titleOf({ subject, members, isGroup }: Talk, people: People): string {
  if (isGroup && subject !== undefined) return subject
  return members.map((uri) => nameOf(people, uri)).join(', ')
}
