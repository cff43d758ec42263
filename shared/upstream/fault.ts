/** What the caller does next: the same once more after a pause, log in anew, stop, or ask the user for the password. */
export type FaultKind = 'again' | 'sign-in' | 'give-up' | 'wrong-password'

export interface FaultOptions extends ErrorOptions {
  /** Milliseconds the server asked to wait. */
  readonly retryAfterMs?: number
  /** The request may have reached the server, and may have been carried out: a command must not be repeated blindly. */
  readonly maybeDone?: boolean
  /** Nothing came in time: of a wait for events that is no fault at all. */
  readonly timedOut?: boolean
  /** Of a wait for events that something between the server and us ended: for how long it was under way, in milliseconds. */
  readonly cutAfterMs?: number
  /** Of a sign-in: what was tried and how it ended, in words. */
  readonly steps?: readonly string[]
}

/** A no from a server upstream, or from the way to it. Its words and its cause are fit for a log: no password, ticket or header is in them. */
export class UpstreamFault extends Error {
  override readonly name: string = 'UpstreamFault'
  readonly kind: FaultKind
  readonly retryAfterMs: number | undefined
  readonly maybeDone: boolean
  readonly timedOut: boolean
  readonly cutAfterMs: number | undefined
  readonly steps: readonly string[]

  constructor(kind: FaultKind, words: string, options: FaultOptions = {}) {
    super(words, options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.retryAfterMs = options.retryAfterMs
    this.maybeDone = options.maybeDone ?? false
    this.timedOut = options.timedOut ?? false
    this.cutAfterMs = options.cutAfterMs
    this.steps = options.steps ?? []
  }
}
