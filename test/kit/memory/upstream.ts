import type { Clock } from '../../../shared/clock.ts'
import type { Capability } from '../../../shared/rules/capabilities.ts'
import type { Upstream } from '../../../shared/upstream/upstream.ts'
import { memoryServer, type Hold, type MemoryServer, type ServerOptions } from './server.ts'

/** How a request gets to the server, and its answer back. `what`: in words. */
export type Way = <T>(what: string, effect: () => T) => Promise<T>

export interface MemoryUpstreamOptions extends ServerOptions {
  readonly clock: Clock
  /** How long a wait is held where nothing happens, in milliseconds. Default 20,000. */
  readonly holdMs?: number
  /** Default: at once, and nothing is lost. */
  readonly way?: Way
}

export interface MemoryUpstream extends Pick<MemoryServer, 'uriOf' | 'sessions' | 'expire'> {
  readonly server: MemoryServer
  readonly upstream: Upstream
}

/** What it does beside the core: a command under a key that was used is answered again, and not done twice. */
export const CAPABILITIES: ReadonlySet<Capability> = new Set(['presence', 'idempotent-sends'])

const AT_ONCE: Way = async (_what, effect) => effect()

/** A server in memory on the port: it shows that the port asks for nothing that only one protocol has. */
export function memoryUpstream({
  clock,
  holdMs = 20_000,
  way = AT_ONCE,
  ...about
}: MemoryUpstreamOptions): MemoryUpstream {
  const server = memoryServer(about)
  const upstream: Upstream = {
    capabilities: CAPABILITIES,
    logIn: (user, password, { availability = 'available' } = {}) =>
      way(`log in ${user}`, () => server.logIn(user, password, availability)),
    listen: () => ({
      async next(state, after, { signal, holdMs: most = holdMs }) {
        signal?.throwIfAborted()
        const waited = async () => {
          const { isThere, hold } = await way(`wait of ${state.public} after ${after}`, () => server.ask(state, after))
          signal?.throwIfAborted()
          if (!isThere) await held(hold, most, signal)
          return way(`events of ${state.public}`, () => server.tellAfter(state, after))
        }
        return abortable(signal, waited())
      },
    }),
    send: (state, command, key) => way(`${command.kind} under key ${key}`, () => server.send(state, command, key)),
    logOut: (state) => way(`log out ${state.public}`, () => server.logOut(state)),
    close: () => {},
  }

  /** Until the session's next event, or its next wait, or for so long. */
  function held(hold: Hold, ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        signal?.removeEventListener('abort', end)
        cancel()
        forget()
        resolve()
      }
      const cancel = clock.after(ms, end)
      const forget = hold(end)
      signal?.addEventListener('abort', end)
    })
  }

  return { server, upstream, uriOf: server.uriOf, sessions: server.sessions, expire: server.expire }
}

/** As a request that is aborted: it rejects at once, and its answer is dropped. */
export function abortable<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
