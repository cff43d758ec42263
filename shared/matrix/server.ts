import type { Clock } from '../clock.ts'
import { UpstreamFault } from '../upstream/fault.ts'
import { Cut, isCutAnswer, isCutConnection } from '../upstream/http/cut.ts'
import type { LegacyTls } from '../upstream/http/legacy-tls.ts'
import { transport, type Transport } from '../upstream/http/transport.ts'
import { faultOfAnswer, type MatrixAnswer } from './faults.ts'
import { isObject, type Json } from './json.ts'

/** One request of the Client-Server API. */
export interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** `/_matrix/client/v3/sync`, with what stands in it encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Json
  /** A secret. */
  readonly token?: string
  readonly signal?: AbortSignal | undefined
  /** Longest time for the whole exchange, in milliseconds. Default 10,000. */
  readonly deadlineMs?: number
  /** What this is, for words about faults. */
  readonly doing: string
}

/** A Matrix server, and whichever host its discovery leads to. */
export interface MatrixServer {
  /**
   * @throws MatrixFault for an answer that is no 2xx, UpstreamFault for what goes wrong on the way; the signal's reason
   */
  readonly ask: (base: string, asked: Asked) => Promise<Json>
  readonly clock: Clock
  readonly close: () => void
}

/** HTTP as it is, for who puts another in its place. */
export type Exchange = (
  base: string,
  asked: Pick<Asked, 'method' | 'path' | 'signal'> & {
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
    readonly deadlineMs: number
  },
) => Promise<MatrixAnswer>

const DEADLINE_MS = 10_000

export interface HttpOptions {
  /** PEM of the CAs to trust instead of the public ones. */
  readonly ca?: string
  readonly legacyTls?: LegacyTls
  readonly clock: Clock
}

export function httpExchange(options: HttpOptions): { readonly exchange: Exchange; readonly close: () => void } {
  const open = new Map<string, Transport>()
  return {
    exchange(base, { path, ...asked }) {
      const url = new URL(base)
      const http = open.get(url.origin) ?? transport({ url, ...options })
      open.set(url.origin, http)
      return http.request({ ...asked, path: `${url.pathname.replace(/\/$/, '')}${path}` })
    },
    close() {
      for (const http of open.values()) http.close()
    },
  }
}

/** A server reached by `exchange`. */
export function matrixServer(exchange: Exchange, clock: Clock, close: () => void): MatrixServer {
  return {
    clock,
    close,
    async ask(base, { query = {}, body, token, doing, deadlineMs = DEADLINE_MS, ...asked }) {
      const search = new URLSearchParams(query).toString()
      const answer = await exchange(base, {
        ...asked,
        path: search === '' ? asked.path : `${asked.path}?${search}`,
        headers: {
          Accept: 'application/json',
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          // "Using access tokens": as a header; in the query it would end in logs.
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        deadlineMs,
      })
      if (answer.status < 200 || answer.status >= 300) throw faultOfAnswer(answer, doing, clock.now())
      return read(answer, doing)
    },
  }
}

function read({ body }: MatrixAnswer, doing: string): Json {
  try {
    const value: unknown = JSON.parse(body)
    if (isObject(value)) return value
  } catch {
    // Reported below: the parser's words quote the answer.
  }
  throw new UpstreamFault('give-up', `${doing}: the answer is no JSON object`, { maybeDone: true })
}

/** A GET that is held until something happens: whatever ends it on the way is an empty answer, and not a failure. */
export function held(exchange: Exchange, clock: Clock): Exchange {
  return async (base, asked) => {
    const since = clock.now()
    const cut = (words: string, cause?: unknown) => new Cut(words, clock.now() - since, cause)
    const answer = await exchange(base, asked).catch((thrown: unknown) => {
      throw isCutConnection(thrown) ? cut(thrown.message, thrown.cause) : thrown
    })
    if (isCutAnswer(answer) && !isOwnWord(answer)) throw cut(`waiting for events: HTTP ${answer.status}`)
    return answer
  }
}

/** A server's own error is JSON ("Standard error response"); a gateway's is a page. */
function isOwnWord({ body }: MatrixAnswer): boolean {
  return /^\s*\{[^]*"errcode"/.test(body)
}
