import { X509Certificate } from 'node:crypto'
import { tlsServerEndPoint } from '../../../shared/cwa/ntlm/channel-bindings.ts'
import type { CwaCodec } from '../../../shared/cwa/codec.ts'
import { authority } from '../tls/certificates.ts'
import type { Credential } from '../tls/certificates.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { LcsPeer } from '../lcs/server.ts'
import { commands } from './commands.ts'
import { contactBook } from './presence/contacts.ts'
import type { ContactBook } from './presence/contacts.ts'
import { steering } from './control.ts'
import type { CwaControl, Steering } from './control.ts'
import type { NewEvent } from './event-queue.ts'
import { requestListener } from './http/http.ts'
import type { HttpOptions } from './http/http.ts'
import { HOST, httpListener } from '../http-listener.ts'
import { searchResult } from './presence/search.ts'
import { sessions } from './sessions.ts'
import type { Sessions } from './sessions.ts'
import { integratedWindowsAuthentication } from './sign-in/sign-in.ts'
import { throttle } from './http/throttle.ts'
import { tickets } from './sign-in/tickets.ts'
import type { Tickets } from './sign-in/tickets.ts'
import { trunk } from './trunk.ts'
import type { Trunk } from './trunk.ts'
import { directory } from './users.ts'
import type { Account, Directory, StandInUser } from './users.ts'

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
  /** A second listener, HTTPS on this port (0 takes a free one), beside plain HTTP on `port`: one server behind two doors. */
  readonly securePort?: number
  /** Whether there is Integrated Windows Authentication. Without it `/iwa/` is 404. Default true. */
  readonly iwa?: boolean
  /** How long a GET of the data channel is held when nothing happens. Default 20 s. */
  readonly holdMs?: number
  /** The `pollWaitTime` that clients get. Default 50 ms. */
  readonly pollWaitMs?: number
  /** A session without a GET or a command ends after this. Default 10 min. */
  readonly sessionTimeoutMs?: number
  /** Age at which a ticket is replaced. Default 10 min. */
  readonly ticketRotateMs?: number
  /** How long a replaced ticket still works. Default 5 min. */
  readonly ticketOverlapMs?: number
  /** A ticket that no client showed for this long has expired. Default 1 h. */
  readonly ticketIdleMs?: number
  /** Seconds: how often a client repeats that its user composes, and when an idle IM session ends. Default 60 and 120 (bb969542). */
  readonly imComposingTimers?: { readonly refreshInterval: number; readonly timeout: number }
  /** After this somebody who composes is shown so no longer. Default 5 s (bb969484). */
  readonly composingMs?: number
  /** The most people a search returns. Default 20, as Office Communications Server has it. */
  readonly searchRows?: number
  /** The most POSTs of one session in any second; the next ones are answered 18101. Default: no limit. */
  readonly requestsPerSecond?: number
  /** The most requests that may wait for their answer, held GETs among them; the next ones get 503. Default 5000. */
  readonly queueLimit?: number
  /** The most sessions at a time; an initiateSession beyond gets 503. Default 5000. */
  readonly persistentConnections?: number
}

export interface StandInCwa {
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** Base URL such as `http://127.0.0.1:8080`. Complete after the start. */
  readonly url: () => string
  /** Base URL of the second listener, such as `https://127.0.0.1:8081`; undefined without `securePort`. */
  readonly secureUrl: () => string | undefined
  /** PEM of the authority that signed the HTTPS certificate; undefined where there is plain HTTP only. */
  readonly ca: string | undefined
  readonly control: CwaControl
}

const MINUTE = 60_000

/**
 * A stand-in Communicator Web Access server: the sign-in, command and data channels of the Unified Communications AJAX API
 * (MSDN, Office Communications Server 2007) to its clients, and SIP over mutual TLS to the LCS behind it.
 */
export function standInCwa(options: CwaOptions): StandInCwa {
  const { clock, lcs, imComposingTimers = { refreshInterval: 60, timeout: 120 } } = options
  const users = directory(options.users)
  const isSecure = options.tls === true || options.securePort !== undefined
  const privateCa = isSecure ? authority('Communicator Web Access stand-in authority') : undefined
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
    timeoutMs: options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
    onHeld: (session) => steer.held(session),
    conferenceTimers: { idleMs: imComposingTimers.timeout * 1000, composingMs: options.composingMs ?? 5000 },
    configuration: configurationEvent(imComposingTimers),
    bookOf: books(users),
  })
  const toLcs: Trunk = trunk({ clock, lcs, name: 'cwa.local:5061', onLost: () => open.lose() })
  const steer = steering({ sessions: () => open, tickets: valid, restart: breakDown })
  const listener = requestListener(httpOptions(options, { users, valid, open, steer, credential }))
  const first = httpListener(options.port ?? 0, options.tls === true ? credential : undefined, listener)
  const second = options.securePort === undefined ? undefined : httpListener(options.securePort, credential, listener)
  const listeners = second === undefined ? [first] : [first, second]

  function breakDown(): void {
    open.lose()
    toLcs.close()
    valid.clear()
    for (const each of listeners) each.closeAllConnections()
  }

  return {
    async start() {
      for (const each of listeners) await each.start()
    },
    async stop() {
      const stopped = Promise.all(listeners.map((each) => each.stop()))
      steer.control.release()
      breakDown()
      await stopped
    },
    url: first.url,
    secureUrl: () => second?.url(),
    ca: privateCa?.ca,
    control: steer.control,
  }
}

const SESSION_TIMEOUT_MS = 10 * MINUTE

/** What every session gets at its start of the server's settings. */
function configurationEvent(imComposingTimers: NonNullable<CwaOptions['imComposingTimers']>): NewEvent {
  return {
    event: 'configuration',
    imComposingTimers,
    // 12 is display name and e-mail (dd573011).
    search: { defaultFunction: 'or', defaultFields: 12 },
    enableAppearOffline: true,
  }
}

/** The contact lists of all users: they outlive sessions, and a server that breaks down. */
function books(users: Directory): (account: Account) => ContactBook {
  const made = new Map<string, ContactBook>()
  return (account) => {
    const book = made.get(account.uri) ?? contactBook(account, (uri) => users.byUri(uri)?.displayName)
    made.set(account.uri, book)
    return book
  }
}

interface Inside {
  readonly users: Directory
  readonly valid: Tickets
  readonly open: Sessions
  readonly steer: Steering
  readonly credential: Credential | undefined
}

/** What the HTTP face works with. */
function httpOptions(options: CwaOptions, { users, valid, open, steer, credential }: Inside): HttpOptions {
  const { clock, codec, pollWaitMs = 50 } = options
  const channelBindings = credential && tlsServerEndPoint(new X509Certificate(credential.cert).raw)
  return {
    codec,
    directory: users,
    tickets: valid,
    sessions: open,
    steering: steer,
    commands: commands({
      sessions: open,
      pollWaitMs,
      search: (search) => searchResult(search, users.all, options.searchRows ?? 20),
    }),
    holdMs: options.holdMs ?? 20_000,
    pollWaitMs,
    sessionTimeoutMs: options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
    isThrottled: throttle(clock, options.requestsPerSecond),
    queueLimit: options.queueLimit ?? 5000,
    persistentConnections: options.persistentConnections ?? 5000,
    iwa:
      options.iwa === false ? undefined : integratedWindowsAuthentication({ clock, directory: users, channelBindings }),
  }
}
