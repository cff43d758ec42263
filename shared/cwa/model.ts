import type { Unread } from '../upstream/unread.ts'

/**
 * Communicator Web Access as typed values: the methods a client posts, the answers they get, the events a GET brings.
 * The model is one; shared/cwa/json/json.ts and shared/cwa/xml/xml.ts print and parse it.
 * Names are those of the Unified Communications AJAX API (MSDN, Office Communications Server 2007). Times keep CWA's units.
 */

/** What is posted to a sign-in URL or to MainCommandHandler.ashx: `cwaRequests`. */
export interface CwaRequests {
  /** Absent at sign-in and with `initiateSession`. */
  readonly sid?: string
  readonly methods: readonly CwaMethod[]
}

export interface ImMessage {
  readonly format?: string
  readonly content: string
}

export type ContainerMember = { readonly action: 'add' | 'delete'; readonly type: string; readonly value: string }

export interface ContactArguments {
  readonly uri: string
  readonly name: string
  readonly subscribed: boolean
  readonly tag: boolean
  readonly groups: readonly string[]
}

/** Methods outside a conference. Every one but `logon` has a `rid`, chosen by the client. */
export type SessionMethod =
  | { readonly method: 'logon'; readonly user?: string; readonly password?: string; readonly uri?: string }
  | {
      readonly method: 'initiateSession'
      readonly rid: string
      readonly localeId?: number
      readonly securityMode?: 'public' | 'private'
      readonly userStateAvailability?: number
      readonly autoPublishMachineState?: boolean
      readonly autoSubscribePresenceForContacts?: boolean
      readonly debug?: boolean
      readonly signInData?: string
    }
  | { readonly method: 'terminateSession'; readonly rid: string }
  | { readonly method: 'addContact' | 'updateContact'; readonly rid: string; readonly contact: ContactArguments }
  | { readonly method: 'deleteContact'; readonly rid: string; readonly uri: string }
  | { readonly method: 'addGroup'; readonly rid: string; readonly name: string; readonly externalUri?: string }
  | { readonly method: 'updateGroup'; readonly rid: string; readonly id: string; readonly name: string }
  | { readonly method: 'deleteGroup'; readonly rid: string; readonly id: string }
  | { readonly method: 'publishSelfPresence'; readonly rid: string; readonly categories: readonly CwaCategory[] }
  | { readonly method: 'queryPresence' | 'subscribePresence'; readonly rid: string; readonly uris: readonly string[] }
  | {
      readonly method: 'updateContainer'
      readonly rid: string
      readonly id: number
      readonly members: readonly ContainerMember[]
    }
  | {
      readonly method: 'search'
      readonly rid: string
      readonly firstName?: string
      readonly lastName?: string
      readonly displayName?: string
      readonly emailAlias?: string
      readonly function?: 'and' | 'or'
    }

/** Methods that are the single child of `<conference rid confId>`. */
export type ConferenceMethod =
  | {
      readonly method: 'initiateImSession'
      readonly rid: string
      readonly confId: number
      readonly uris: readonly string[]
      readonly message: ImMessage
      readonly subject?: string
    }
  | { readonly method: 'acceptImSession' | 'terminateImSession'; readonly rid: string; readonly confId: number }
  | { readonly method: 'sendMessage'; readonly rid: string; readonly confId: number; readonly message: ImMessage }
  | {
      readonly method: 'notifyComposing'
      readonly rid: string
      readonly confId: number
      readonly state: 'composing' | 'idle'
    }
  | {
      readonly method: 'inviteParticipants'
      readonly rid: string
      readonly confId: number
      readonly uris: readonly string[]
    }
  | {
      readonly method: 'ejectParticipant' | 'promoteParticipant'
      readonly rid: string
      readonly confId: number
      readonly uri: string
    }

/**
 * A method as a server keeps it that it does not know, or that is not as it should be: by name, so that it alone is
 * refused and the others of the same POST are done. With a `confId` it came inside `<conference>`.
 */
export interface OtherMethod {
  readonly method: 'other'
  readonly name: string
  readonly rid?: string
  readonly confId?: number
}

export type CwaMethod = SessionMethod | ConferenceMethod | OtherMethod

/** The synchronous answer to a POST: `cwaResponses`. It says "well-formed and started"; outcomes come as events. */
export interface CwaResponses {
  readonly sid?: string
  readonly requestProcessed?: number
  readonly unexpectedElement?: number
  readonly answers: readonly CwaAnswer[]
  /** What could not be read and was left out. It is never printed. */
  readonly unread?: Unread
  /** Events that came along with the answer (bb969556). They come again on the data channel until acknowledged there. */
  readonly events?: CwaEvents
}

export type CwaAnswer =
  | { readonly answer: 'requestSucceeded'; readonly rid?: string; readonly signInData?: string; readonly uri?: string }
  | {
      /** Also what the older `initiateSessionAccepted` parses to. `pollWaitTime` in milliseconds. */
      readonly answer: 'requestAccepted'
      readonly rid?: string
      readonly sid?: string
      readonly uri?: string
      readonly pollWaitTime?: number
    }
  | { readonly answer: 'initiateImSessionAccepted'; readonly rid?: string; readonly confId: number }
  | {
      readonly answer: 'requestFailed' | 'requestInvalid' | 'requestRejected'
      readonly rid?: string
      readonly error?: CwaError
    }
  | { readonly answer: 'error'; readonly error: CwaError }

/** Codes are those of TechNet dd572614, for example 18100 (session not found) and 18201 (see `sip`). */
export interface CwaError {
  readonly code: number
  readonly subCode?: number
  readonly reason?: string
  readonly detail?: string
  readonly sip?: { readonly code: number; readonly reason?: string; readonly diagnostics?: string }
}

/** What a GET of the data channel brings: `cwaEvents`. */
export interface CwaEvents {
  readonly sid?: string
  /** To be copied into the next GET's `AckID`, never computed. */
  readonly ackId: number
  /** Milliseconds to wait before the next GET. */
  readonly pollWaitTime?: number
  /** Seconds until the session ends without activity. */
  readonly sessionTimeout?: number
  readonly events: readonly CwaEvent[]
  /** What could not be read and was left out; the `eid` of such an event counts all the same. It is never printed. */
  readonly unread?: Unread
}

export type GroupChange = {
  readonly id: string
  readonly name?: string
  readonly externalUri?: string
  readonly action?: 'added' | 'updated' | 'deleted'
}

export type ContactChange = {
  readonly uri: string
  readonly name?: string
  readonly subscribed?: boolean
  readonly tag?: boolean
  readonly groups: readonly string[]
  readonly action?: 'added' | 'updated' | 'deleted'
}

/** One published category. `value` is what this project understands of it; an empty element has none. */
export interface CwaCategory {
  readonly name: string
  readonly instance?: number
  readonly version?: number
  readonly publishTime?: string
  readonly expires?: number
  readonly value?: CategoryValue
}

export type CategoryValue =
  | {
      readonly type: 'userState' | 'machineState' | 'aggregateState'
      readonly availability: number
      readonly manual?: boolean
      readonly activity?: string
    }
  | { readonly type: 'note'; readonly noteType?: string; readonly text: string }
  | { readonly type: 'contactCard'; readonly displayName?: string; readonly email?: string }
  /** A state of a type that is not ours (`calendarState`), or that cannot be read: the category is not empty. */
  | { readonly type: 'unread' }

export interface PresenceOfUser {
  readonly uri: string
  readonly sourceNetwork?: string
  readonly categories: readonly CwaCategory[]
}

export type ImSessionState = 'incoming' | 'connecting' | 'connected' | 'terminated'

/** Children of `<conference eid confId>`. */
export type ConferenceEvent = { readonly eid: number; readonly confId: number } & (
  | {
      readonly event: 'imSessionReceived'
      readonly inviter: { readonly uri: string; readonly name?: string; readonly sourceNetwork?: string }
      readonly role?: string
      readonly escalationMode?: string
      readonly subject?: string
      readonly message?: ImMessage
    }
  | { readonly event: 'imSessionState'; readonly state: ImSessionState }
  | { readonly event: 'messageReceived'; readonly sender: string; readonly message: ImMessage }
  | { readonly event: 'messageIdReceived'; readonly rid?: string; readonly messageId: string }
  | { readonly event: 'messageSendFailed'; readonly rid?: string; readonly messageId: string }
  | { readonly event: 'composingState'; readonly state: 'composing' | 'idle'; readonly sender?: string }
  | { readonly event: 'escalationMode'; readonly mode: string }
  | { readonly event: 'role'; readonly role: string }
  | { readonly event: 'participant'; readonly uri?: string }
  | { readonly event: 'participantRemoved' | 'inviteFailed' | 'confUri'; readonly uri: string }
  | { readonly event: 'initiateImSessionAccepted'; readonly rid?: string }
  | { readonly event: 'locked' }
)

export type CwaEvent =
  | ConferenceEvent
  | ({ readonly eid: number } & (
      | {
          readonly event: 'contactGroup'
          readonly fullList: boolean
          readonly deltaNum?: number
          readonly groups: readonly GroupChange[]
          readonly contacts: readonly ContactChange[]
        }
      | { readonly event: 'userPresence'; readonly users: readonly PresenceOfUser[] }
      | { readonly event: 'selfPresence'; readonly categories: readonly CwaCategory[] }
      | { readonly event: 'requestSucceeded'; readonly rid?: string }
      | { readonly event: 'requestFailed'; readonly rid?: string; readonly error: CwaError }
      | {
          readonly event: 'subscribers'
          readonly subscribers: readonly {
            readonly uri: string
            readonly displayName?: string
            readonly sourceNetwork?: string
            readonly acknowledged?: boolean
          }[]
        }
      | {
          readonly event: 'containers'
          readonly containers: readonly {
            readonly id: number
            readonly members: readonly { readonly type: string; readonly value: string }[]
          }[]
        }
      | {
          readonly event: 'configuration'
          /** Seconds (bb969542). */
          readonly imComposingTimers?: { readonly refreshInterval: number; readonly timeout: number }
          readonly search?: { readonly defaultFunction?: string; readonly defaultFields?: number }
          readonly userNotice?: string
          readonly enableAppearOffline?: boolean
          readonly customAuthLogoffUrl?: string
        }
      | {
          readonly event: 'searchResult'
          readonly rid?: string
          readonly returned?: number
          readonly moreAvailable?: boolean
          readonly users: readonly { readonly uri: string; readonly [attribute: string]: string }[]
        }
      /** An event whose shape no source gives, that a later server added, or that cannot be read: its `eid` counts. */
      | { readonly event: 'other'; readonly name: string }
    ))
