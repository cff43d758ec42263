import type { Command, ImEvent, Said } from '../../rules/messaging.ts'
import { DEVICE_BOUNDS, cut } from '../../upstream/bounds.ts'
import { unreadParts } from '../../upstream/unread.ts'
import { isUserId, localpartOf, uriOf } from '../identity.ts'
import { listIn, membersOf, nameIn, textIn } from '../json.ts'
import { roomEventsIn } from '../sync/answer.ts'
import { MESSAGES } from '../sync/filter.ts'
import { editIn, saidIn } from '../sync/said.ts'
import { namesIn } from '../sync/timeline.ts'
import { inRoom, type Calls } from './room-calls.ts'

/** Messages on a page of history, and most characters of each: the page fits an answer. */
const PAGE = { messages: 20, characters: 3_000 } as const
const PEOPLE_MOST = 50

/** A page of what was said, backwards from where the last one ended (`#get_matrixclientv3roomsroomidmessages`). */
export async function history(
  { conversation, before }: Extract<Command, { kind: 'history' }>,
  number: number,
  { ask, session }: Calls,
): Promise<ImEvent> {
  const said = await ask({
    method: 'GET',
    path: inRoom(conversation, 'messages'),
    query: { dir: 'b', limit: String(PAGE.messages), filter: MESSAGES, ...(before !== undefined && { from: before }) },
    doing: 'reading what was said',
  })
  const timeline = roomEventsIn(said['chunk'], 'messages', unreadParts()).toReversed()
  const names = namesIn({ timeline, state: roomEventsIn(said['state'], 'messages', unreadParts()) })
  const messages = timeline.flatMap((event): Said[] => {
    const { id, at, sender } = event
    const what = editIn(event) === undefined && isUserId(sender) ? saidIn(event) : undefined
    if (what === undefined) return []
    const name = names.get(sender)
    const own = sender === session.userId ? { own: true as const } : {}
    const text = cut(what.text, PAGE.characters)
    return [
      {
        from: uriOf(sender),
        id,
        ...what,
        text,
        ...(at !== undefined && { at }),
        ...(name !== undefined && { name }),
        ...own,
      },
    ]
  })
  const end = textIn(said['end'])
  const more = end !== undefined && end !== before && listIn(said['chunk']).length > 0 && /^\S{1,512}$/.test(end)
  return { kind: 'history', number, conversation, messages, ...(more && { before: end }) }
}

/** People by name or address (`#post_matrixclientv3user_directorysearch`). */
export async function search(
  { text }: Extract<Command, { kind: 'search' }>,
  number: number,
  { ask }: Calls,
): Promise<ImEvent> {
  const said = await ask({
    method: 'POST',
    path: '/_matrix/client/v3/user_directory/search',
    body: { search_term: text, limit: PEOPLE_MOST },
    doing: 'searching',
  })
  const people = listIn(said['results']).flatMap((each) => {
    const userId = textIn(membersOf(each)['user_id']) ?? ''
    if (!isUserId(userId)) return []
    const name = nameIn(membersOf(each)['display_name']) ?? cut(localpartOf(userId), DEVICE_BOUNDS.name)
    return [{ uri: uriOf(userId), name }]
  })
  return { kind: 'found', number, people: people.slice(0, PEOPLE_MOST), more: said['limited'] === true }
}
