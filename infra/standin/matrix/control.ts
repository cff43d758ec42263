import { No, type Answer, type Request } from './request.ts'
import type { Users } from './users.ts'

/** A request as the one who steers sees it. Nothing secret is in it. */
export interface SeenRequest {
  readonly method: string
  /** `/sync`, `/rooms/!x/send/m.room.message/a.1`: after the version. */
  readonly path: string
}

export type Matches = (request: SeenRequest) => boolean

/** Steering for tests and for people who try things out. */
export interface Control {
  /** Resolves when a GET of this user is held: everything there is has been delivered. */
  readonly untilListening: (userId: string) => Promise<void>
  /** The next request that matches is answered so, and nothing is done. */
  readonly failNext: (matches: Matches, answer: Answer) => void
  /** The next request that matches is too many. */
  readonly limitNext: (matches: Matches, retryAfterMs: number) => void
  /** The connection of the next request that matches is cut, before or after what it asks is done. */
  readonly cutNext: (when: 'before' | 'after', matches?: Matches) => void
  /** Requests that come from now on wait until `release`. */
  readonly hold: () => void
  readonly release: () => void
  /** From now on a room's timeline has this many events at most in one answer; absent: as many as are asked for. */
  readonly timelineOf: (most?: number) => void
  readonly expireTokens: (userId: string) => void
  readonly signOut: (userId: string) => void
  readonly loginToken: (userId: string) => string
  /** The last thousand requests, oldest first. */
  readonly requests: () => readonly SeenRequest[]
}

/** What the server itself asks of it. */
export interface Steered {
  readonly control: Control
  readonly faultFor: (request: Request) => Answer | undefined
  readonly cutFor: (request: Request) => 'before' | 'after' | undefined
  readonly gate: () => Promise<void>
  readonly limit: () => number | undefined
  readonly listens: (userId: string) => void
}

export interface ControlOptions {
  readonly users: Users
  readonly isHeld: (userId: string) => boolean
}

const LOG_LENGTH = 1_000

export function control({ users, isHeld }: ControlOptions): Steered {
  const faults: { readonly matches: Matches; readonly answer: Answer }[] = []
  const cuts: { readonly matches: Matches; readonly when: 'before' | 'after' }[] = []
  const waiting = new Set<{ readonly userId: string; readonly resolve: () => void }>()
  const requests: SeenRequest[] = []
  let closed: PromiseWithResolvers<void> | undefined
  let limit: number | undefined

  const steer: Control = {
    untilListening(userId) {
      if (isHeld(userId)) return Promise.resolve()
      return new Promise((resolve) => waiting.add({ userId, resolve }))
    },
    failNext: (matches, answer) => void faults.push({ matches, answer }),
    limitNext(matches, retryAfterMs) {
      const no = new No(429, 'M_LIMIT_EXCEEDED', 'Too Many Requests', { retry_after_ms: retryAfterMs })
      faults.push({ matches, answer: no.answer() })
    },
    cutNext: (when, matches = () => true) => void cuts.push({ matches, when }),
    hold: () => (closed ??= Promise.withResolvers<void>()),
    release() {
      closed?.resolve()
      closed = undefined
    },
    timelineOf: (most) => (limit = most),
    expireTokens: users.expire,
    signOut: users.signOut,
    loginToken: users.loginToken,
    requests: () => requests,
  }

  return {
    control: steer,
    gate: async () => closed?.promise,
    limit: () => limit,
    faultFor(request) {
      const seen = seenIn(request)
      requests.push(seen)
      if (requests.length > LOG_LENGTH) requests.shift()
      return taken(faults, seen)?.answer
    },
    cutFor: (request) => taken(cuts, seenIn(request))?.when,
    listens(userId) {
      for (const each of waiting) {
        if (each.userId !== userId) continue
        waiting.delete(each)
        each.resolve()
      }
    },
  }
}

function taken<T extends { readonly matches: Matches }>(all: T[], seen: SeenRequest): T | undefined {
  const found = all.findIndex(({ matches }) => matches(seen))
  return found < 0 ? undefined : all.splice(found, 1)[0]
}

function seenIn({ method, path }: Request): SeenRequest {
  return { method, path: path.replace('/_matrix/client/v3', '') }
}
