import type { SendState } from '../../../shared/device/send-state.ts'
import type { Conversation, MessageId, Role, Uri } from '../../../shared/rules/messaging.ts'

/** What is known of a message of one's own; `waiting` has not been handed to the device yet. */
export type OwnState = SendState | { readonly state: 'waiting' }

/** Something that stands in a conversation. `at` is epoch milliseconds, on this device's clock. */
export type Entry =
  | Heard
  | { readonly kind: 'own'; readonly id: string; readonly at: number; readonly text: string; readonly own: OwnState }
  | { readonly kind: 'note'; readonly id: string; readonly at: number; readonly note: Note; readonly who?: Uri }

/** What somebody else said, or the user on another device (`own`). `message` is the server's name of it, where it has one. */
export interface Heard {
  readonly kind: 'heard'
  readonly id: string
  readonly at: number
  readonly from: Uri
  readonly text: string
  readonly message?: MessageId
  readonly own?: true
  readonly as?: 'notice' | 'emote'
  readonly changed?: 'edited' | 'deleted'
}

/** What happened in a conversation beside what was said. */
export type Note = 'invited' | 'left' | 'ended' | 'cut'

/** A conversation as this device keeps it: with one person for ever, with several as long as it lasts, and then to be read. */
export interface Talk {
  readonly id: string
  /** Everybody else in it. */
  readonly members: readonly Uri[]
  readonly isGroup: boolean
  readonly subject?: string
  /** The session's name of it. Absent: it has to be begun (again). */
  readonly live?: Live
  readonly entries: readonly Entry[]
  readonly unread: number
  readonly typing: readonly Uri[]
  readonly draft: string
  /** What the members may do, by their URI in small letters, the user's own with them; absent where the server has no roles. */
  readonly roles?: Readonly<Record<string, Role>>
  /** The conversation with one person that it was before others came. */
  readonly grewOutOf?: string
  /** The user is not notified of it. */
  readonly muted?: true
}

export interface Live {
  /** Absent while it is being begun. */
  readonly conversation?: Conversation
  /** The entry that began it, where this device did. */
  readonly first?: string
  readonly state: 'starting' | 'incoming' | 'accepting' | 'connecting' | 'connected'
}

/** The most that is kept of one conversation. */
export const ENTRIES = 300

export function newTalk(id: string, members: readonly Uri[], isGroup: boolean, subject?: string): Talk {
  return {
    id,
    members,
    isGroup,
    ...(subject !== undefined && { subject }),
    entries: [],
    unread: 0,
    typing: [],
    draft: '',
  }
}

export function withEntry(talk: Talk, entry: Entry): Talk {
  return { ...talk, entries: [...talk.entries, entry].slice(-ENTRIES) }
}

/** One's own message, with what is known of it now. */
export function withOwn(talk: Talk, id: string, own: OwnState): Talk {
  const entries = talk.entries.map((entry) => (entry.id === id && entry.kind === 'own' ? { ...entry, own } : entry))
  return { ...talk, entries }
}

/** When something happened in it last. 0: nothing did. */
export function lastAt({ entries }: Talk): number {
  return entries.at(-1)?.at ?? 0
}

/** What of one's own is still to be said: the first is next. */
export function toSay({ entries }: Talk): readonly Extract<Entry, { kind: 'own' }>[] {
  return entries.flatMap((entry) => (entry.kind === 'own' && entry.own.state === 'waiting' ? [entry] : []))
}

export function withoutLive(talk: Talk): Talk {
  const { live: _over, ...rest } = talk
  return { ...rest, typing: [] }
}
