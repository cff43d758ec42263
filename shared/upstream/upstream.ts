import type { Arrived } from '../rules/batches.ts'
import type { Capability } from '../rules/capabilities.ts'
import type { Availability, Command, Conversation, ImEvent, MessageId } from '../rules/messaging.ts'

/**
 * What a web IM server is to this service: the port. An implementation (shared/cwa is the first) speaks one server's
 * protocol; everything else in the service knows this file alone, and one place picks the implementation
 * (functions/wiring/upstream.ts).
 *
 * States and cursors belong to the implementation. The service keeps them, seals the secret part, compares the secret
 * part when it renews a state, and never looks inside.
 */
export interface Upstream {
  /**
   * What it can do beside the core. The service refuses a command that needs another capability before it is posted
   * (`not-supported`), and tells the device of these when it logs in.
   *
   * `idempotent-sends` is a promise: a command under a key is done once, however often `send` is called with it, and
   * whatever became of the calls before. The service then repeats what was interrupted, and knows no `unconfirmed`.
   */
  readonly capabilities: ReadonlySet<Capability>
  /**
   * Signs a user in and opens a session.
   *
   * @throws UpstreamFault: `wrong-password` where the server takes the user by none of the ways it offers
   */
  readonly logIn: (user: string, password: string, options?: LogInOptions) => Promise<LoggedIn>
  /** One listener of a session, with a memory of its own. Nothing is asked of the server before `next`. */
  readonly listen: () => Listening
  /**
   * Carries out a command, and says what came of it. Without `idempotent-sends` the caller repeats nothing that may have
   * been done (`maybeDone`), but for a question (`isQuestion`).
   *
   * @param key the session's own number of the command: unique in the session, the same in a repeat
   */
  readonly send: (state: UpstreamState, command: Command, key: number) => Promise<Sent>
  /** Ends the session. That it is over already is no fault. */
  readonly logOut: (state: UpstreamState) => Promise<void>
  /**
   * Does once what a first `send` does, while a function is made, and opens a connection to the server: it asks nothing of
   * it, takes a third of a second at most, and fails never.
   */
  readonly warmUp?: (() => Promise<void>) | undefined
  /** Closes all connections. What is under way fails. */
  readonly close: () => void
}

export interface LogInOptions {
  readonly availability?: Availability
}

/** What it takes to go on with a session upstream, from any function. */
export interface UpstreamState {
  /** Of which nothing is secret; at most about 1 KB. The server's name of the session, say. */
  readonly public: string
  /** What lets its holder act as the user: sealed wherever it is kept. Two states of a session are the same if this is. */
  readonly secret: string
}

export interface LoggedIn {
  readonly state: UpstreamState
  /** Who the user is to others: an address that only the server reads. */
  readonly address: string
  /** From where to listen, to hear everything that the session begins with. */
  readonly cursor: string
  /** What was tried and how it ended, in words for people and logs; no secrets. */
  readonly steps: readonly string[]
}

/** What one wait for events brought: in the server's order, and nothing that this listening brought before. */
export interface Brought {
  readonly arrived: readonly Arrived[]
  /** Where to listen from once everything that arrived is kept. The next `next` tells the server so. */
  readonly cursor: string
  /** The newest state: another than the one that was asked with, where the server renewed it. */
  readonly state: UpstreamState
  /** How long the server wants to be left alone before the next `next`, in milliseconds. */
  readonly waitMs: number
  /** What was wrong with the answer and cost nothing, in words for the log, each with how often. */
  readonly oddities: Readonly<Record<string, number>>
}

export interface WaitOptions {
  /** Whether the user did something lately: others are shown so. */
  readonly active: boolean
  /** Aborting it rejects with its reason. */
  readonly signal?: AbortSignal
  /** Longest wait in milliseconds; absent: as long as the implementation finds right for the server. */
  readonly holdMs?: number
}

/** Remembers what it brought, as far as an event may come twice or late: it brings each event once. */
export interface Listening {
  /**
   * Waits until something happens, or nothing for long: then it brings nothing, and is called again.
   *
   * @param after the cursor up to which everything is kept. What is not kept comes again: the server gets this one
   */
  readonly next: (state: UpstreamState, after: string, options: WaitOptions) => Promise<Brought>
}

export interface Sent {
  readonly outcome: SentOutcome
  readonly state: UpstreamState
}

/** `refused`: the server said no to this command, in words for people; the session goes on. */
export type SentOutcome =
  | {
      /** The one that a `start` or a `join` opened. */
      readonly conversation?: Conversation
      /** What a `start`, `message` or `edit` is known as from now on, where the server names messages. */
      readonly message?: MessageId
      /** What the answer itself brought, as that to a question: ANSWER_BYTES at most, as JSON. It is kept nowhere. */
      readonly events?: readonly ImEvent[]
    }
  | { readonly refused: string }
