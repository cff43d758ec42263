import { X509Certificate } from 'node:crypto'
import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { tlsServerEndPoint } from '../../../shared/cwa/channel-bindings.ts'
import type { CwaCodec } from '../../../shared/cwa/codec.ts'
import { authority } from '../certificates.ts'
import type { Clock } from '../clock.ts'
import type { LcsPeer } from '../lcs/server.ts'
import { commands } from './commands.ts'
import { contactBook } from './contacts.ts'
import type { ContactBook } from './contacts.ts'
import { steering } from './control.ts'
import type { CwaControl } from './control.ts'
import { requestListener } from './http.ts'
import { sessions } from './sessions.ts'
import type { Sessions } from './sessions.ts'
import { integratedWindowsAuthentication } from './sign-in.ts'
import { tickets } from './tickets.ts'
import { trunk } from './trunk.ts'
import type { Trunk } from './trunk.ts'
import { directory } from './users.ts'
import type { Account, StandInUser } from './users.ts'

export interface CwaOptions {
  readonly users: readonly StandInUser[]
  readonly clock: Clock
  /** The way to the LCS, with a client certificate: `lcs.peer(name)`. */
  readonly lcs: LcsPeer
  /** How bodies are written. */
  readonly codec: CwaCodec
  /** TCP port on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number
  /** HTTPS, with a certificate of a private authority that `ca` gives. */
  readonly tls?: boolean
  /** Whether there is Integrated Windows Authentication. Without it `/iwa/` is 404. Default true. */
  readonly iwa?: boolean
  /** How long a GET of the data channel is held when nothing happens. Default 20 s. */
  readonly holdMs?: number
  /** The `pollWaitTime` clients are told. Default 50 ms. */
  readonly pollWaitMs?: number
  /** A session without a GET or a command ends after this. Default 10 min. */
  readonly sessionTimeoutMs?: number
  /** Age at which a ticket is replaced. Default 10 min. */
  readonly ticketRotateMs?: number
  /** How long a replaced ticket still works. Default 5 min. */
  readonly ticketOverlapMs?: number
  /** A ticket that nobody showed for this long has expired. Default 1 h. */
  readonly ticketIdleMs?: number
}

export interface StandInCwa {
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** Base URL such as `http://127.0.0.1:8080`. Complete after the start. */
  readonly url: () => string
  /** PEM of the authority that signed the HTTPS certificate; undefined over HTTP. */
  readonly ca: string | undefined
  readonly control: CwaControl
}

const HOST = '127.0.0.1'
const MINUTE = 60_000

/**
 * A stand-in Communicator Web Access server: the sign-in, command and data channels of the Unified Communications AJAX API
 * (MSDN, Office Communications Server 2007) to its clients, and SIP over mutual TLS to the LCS behind it.
 */
export function standInCwa(options: CwaOptions): StandInCwa {
  const { clock, lcs, codec, pollWaitMs = 50, sessionTimeoutMs = 10 * MINUTE } = options
  const users = directory(options.users)
  const books = new Map<string, ContactBook>()
  const privateCa = options.tls ? authority('Communicator Web Access stand-in authority') : undefined
  const credential = privateCa?.issue({
    commonName: 'cwa.local',
    use: 'server',
    names: ['cwa.local', 'localhost', HOST],
  })

  const valid = tickets({
    clock,
    rotateMs: options.ticketRotateMs ?? 10 * MINUTE,
    overlapMs: options.ticketOverlapMs ?? 5 * MINUTE,
    idleMs: options.ticketIdleMs ?? 60 * MINUTE,
  })
  const open: Sessions = sessions({
    clock,
    trunk: () => toLcs,
    timeoutMs: sessionTimeoutMs,
    onHeld: (session) => steer.held(session),
    bookOf,
  })
  const toLcs: Trunk = trunk({ clock, lcs, name: 'cwa.local:5061', onLost: () => open.lose() })
  const steer = steering({ sessions: () => open, tickets: valid, restart: breakDown })

  function bookOf(account: Account): ContactBook {
    const book = books.get(account.uri) ?? contactBook(account, (uri) => users.byUri(uri)?.displayName)
    books.set(account.uri, book)
    return book
  }

  function breakDown(): void {
    open.lose()
    toLcs.close()
    valid.clear()
    server.closeAllConnections()
  }

  const listener = requestListener({
    codec,
    directory: users,
    tickets: valid,
    sessions: open,
    steering: steer,
    commands: commands({ sessions: open, pollWaitMs }),
    holdMs: options.holdMs ?? 20_000,
    pollWaitMs,
    sessionTimeoutMs,
    iwa:
      options.iwa === false
        ? undefined
        : integratedWindowsAuthentication({
            clock,
            directory: users,
            ...(credential === undefined
              ? {}
              : { channelBindings: tlsServerEndPoint(new X509Certificate(credential.cert).raw) }),
          }),
  })
  const server = serverFor(credential, listener)
  let port = 0

  return {
    async start() {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      server.once('error', reject)
      server.listen(options.port ?? 0, HOST, resolve)
      await promise
      const address = server.address()
      // A string is a pipe's name, null a server that does not listen: neither is what was asked for.
      if (typeof address === 'string' || address === null) throw new TypeError('CWA listens on a TCP port')
      port = address.port
    },
    async stop() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      steer.control.release()
      breakDown()
      await promise
    },
    url: () => `${credential === undefined ? 'http' : 'https'}://${HOST}:${port}`,
    ca: privateCa?.ca,
    control: steer.control,
  }
}

function serverFor(
  credential: { readonly cert: string; readonly key: string } | undefined,
  listener: RequestListener,
): Server {
  // A held GET is no idle connection, and a client may take its time between two: Node's own limits are off.
  const limits = { requestTimeout: 30_000, keepAliveTimeout: 120_000 }
  return credential === undefined
    ? createServer(limits, listener)
    : createSecureServer({ ...limits, ...credential }, listener)
}
