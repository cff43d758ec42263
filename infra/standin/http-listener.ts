import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Credential } from './tls/certificates.ts'

/** One port that answers. Several may share a request listener, and with it everything behind it. */
export interface HttpListener {
  /** Rejects with Node's error, `EADDRINUSE` for example, when the port cannot be had. */
  readonly start: () => Promise<void>
  /** Takes no more connections; resolves when those that are there have ended. */
  readonly stop: () => Promise<void>
  /** Base URL such as `http://127.0.0.1:8080`. Complete after the start. */
  readonly url: () => string
  readonly closeAllConnections: () => void
}

export const HOST = '127.0.0.1'

/** A held GET is no idle connection, and a client may take its time between two: Node's own limits are wide. */
const LIMITS = { requestTimeout: 30_000, keepAliveTimeout: 120_000 }

/** HTTP on 127.0.0.1, or HTTPS where there is a credential. Port 0 takes a free one. */
export function httpListener(
  wanted: number,
  credential: Credential | undefined,
  listener: RequestListener,
): HttpListener {
  const server =
    credential === undefined
      ? createServer(LIMITS, listener)
      : createSecureServer({ ...LIMITS, ...credential }, listener)
  let port = wanted

  return {
    async start() {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      server.once('error', reject)
      server.listen(wanted, HOST, resolve)
      await promise
      server.off('error', reject)
      const address = server.address()
      // A string is a pipe's name, null a server that does not listen: neither is what was asked for.
      if (typeof address === 'string' || address === null) throw new TypeError('a server listens on a TCP port')
      port = address.port
    },
    async stop() {
      if (!server.listening) return
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      await promise
    },
    url: () => `${credential === undefined ? 'http' : 'https'}://${HOST}:${port}`,
    closeAllConnections: () => server.closeAllConnections(),
  }
}
