import type { ImEvent } from '../../rules/messaging.ts'
import { isUserId, uriOf } from '../identity.ts'
import { listIn, membersOf, nameIn, textIn, wholeIn } from '../json.ts'
import { availabilityIn } from '../presence.ts'
import type { Note, Room } from './answer.ts'

/** What has no id and may come again: who is there, who types, who has read what. */

export function presenceEvents(notes: readonly Note[], userId: string): ImEvent[] {
  return notes.flatMap(({ type, sender = '', content }): ImEvent[] => {
    const availability = type === 'm.presence' ? availabilityIn(content) : undefined
    if (availability === undefined || !isUserId(sender)) return []
    if (sender === userId) return [{ kind: 'own-presence', availability }]
    const name = nameIn(content['displayname'])
    return [{ kind: 'presence', uri: uriOf(sender), availability, ...(name !== undefined && { name }) }]
  })
}

/** Who types in which room: the server tells all of them each time ("Typing Notifications"), a device who began and ended. */
export type Typing = Map<string, ReadonlySet<string>>

export function typingEvents({ id: conversation, ephemeral }: Room, typing: Typing, userId: string): ImEvent[] {
  return ephemeral
    .filter(({ type }) => type === 'm.typing')
    .flatMap(({ content }): ImEvent[] => {
      const now = new Set(listIn(content['user_ids']).filter((each) => typeof each === 'string' && isUserId(each)))
      const others = new Set([...now].map(String).filter((each) => each !== userId))
      const before = typing.get(conversation)
      typing.set(conversation, others)
      // A listener that took over does not know who typed before.
      if (before === undefined && others.size === 0) return [{ kind: 'typing', conversation, typing: false }]
      const began = [...others].filter((each) => !before?.has(each))
      const ended = [...(before ?? [])].filter((each) => !others.has(each))
      return [
        ...began.map((each) => ({ kind: 'typing', conversation, typing: true, from: uriOf(each) }) as const),
        ...ended.map((each) => ({ kind: 'typing', conversation, typing: false, from: uriOf(each) }) as const),
      ]
    })
}

/** Most receipts of one room in one answer that are passed on. */
const RECEIPTS_MOST = 50

/** "Receipts": public ones of everybody, private ones of the user; and how far the user has read ("Fully read markers"). */
export function readEvents({ id: conversation, ephemeral, accountData }: Room, userId: string): ImEvent[] {
  const receipts = ephemeral
    .filter(({ type }) => type === 'm.receipt')
    .flatMap(({ content }) => Object.entries(content))
    .flatMap(([message, kinds]) =>
      ['m.read', 'm.read.private'].flatMap((kind) =>
        Object.entries(membersOf(membersOf(kinds)[kind]))
          .filter(([who]) => isUserId(who))
          .map(([who, what]): ImEvent => {
            const at = wholeIn(membersOf(what)['ts'])
            return { kind: 'read', conversation, message, uri: uriOf(who), ...(at !== undefined && { at }) }
          }),
      ),
    )
  const marks = accountData.flatMap(({ type, content }): ImEvent[] => {
    const message = type === 'm.fully_read' ? textIn(content['event_id']) : undefined
    return message === undefined ? [] : [{ kind: 'read', conversation, message, uri: uriOf(userId) }]
  })
  return [...receipts.slice(-RECEIPTS_MOST), ...marks]
}
