import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { exchange, type Answer, type HttpRequest } from './exchange.ts'
import { legacyTls, type LegacyTls } from './legacy-tls.ts'
import { wallClock, type Clock } from '../../clock.ts'

/**
 * HTTP/1.1 on node:http, because a connection must be ours to keep: NTLM authenticates the socket, not the request,
 * and fetch() gives no hold of it.
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

export interface HttpAnswer extends Answer {
  /** DER of the certificate that the server showed on this connection; undefined without TLS. */
  readonly certificate: Buffer | undefined
}

export interface Transport {
  /** @throws UpstreamFault ('again' for the network and deadlines, 'give-up' for TLS and answers that are too large) */
  readonly request: (request: HttpRequest) => Promise<HttpAnswer>
  /** An agent with one connection, for one sign-in. The caller destroys it. */
  readonly ownAgent: () => http.Agent
  /** Closes the shared connections. What is under way fails. */
  readonly close: () => void
}

/**
 * Shared connections that were idle for longer than this are closed rather than used: a POST that meets a closed end has an
 * unknown fate. Servers that close sooner say so in each answer (`Keep-Alive: timeout=5`, as Apache and Node.js do), and
 * Node's agent takes them at their word. Those that do not say keep one for longer: ALB 60 s, nginx 75 s, IIS and ISA 120 s.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html#connection-idle-timeout
 */
const IDLE_MS = 55_000
/** Those that were idle for longer than this, in milliseconds, may have ended while a Lambda environment was frozen. */
const UNSEEN_MS = 1_000
/** Free connections kept: one for each session that an upkeep environment polls for. */
const FREE_SOCKETS = 1_024

export function transport({ url, ca, servername, ...options }: TransportOptions): Transport {
  const { clock = wallClock, connectTimeoutMs = 5_000 } = options
  const secure = url.protocol === 'https:'
  const client = secure ? https : http
  const trust = {
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca }),
    ...(servername && { servername }),
    ...(options.legacyTls && legacyTls(options.legacyTls)),
  }
  const shared = new client.Agent({ keepAlive: true, maxFreeSockets: FREE_SOCKETS, ...trust })
  const certificates = new WeakMap<Socket, Buffer>()
  let usedAt = clock.now()
  let seen = Promise.resolve()

  const open =
    ({ method, path, headers, body = '', agent = shared }: HttpRequest) =>
    () => {
      const length = method !== 'GET' && { 'Content-Length': String(Buffer.byteLength(body)) }
      return client.request(new URL(path, url), { method, headers: { ...headers, ...length }, agent, ...trust })
    }
  // Read at once: Node does not give it any more when the connection is used again.
  const connected = (socket: Socket) => {
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
    if (certificate) certificates.set(socket, certificate.raw)
  }
  const parts = {
    host: url.host,
    connectedEvent: secure ? 'secureConnect' : 'connect',
    connected,
    connectTimeoutMs,
    clock,
  } as const

  return {
    async request(asked) {
      const idleMs = clock.now() - usedAt
      usedAt = clock.now()
      if (idleMs > IDLE_MS) closeIdle(shared, () => true)
      else if (idleMs > UNSEEN_MS) seen = whatEnded(shared)
      await seen
      const answer = await exchange(asked, { ...parts, open: open(asked) })
      usedAt = clock.now()
      return { ...answer, certificate: certificates.get(answer.connection) }
    },
    // A resumed TLS session shows no certificate, so none is resumed here.
    ownAgent() {
      return new client.Agent({ keepAlive: true, maxSockets: 1, maxCachedSessions: 0, ...trust })
    },
    close: () => shared.destroy(),
  }
}

function closeIdle(agent: http.Agent, which: (socket: Socket) => boolean): void {
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of (sockets ?? []).filter(which)) socket.destroy()
}

/*
 * What came over sockets is read once the event loop turns, and a timeout that the server asked for is looked at then:
 *
 *   environment   answers ─ frozen ……………………… thawed ─ POST: over a socket that is closed at the other end
 *   server                    closes its end
 *
 *   environment   answers ─ frozen ……………………… thawed ─ two turns: it has ended ─ POST: over another
 *   server                    closes its end
 */
async function whatEnded(agent: http.Agent): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
  closeIdle(agent, ({ readable }) => !readable)
}
