import type { Capability } from '../rules/capabilities.ts'
import type { Conversation, ImEvent, MessageId } from '../rules/messaging.ts'

/**
 * What the service says to a login that it accepts: the frame of `shared/wire`, written out. So the types of the package
 * need no package of schemas.
 */
export interface Accepted {
  readonly type: 'accepted'
  /** The session's id. */
  readonly session: string
  /** The URI that the user is signed in as. */
  readonly uri: string
  /** What the service checked, in its order, in words for people. */
  readonly steps: readonly string[]
  /** The device says `status` at least this often, in milliseconds. */
  readonly statusIntervalMs: number
  /** What the server upstream can do beside the core. */
  readonly capabilities: readonly Capability[]
  /** The first events. Listeners get them, too. */
  readonly batches: readonly { readonly first?: number; readonly seq: number; readonly events: readonly ImEvent[] }[]
}

/** What the service said of a send. */
export interface Sent {
  readonly number: number
  /** The conversation that a `start` began. */
  readonly conversation?: Conversation
  /** What the server calls the message that was sent. */
  readonly message?: MessageId
  /** What a question brought. The listeners have heard them by then. */
  readonly events?: readonly ImEvent[]
}
