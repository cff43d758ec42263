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

/** What a device asks for. `text` is plain text. */
export type Command =
  | { readonly kind: 'start'; readonly to: readonly Uri[]; readonly text: string; readonly subject?: string }
  | { readonly kind: 'accept'; readonly conversation: Conversation }
  | { readonly kind: 'message'; readonly conversation: Conversation; readonly text: string }
  | { readonly kind: 'typing'; readonly conversation: Conversation; readonly typing: boolean }
  | { readonly kind: 'leave'; readonly conversation: Conversation }
  | { readonly kind: 'presence'; readonly availability: Availability }
  | { readonly kind: 'add-contact'; readonly uri: Uri; readonly name: string }
  | { readonly kind: 'delete-contact'; readonly uri: Uri }

export interface Contact {
  readonly uri: Uri
  readonly name: string
  readonly groups: readonly string[]
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
  | { readonly kind: 'presence'; readonly uri: Uri; readonly name?: string; readonly availability: Availability }
  | { readonly kind: 'own-presence'; readonly availability: Availability }
  | {
      readonly kind: 'invitation'
      readonly conversation: Conversation
      readonly from: Uri
      readonly name?: string
      readonly subject?: string
      readonly text?: string
    }
  | { readonly kind: 'conversation'; readonly conversation: Conversation; readonly state: ConversationState }
  | { readonly kind: 'message'; readonly conversation: Conversation; readonly from: Uri; readonly text: string }
  | { readonly kind: 'typing'; readonly conversation: Conversation; readonly typing: boolean; readonly from?: Uri }
  | { readonly kind: 'left'; readonly conversation: Conversation; readonly uri: Uri }
  | { readonly kind: 'delivered'; readonly conversation: Conversation; readonly number?: number }
  | {
      readonly kind: 'not-delivered'
      readonly conversation: Conversation
      readonly number?: number
      readonly reason: string
    }
  | { readonly kind: 'done'; readonly number: number }
  | { readonly kind: 'failed'; readonly number?: number; readonly reason: string }
