import { createServer } from 'node:tls'
import type { Server, TLSSocket } from 'node:tls'
import { authority } from '../tls/certificates.ts'
import type { Credential } from '../tls/certificates.ts'
import type { Clock } from '../../../shared/clock.ts'
import { focusServer } from './conferences/focus.ts'
import type { FocusServer } from './conferences/focus.ts'
import { sipLink } from './sip/link.ts'
import type { Incoming } from './incoming.ts'
import type { SipLink } from './sip/transactions.ts'
import { presenceServer } from './presence/presence-server.ts'
import type { PresenceServer } from './presence/presence-server.ts'
import { proxy } from './proxy.ts'
import type { Proxy } from './proxy.ts'
import { registrar } from './registrar.ts'
import type { LcsUser, Registrar } from './registrar.ts'
import { tagOf } from './sip/address.ts'
import { header, listHeader } from './sip/sip.ts'

export interface LcsOptions {
  readonly clock: Clock
  /** Who has an account. Others cannot register, be called, or be watched. */
  readonly users: readonly LcsUser[]
  /** TCP port on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number
}

/** What a peer needs to connect: where, whom to trust, and what to show. */
export interface LcsPeer extends Credential {
  readonly host: string
  readonly port: number
  /** Certificate of the authority that signed the server's certificate, PEM. */
  readonly ca: string
}

export interface Lcs {
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** The port it listens on; 0 before the start. */
  readonly port: () => number
  /** The way in for a web access server of this name, with a client certificate of its own. Call it after the start. */
  readonly peer: (name: string) => LcsPeer
}

const HOST = '127.0.0.1'
const ALLOW: readonly [string, string] = [
  'Allow',
  'REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, SERVICE, INVITE, ACK, CANCEL, MESSAGE, INFO, REFER, BYE',
]

/**
 * A stand-in Live Communications Server: SIP (RFC 3261) over TLS with certificates on both sides, a registrar, a
 * presence server, a proxy, and a focus for conferences of several people. A peer whose certificate is not of this server's
 * own authority gets no connection; one that has it is a trusted server, which vouches for the users it registers.
 */
export function lcs({ clock, users, port = 0 }: LcsOptions): Lcs {
  const certificates = authority('Live Communications Server stand-in authority')
  const sockets = new Set<TLSSocket>()
  let listening = 0
  const self = () => `sip:lcs.local:${listening};transport=tls;lr`

  const endpoints = registrar({ clock, users, onChange: (binding, gone) => presence.changed(binding, gone) })
  const presence = presenceServer({ clock, registrar: () => endpoints, contact: self })
  const sessions = proxy({ clock, registrar: () => endpoints, route: self })
  const conferences = focusServer({ clock, registrar: () => endpoints, call: sessions.call })

  const handlers = handlersOf(endpoints, presence, sessions)

  function connected(socket: TLSSocket): void {
    sockets.add(socket)
    const link: SipLink = sipLink({
      socket,
      clock,
      sentBy: `lcs.local:${listening}`,
      onRequest: (incoming) => dispatch(handlers, conferences, incoming),
      onClose() {
        sockets.delete(socket)
        presence.dropLink(link)
        conferences.dropLink(link)
        endpoints.dropLink(link)
      },
    })
  }

  const server = createServer({
    ...certificates.issue({ commonName: 'lcs.local', use: 'server', names: ['lcs.local', 'localhost', HOST] }),
    ca: certificates.ca,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  })
  server.on('secureConnection', connected)
  // A peer that was refused: TLS says why to it.
  server.on('tlsClientError', () => {})

  return {
    async start() {
      listening = await portOf(server, port)
    },
    async stop() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
      await promise
    },
    port: () => listening,
    peer: (name) => ({
      host: HOST,
      port: listening,
      ca: certificates.ca,
      ...certificates.issue({ commonName: name, use: 'client', names: [name] }),
    }),
  }
}

type Handler = (incoming: Incoming) => void
type Handlers = Readonly<Record<string, { readonly outside?: Handler; readonly inside?: Handler }>>

/** What is done with each method outside of a dialog, and inside of one. */
function handlersOf(endpoints: Registrar, presence: PresenceServer, sessions: Proxy): Handlers {
  return {
    REGISTER: { outside: endpoints.register },
    PUBLISH: { outside: presence.publish },
    SERVICE: { outside: presence.service },
    SUBSCRIBE: { outside: presence.subscribe, inside: presence.subscribe },
    INVITE: { outside: sessions.invite },
    ACK: { outside: () => {}, inside: sessions.within },
    MESSAGE: { inside: sessions.within },
    INFO: { inside: sessions.within },
    REFER: { inside: sessions.within },
    NOTIFY: { inside: sessions.within },
    BYE: { inside: sessions.within },
  }
}

function dispatch(handlers: Handlers, conferences: FocusServer, incoming: Incoming): void {
  const { request, respond } = incoming
  const required = listHeader(request, 'Require')
  if (required.length > 0 && request.method !== 'ACK') {
    // RFC 3261, 8.2.2.3: there is no extension here that one could demand.
    return respond(420, 'Bad Extension', { headers: [['Unsupported', required.join(', ')]] })
  }
  const known = Object.hasOwn(handlers, request.method) ? handlers[request.method] : undefined
  if (known === undefined) return respond(501, 'Not Implemented', { headers: [ALLOW] })
  if (conferences.isMine(request.uri)) return conferences.receive(incoming)
  const isInside = tagOf(header(request, 'To')) !== undefined
  const handle = isInside ? known.inside : known.outside
  if (handle !== undefined) return handle(incoming)
  if (isInside) return respond(405, 'Method Not Allowed', { headers: [ALLOW] })
  respond(481, 'Call Leg/Transaction Does Not Exist')
}

/** @returns the port that it listens on then */
async function portOf(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, HOST, resolve)
  await promise
  const address = server.address()
  // A string is a pipe's name, null a server that does not listen: neither is what was asked for.
  if (typeof address === 'string' || address === null) throw new TypeError('the LCS listens on a TCP port')
  return address.port
}
