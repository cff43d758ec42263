import { REFUSALS, type NextStep, type RefusalCode } from '../rules/refusal.ts'

/** What the service said no with, or what the device can say no to by itself. */
export interface RefusedWith {
  readonly code: RefusalCode
  /** Words for people. */
  readonly reason?: string
  readonly next?: NextStep
  readonly retryAfterMs?: number
  readonly repeated?: boolean
}

/** The service's no. `code` is closed, `message` is for people, `next` is what the device or its user does now. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: RefusalCode
  readonly next: NextStep
  /** Milliseconds after which the same request may succeed, where the service knows. */
  readonly retryAfterMs: number | undefined
  /** It was asked more than once, and this is not the answer to the first time: what became of that is not said. */
  readonly repeated: boolean

  constructor({ code, reason, next, retryAfterMs, repeated = false }: RefusedWith) {
    super(reason ?? REFUSALS[code].meaning)
    this.code = code
    this.next = next ?? REFUSALS[code].next
    this.retryAfterMs = retryAfterMs
    this.repeated = repeated
  }
}

/** There is no connection, or no longer: what was asked may or may not have been heard. */
export class Disconnected extends Error {
  override readonly name = 'Disconnected'
}

/** What went wrong, in words for people. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
