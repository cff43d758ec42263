import type { Said } from '../../rules/messaging.ts'
import { bodyIn, membersOf, nameIn, textIn, wholeIn, type Json } from '../json.ts'
import type { RoomEvent } from './answer.ts'

/** What messages are to a device that shows plain text. */

/** A notice in the room, so that the person knows that something came, and where it can be read. */
export const ENCRYPTED = 'an encrypted message: this service holds no keys, so read it on a device that does'
export const ENCRYPTED_ROOM =
  'this room is encrypted from now on: this service holds no keys, so it can neither show what is said here nor write'
const MOVED = 'this room was replaced by another one: the device that has it all shows where it goes on'

/** What an event said; undefined where it is no message, or was taken back since. */
export function saidIn(event: RoomEvent): Pick<Said, 'text' | 'as'> | undefined {
  const { type, content, stateKey } = event
  if (type === 'm.room.encrypted') return { text: ENCRYPTED, as: 'notice' }
  if (type === 'm.room.encryption' && stateKey === '') return { text: ENCRYPTED_ROOM, as: 'notice' }
  if (type === 'm.room.tombstone' && stateKey === '') return { text: MOVED, as: 'notice' }
  if (type === 'm.sticker') return { text: `[sticker: ${nameIn(content['body']) ?? 'without words'}]` }
  return type === 'm.room.message' ? messageIn(newestOf(event)) : undefined
}

/** The content after its last edit, where the server sends it along ("Server-side aggregation of m.replace"). */
function newestOf({ content, unsigned, sender }: RoomEvent): Json {
  const edit = membersOf(membersOf(unsigned['m.relations'])['m.replace'])
  const changed = membersOf(membersOf(edit['content'])['m.new_content'])
  return edit['sender'] === sender && textIn(changed['body']) !== undefined ? changed : content
}

/** "m.room.message msgtypes". One that is not known has a text all the same. */
export function messageIn(content: Json): Pick<Said, 'text' | 'as'> | undefined {
  const body = bodyIn(content['body'])
  const kind = textIn(content['msgtype'])
  if (body === undefined || kind === undefined) return undefined
  const file = FILES[kind]
  if (file !== undefined) return { text: fileWords(file, content, body) }
  if (kind === 'm.notice' || kind === 'm.server_notice') return { text: body, as: 'notice' }
  if (kind === 'm.emote') return { text: body, as: 'emote' }
  return { text: body }
}

const FILES: Readonly<Record<string, string>> = {
  'm.image': 'image',
  'm.audio': 'audio',
  'm.video': 'video',
  'm.file': 'file',
}

/** `[image: roof.jpg, image/jpeg, 34 KB] a caption`. Nothing is fetched: the text is all that a device gets. */
function fileWords(what: string, content: Json, body: string): string {
  const info = membersOf(content['info'])
  // With a name beside it, the text is a caption ("Media captions").
  const name = nameIn(content['filename']) ?? nameIn(body) ?? 'without a name'
  const size = wholeIn(info['size'])
  const parts = [name, nameIn(info['mimetype']), size === undefined ? undefined : sizeWords(size)]
  const caption = name === nameIn(body) ? '' : ` ${body}`
  return `[${what}: ${parts.filter((each) => each !== undefined).join(', ')}]${caption}`
}

function sizeWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** The event that this one changes, and to what ("Event replacements"). */
export function editIn({ type, content }: RoomEvent): { readonly of: string; readonly text: string } | undefined {
  const relation = membersOf(content['m.relates_to'])
  const of = textIn(relation['event_id'])
  if (type !== 'm.room.message' || relation['rel_type'] !== 'm.replace' || of === undefined) return undefined
  const said = messageIn(membersOf(content['m.new_content']))
  return said === undefined ? undefined : { of, text: said.text }
}

/** The event that this one takes back ("Redactions"; its place depends on the room's version). */
export function redactedBy({ type, content, redacts }: RoomEvent): string | undefined {
  return type === 'm.room.redaction' ? (textIn(content['redacts']) ?? redacts) : undefined
}
