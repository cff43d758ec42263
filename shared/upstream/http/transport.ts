import { createSecureContext, type SecureContext } from 'node:tls'
import { exchange } from './exchange.ts'
import { legacyTls, type LegacyTls } from './legacy-tls.ts'
import { certificateShownOn, sockets, type Sockets } from './sockets.ts'
import { connection } from '../../http/connection.ts'
import type { KeptSocket } from '../../http/kept-socket.ts'
import { requestBytes } from '../../http/request.ts'
import { wallClock, type Clock } from '../../clock.ts'

/**
 * HTTP/1.1 over sockets of our own, because a connection must be ours to keep: NTLM authenticates the socket, not the
 * request, and fetch() gives no hold of it. node:http does, but takes a tenth of what a function needs of the processor.
 */

export interface TransportOptions {
  /** Where the server is: scheme, host and port count. */
  readonly url: URL
  /** PEM of the CAs to trust, instead of those that Node trusts. */
  readonly ca?: string | undefined
  /** Off unless set: TLS as weak as a server of that time has it. */
  readonly legacyTls?: LegacyTls | undefined
  /** Name that the certificate must have, where it is not the host of `url`. */
  readonly servername?: string | undefined
  /** Longest time, in milliseconds, until a connection stands. Default 5,000. */
  readonly connectTimeoutMs?: number | undefined
  readonly clock?: Clock | undefined
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** As it is sent. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Aborting it rejects with its reason. */
  readonly signal?: AbortSignal | undefined
  /** Longest time, in milliseconds, for the whole exchange. */
  readonly deadlineMs: number
  /** Connections to use; by default those that all requests share. */
  readonly sockets?: Sockets
  /** The only connection this may go over; the request fails when it cannot. */
  readonly over?: KeptSocket
}

export interface HttpAnswer {
  readonly status: number
  /** Names in small letters; what came more than once is joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  /** Each `Set-Cookie` as it came. */
  readonly cookies: readonly string[]
  readonly body: string
  readonly connection: KeptSocket
  /** DER of the certificate that the server showed on a connection of `ownSockets`; undefined without TLS. */
  readonly certificate: Buffer | undefined
}

export interface Transport {
  /** @throws UpstreamFault ('again' for the network and deadlines, 'give-up' for TLS and answers that are too large) */
  readonly request: (request: HttpRequest) => Promise<HttpAnswer>
  /** Connections for one sign-in, whose requests follow each other over one. The caller closes them. */
  readonly ownSockets: () => Sockets
  /**
   * Opens a shared connection ahead of the first request, and sends nothing over it. It resolves once that stands or cannot,
   * and after OPEN_MS at the latest: what is wrong, the first request says.
   */
  readonly open: () => Promise<void>
  /** Closes the shared connections. What is under way fails. */
  readonly close: () => void
}

/** Connections that were idle for longer than this, in milliseconds, may have ended while a Lambda environment was frozen. */
const UNSEEN_MS = 1_000
/** Longest time, in milliseconds, for which a function that is being made waits for a connection. */
const OPEN_MS = 300

export function transport({ url, ca, servername, ...options }: TransportOptions): Transport {
  const { clock = wallClock, connectTimeoutMs = 5_000 } = options
  const { protocol, hostname, port, host } = url
  const address = { protocol, hostname, ...(port !== '' && { port: Number(port) }) }
  let trusted: SecureContext | undefined

  const connect = (session: Buffer | undefined) => {
    if (protocol !== 'https:') return connection(address)
    trusted ??= createSecureContext({ ca, ...(options.legacyTls && legacyTls(options.legacyTls)) })
    const trust = { rejectUnauthorized: true, secureContext: trusted, ...(servername && { servername }) }
    return connection(address, { ...trust, session })
  }
  const shared = sockets({ connect, clock, resumes: true })
  let usedAt = clock.now()
  let seen = Promise.resolve()

  const written = ({ method, path, headers, body = '' }: HttpRequest) => {
    const length = method !== 'GET' && { 'Content-Length': String(Buffer.byteLength(body)) }
    return requestBytes({ method, path, headers: { ...headers, ...length, Host: host }, body })
  }

  return {
    async request(asked) {
      if (clock.now() - usedAt > UNSEEN_MS) seen = endsSeen()
      usedAt = clock.now()
      await seen
      const { signal, deadlineMs, sockets: own = shared, over } = asked
      const parts = { sockets: own, over, write: () => written(asked), signal, deadlineMs }
      const { answer, connection: used } = await exchange({ ...parts, connectTimeoutMs, host, clock })
      usedAt = clock.now()
      const { statusCode: status, headers, cookies } = answer
      const body = new TextDecoder().decode(answer.body)
      return { status, headers, cookies, body, connection: used, certificate: certificateShownOn(used) }
    },
    ownSockets: () => sockets({ connect, clock, resumes: false }),
    open: async () =>
      new Promise((resolve) => {
        const cancel = clock.after(OPEN_MS, resolve)
        const settled = () => {
          cancel()
          resolve()
        }
        try {
          shared.open(settled)
        } catch {
          settled()
        }
      }),
    close: shared.close,
  }
}

/*
 * What came over sockets is read once the event loop turns:
 *
 *   environment   answers ─ frozen ……………………… thawed ─ POST: over a socket that is closed at the other end
 *   server                    closes its end
 *
 *   environment   answers ─ frozen ……………………… thawed ─ two turns: it has ended ─ POST: over another
 *   server                    closes its end
 */
async function endsSeen(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}
