import type { Capability } from '../rules/capabilities.ts'
import type { Command } from '../rules/messaging.ts'

/**
 * What another run of the program needs to go on with a session: plain data. It opens nothing without the transport key,
 * and has no password in it; `asked` may hold a message, so a program seals it as it seals its conversations.
 */
export interface KeptSession {
  readonly session: string
  readonly uri: string
  readonly statusIntervalMs: number
  readonly capabilities: readonly Capability[]
  /** The last batch whose events the listeners heard. */
  readonly last: number
  /** The number that the next send takes, or that `asked` has. */
  readonly number: number
  readonly isPerhapsTooHigh: boolean
  /** The send that is under way: it may have been done. It is asked again under its number, so it is done once. */
  readonly asked?: Command
}

/** Resolves once it is kept; `undefined`: the session is over. Rejects where this run is not to go on with the session. */
export type Keep = (kept: KeptSession | undefined) => Promise<void>
