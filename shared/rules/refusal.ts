/** What a device does after a refusal: mend the frame, ask its user, log in anew, or try again later. */
export type NextStep = 'fix' | 'ask-user' | 'login' | 'retry'

/**
 * Every way the service says no. The code is closed, the meaning is for people, the next step is for the device.
 * PROTOCOL.md has the same table; a test compares them.
 */
export const REFUSALS = {
  'bad-frame': { next: 'fix', meaning: 'the frame is not part of the protocol' },
  'unknown-action': { next: 'fix', meaning: 'no route has this action' },
  'not-for-you': { next: 'fix', meaning: 'the frame was not sealed for this device, direction and action' },
  'too-large': { next: 'fix', meaning: 'the frame is larger than the gateway or the service takes' },
  'not-enrolled': {
    next: 'ask-user',
    meaning: 'this device may not do that: it is not enrolled, or no longer, or its enrolment code does not count',
  },
  replayed: { next: 'retry', meaning: 'the frame carries a number that was used before; number it anew' },
  'out-of-order': { next: 'retry', meaning: 'an earlier message of this session has not arrived yet' },
  'server-busy': { next: 'retry', meaning: 'Server Busy: the maximum number of sessions is reached and none is idle' },
  failed: { next: 'retry', meaning: 'Failed (300): the persistent connection to the server holds no more sessions' },
  'not-permitted': { next: 'ask-user', meaning: 'this user may not use the collaboration client' },
  'bad-credentials': {
    next: 'ask-user',
    meaning: 'the instant-messaging server did not accept the user name or password',
  },
  'too-many': { next: 'retry', meaning: 'too many of these in a short time: wait' },
  'session-gone': { next: 'login', meaning: 'the session was ended, evicted, or never opened' },
  evicted: { next: 'login', meaning: 'the session was idle and its place was needed' },
  inactive: { next: 'login', meaning: 'the session was silent for longer than the inactivity timeout' },
  replaced: { next: 'login', meaning: 'the same device logged in again' },
  'signed-out': { next: 'login', meaning: 'the instant-messaging server ended the session' },
  'not-supported': {
    next: 'fix',
    meaning: 'the instant-messaging server cannot do that: `accepted` names in `capabilities` what it can',
  },
  'upstream-refused': { next: 'fix', meaning: 'the instant-messaging server refused the request' },
  'upstream-away': {
    next: 'retry',
    meaning: 'the instant-messaging server could not be reached or did not answer in time',
  },
  'in-progress': { next: 'retry', meaning: 'the same message is being sent; ask again under the same number' },
  unconfirmed: { next: 'ask-user', meaning: 'the message may or may not have been sent' },
  internal: { next: 'retry', meaning: 'the service failed' },
} as const satisfies Record<string, { next: NextStep; meaning: string }>

export type RefusalCode = keyof typeof REFUSALS

export interface RefusalOptions extends ErrorOptions {
  /** Words for this case, where the table's meaning can be said more exactly. Never holds a secret. */
  readonly reason?: string
  /** Milliseconds after which the same request may succeed, where that is known. */
  readonly retryAfterMs?: number
  /** With `replayed`: the number that the device's next frame must be above. */
  readonly heard?: number
}

/** A no from the world, on its way to the device. A no that the rules decide is a value, not a throw. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode
  readonly retryAfterMs: number | undefined
  readonly heard: number | undefined

  constructor(code: RefusalCode, options: RefusalOptions = {}) {
    super(options.reason ?? REFUSALS[code].meaning, options)
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    this.heard = options.heard
  }

  /** The refusal in whatever was thrown. An unknown fault is ours: it keeps its cause for the log, not for the wire. */
  static from(thrown: unknown): Refusal {
    return thrown instanceof Refusal ? thrown : new Refusal('internal', { cause: thrown })
  }
}
