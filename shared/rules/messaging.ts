/**
 * What a device and its user know of instant messaging: what they may ask for, and what may happen.
 * Nothing here knows how a server says it: each implementation of shared/upstream translates.
 */

/** A user's availability, in words. */
export const AVAILABILITIES = [
  'available',
  'idle',
  'busy',
  'busy-idle',
  'do-not-disturb',
  'be-right-back',
  'away',
  'offline',
] as const
export type Availability = (typeof AVAILABILITIES)[number]

/** Who somebody is to the server upstream, such as `sip:ann@contoso.test`: a URI that only the server reads. */
export type Uri = string

/** The server's name of a conversation, unique within one session: text that only the server reads. */
export type Conversation = string

/** The server's name of a message, unique in its conversation: text that only the server reads. */
export type MessageId = string

/** The server's name of a group of the contact list: text that only the server reads. What people call it, `groups` says. */
export type GroupId = string

/** How much somebody sees of the user: nothing, or the more the later it stands here. */
export const ACCESS_LEVELS = ['blocked', 'public', 'company', 'team', 'personal'] as const
export type AccessLevel = (typeof ACCESS_LEVELS)[number]

/** What a member may do in a conversation: `admin` may do everything, a `moderator` may eject. */
export const ROLES = ['admin', 'moderator', 'member'] as const
export type Role = (typeof ROLES)[number]

/**
 * What a device asks for. `text` is plain text. Which of these a server carries, its capabilities say (capabilities.ts).
 *
 * `update-contact`: this is the contact's name, and these are all groups that it is in. `note`: what the user says beside
 * the state; empty: nothing any more. `access`: how much this person sees of the user, without `level` as much as people
 * who are in none; `was`: the level that the person is in until now. `read`: the user has read everything up to this
 * message. `history`: what was said before; `before` is where the page that came last ended, absent at first.
 */
export type Command =
  | { readonly kind: 'start'; readonly to: readonly Uri[]; readonly text: string; readonly subject?: string }
  | { readonly kind: 'accept'; readonly conversation: Conversation }
  | { readonly kind: 'message'; readonly conversation: Conversation; readonly text: string }
  | { readonly kind: 'typing'; readonly conversation: Conversation; readonly typing: boolean }
  | { readonly kind: 'leave'; readonly conversation: Conversation }
  | { readonly kind: 'presence'; readonly availability: Availability }
  | { readonly kind: 'note'; readonly note: string }
  | {
      readonly kind: 'add-contact'
      readonly uri: Uri
      readonly name: string
      readonly groups?: readonly GroupId[]
    }
  | {
      readonly kind: 'update-contact'
      readonly uri: Uri
      readonly name: string
      readonly groups: readonly GroupId[]
    }
  | { readonly kind: 'delete-contact'; readonly uri: Uri }
  | { readonly kind: 'access'; readonly uri: Uri; readonly level?: AccessLevel; readonly was?: AccessLevel }
  | { readonly kind: 'add-group'; readonly name: string }
  | { readonly kind: 'rename-group'; readonly group: GroupId; readonly name: string }
  | { readonly kind: 'delete-group'; readonly group: GroupId }
  | { readonly kind: 'invite'; readonly conversation: Conversation; readonly to: readonly Uri[] }
  | { readonly kind: 'eject'; readonly conversation: Conversation; readonly uri: Uri }
  | { readonly kind: 'role'; readonly conversation: Conversation; readonly uri: Uri; readonly role: Role }
  | { readonly kind: 'join'; readonly conversation: Conversation }
  | {
      readonly kind: 'edit'
      readonly conversation: Conversation
      readonly message: MessageId
      readonly text: string
    }
  | { readonly kind: 'delete'; readonly conversation: Conversation; readonly message: MessageId }
  | { readonly kind: 'read'; readonly conversation: Conversation; readonly message: MessageId }
  | { readonly kind: 'history'; readonly conversation: Conversation; readonly before?: string }
  | { readonly kind: 'search'; readonly text: string }

/** A command that changes nothing: its answer brings what was asked for, and a repeat asks the server again. */
export function isQuestion({ kind }: Command): boolean {
  return kind === 'history' || kind === 'search'
}

export interface Contact {
  readonly uri: Uri
  readonly name: string
  readonly groups: readonly GroupId[]
}

/** A group of the contact list. */
export interface Group {
  readonly id: GroupId
  readonly name: string
}

/** Somebody in a conversation with several. */
export interface Member {
  readonly uri: Uri
  readonly name?: string
  readonly role?: Role
}

/** Something that was said in a conversation. What a server without identities or times leaves out is absent. */
export interface Said {
  readonly from: Uri
  readonly text: string
  /** By which it is edited, deleted and read. */
  readonly id?: MessageId
  /** Epoch milliseconds at the server. */
  readonly at?: number
  /** What `from` is called in this conversation. */
  readonly name?: string
  /** The user said it, on another device. */
  readonly own?: true
  /** `notice`: by a program, or by the server. `emote`: the text is what `from` does ("waves"). */
  readonly as?: 'notice' | 'emote'
}

export type ConversationState = 'incoming' | 'connecting' | 'connected' | 'ended'

/** What may happen in a session. `number` is that of the device's own `send`, where the event is its outcome. */
export type ImEvent =
  | {
      readonly kind: 'contacts'
      readonly whole: boolean
      readonly contacts: readonly Contact[]
      readonly removed: readonly Uri[]
    }
  /** Who is in a level: all of them, or more of them. Who is in none sees what the server lets people see. */
  | { readonly kind: 'access'; readonly level: AccessLevel; readonly whole: boolean; readonly people: readonly Uri[] }
  /** Who watches the user's state without being on the contact list, all or those who are new. */
  | {
      readonly kind: 'subscribers'
      readonly people: readonly { readonly uri: Uri; readonly name?: string }[]
    }
  /** The groups of the contact list: all of them, or those that came or have another name. A contact in one that is removed is not. */
  | {
      readonly kind: 'groups'
      readonly whole: boolean
      readonly groups: readonly Group[]
      readonly removed: readonly GroupId[]
    }
  /** `note`: what they say of themselves; absent where they say nothing. */
  | {
      readonly kind: 'presence'
      readonly uri: Uri
      readonly name?: string
      readonly availability: Availability
      readonly note?: string
    }
  | { readonly kind: 'own-presence'; readonly availability: Availability; readonly note?: string }
  | {
      readonly kind: 'invitation'
      readonly conversation: Conversation
      readonly from: Uri
      readonly name?: string
      readonly subject?: string
      readonly text?: string
      /** It is to a conversation with several. */
      readonly several?: true
    }
  | {
      readonly kind: 'conversation'
      readonly conversation: Conversation
      readonly state: ConversationState
      readonly subject?: string
      readonly several?: true
    }
  | ({ readonly kind: 'message'; readonly conversation: Conversation } & Said)
  /**
   * A message that waited when the session before this one ended. It is of no conversation: those were of that session.
   * `at`: where the server gave none, when it was kept.
   */
  | ({ readonly kind: 'missed' } & Omit<Said, 'id' | 'own'>)
  | {
      readonly kind: 'edited'
      readonly conversation: Conversation
      readonly message: MessageId
      readonly text: string
      readonly at?: number
    }
  | { readonly kind: 'deleted'; readonly conversation: Conversation; readonly message: MessageId }
  /** `uri`, who may be the user on another device, has read everything up to this message. */
  | {
      readonly kind: 'read'
      readonly conversation: Conversation
      readonly message: MessageId
      readonly uri: Uri
      readonly at?: number
    }
  /** Who is in a conversation: all of them, or those who came, or have another name or role. */
  | {
      readonly kind: 'members'
      readonly conversation: Conversation
      readonly whole: boolean
      readonly members: readonly Member[]
    }
  | { readonly kind: 'typing'; readonly conversation: Conversation; readonly typing: boolean; readonly from?: Uri }
  /** `by`: who ejected them. */
  | { readonly kind: 'left'; readonly conversation: Conversation; readonly uri: Uri; readonly by?: Uri }
  | { readonly kind: 'delivered'; readonly conversation: Conversation; readonly number?: number }
  | {
      readonly kind: 'not-delivered'
      readonly conversation: Conversation
      readonly number?: number
      readonly reason: string
    }
  | { readonly kind: 'done'; readonly number: number }
  | { readonly kind: 'failed'; readonly number?: number; readonly reason: string }
  /** A page of what was said, the oldest first. `before`: where to go on; absent where nothing is before it. */
  | {
      readonly kind: 'history'
      readonly number: number
      readonly conversation: Conversation
      readonly messages: readonly Said[]
      readonly before?: string
    }
  /** Who was found. `more`: the server knows of others, whom another text may find. */
  | {
      readonly kind: 'found'
      readonly number: number
      readonly people: readonly { readonly uri: Uri; readonly name: string }[]
      readonly more: boolean
    }
