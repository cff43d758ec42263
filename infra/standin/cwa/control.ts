import type { CwaError } from '../../../shared/cwa/model.ts'
import type { NewEvent } from './event-queue.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { Tickets } from './sign-in/tickets.ts'

/** A request as the one who steers sees it. Nothing secret is in it. */
export interface SeenRequest {
  readonly verb: string
  readonly path: string
  /** Names of the methods posted. */
  readonly methods: readonly string[]
  /** The session of a command or of a GET, where it names one. */
  readonly sid?: string
  /** The AckID of a GET. */
  readonly ackId?: number
}

/** `status` is undefined while it is not answered, and stays so when the connection was cut. */
export type LoggedRequest = SeenRequest & { readonly status: number | undefined }

export type Matches = (request: SeenRequest) => boolean

/** What goes wrong next: an HTTP status, an error in the answer, or a connection cut before or after the work is done. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'error'; readonly error: CwaError }
  | { readonly kind: 'cut'; readonly when: 'before' | 'after' }

/** Steering for tests and for people who try things out. */
export interface CwaControl {
  /** Resolves when a GET of this user is held: everything there is has been delivered. */
  readonly untilListening: (uri: string) => Promise<void>
  /** Makes the user's tickets invalid; his sessions stay. */
  readonly expireTicket: (uri: string) => void
  readonly rotateTicket: (uri: string) => void
  /** The next request that matches is answered with this HTTP status, or with this error, and nothing is done. */
  readonly failNext: (matches: Matches, what: number | CwaError) => void
  readonly cutNext: (when: 'before' | 'after', matches?: Matches) => void
  /** Requests that come from now on wait until `release`. */
  readonly hold: () => void
  readonly release: () => void
  /** Loses tickets, sessions and connections, as a server that breaks down and comes back. Contact lists stay. */
  readonly restart: () => void
  /** Ends the user's sessions as if they had timed out; tickets stay. */
  readonly endSessions: (uri: string) => Promise<void>
  readonly queueEvents: (uri: string, events: readonly NewEvent[]) => void
  readonly sessions: () => readonly { readonly sid: string; readonly uri: string; readonly listening: boolean }[]
  /** The last thousand requests, oldest first. */
  readonly requests: () => readonly LoggedRequest[]
}

/** What the HTTP side asks of it. */
export interface Steering {
  readonly control: CwaControl
  readonly held: (session: Session) => void
  readonly gate: () => Promise<void>
  /** Takes the fault that waits for such a request. */
  readonly faultFor: (request: SeenRequest) => Fault | undefined
  /** Notes a request. Call the result with its status. */
  readonly log: (request: SeenRequest) => (status: number) => void
}

export interface SteeringOptions {
  readonly sessions: () => Sessions
  readonly tickets: Tickets
  readonly restart: () => void
}

const LOG_LENGTH = 1000

export function steering({ sessions, tickets, restart }: SteeringOptions): Steering {
  const waiting = new Set<{ readonly uri: string; readonly resolve: () => void }>()
  const faults: { readonly matches: Matches; readonly fault: Fault }[] = []
  const log = requestLog()
  let closed: PromiseWithResolvers<void> | undefined

  const control: CwaControl = {
    untilListening(uri) {
      const own = sessions().of(uri)
      if (own.some(({ queue }) => queue.isHeld())) return Promise.resolve()
      return new Promise((resolve) => waiting.add({ uri, resolve }))
    },
    expireTicket: tickets.expire,
    rotateTicket: tickets.rotate,
    failNext(matches, what) {
      const fault: Fault = typeof what === 'number' ? { kind: 'status', status: what } : { kind: 'error', error: what }
      faults.push({ matches, fault })
    },
    cutNext: (when, matches = () => true) => faults.push({ matches, fault: { kind: 'cut', when } }),
    hold: () => void (closed ??= Promise.withResolvers()),
    release() {
      closed?.resolve()
      closed = undefined
    },
    restart,
    async endSessions(uri) {
      await Promise.all(sessions().of(uri).map(sessions().end))
    },
    queueEvents(uri, events) {
      for (const { queue } of sessions().of(uri)) queue.add(...events)
    },
    sessions: () =>
      sessions()
        .all()
        .map(({ sid, uri, queue }) => ({ sid, uri, listening: queue.isHeld() })),
    requests: log.all,
  }

  return {
    control,
    held({ uri }) {
      for (const wait of [...waiting].filter((each) => each.uri === uri)) {
        waiting.delete(wait)
        wait.resolve()
      }
    },
    gate: () => closed?.promise ?? Promise.resolve(),
    faultFor(request) {
      const at = faults.findIndex(({ matches }) => matches(request))
      return at === -1 ? undefined : faults.splice(at, 1)[0]?.fault
    },
    log: log.add,
  }
}

/** The last requests, oldest first, each with the status that it was answered with. */
function requestLog(): { readonly all: CwaControl['requests']; readonly add: Steering['log'] } {
  const requests: { seen: SeenRequest; status: number | undefined }[] = []
  return {
    all: () => requests.map(({ seen, status }) => ({ ...seen, status })),
    add(seen) {
      const entry: (typeof requests)[number] = { seen, status: undefined }
      requests.push(entry)
      if (requests.length > LOG_LENGTH) requests.shift()
      return (status) => {
        entry.status = status
      }
    },
  }
}
