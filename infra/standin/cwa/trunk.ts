import { connect } from 'node:tls'
import type { Clock } from '../../../shared/clock.ts'
import { sipLink } from '../lcs/sip/link.ts'
import type { Incoming } from '../lcs/incoming.ts'
import type { SipLink } from '../lcs/sip/transactions.ts'
import type { LcsPeer } from '../lcs/server.ts'

/** The one mutually authenticated TLS connection of this server to its LCS, made when the first session needs it. */
export interface Trunk {
  /** Undefined when the LCS cannot be reached, or refuses the certificate. */
  readonly link: () => Promise<SipLink | undefined>
  /** Hands every request that comes for this contact to `receive`, until the returned function is called. */
  readonly attach: (contact: string, receive: (incoming: Incoming) => void) => () => void
  readonly close: () => void
}

export interface TrunkOptions {
  readonly clock: Clock
  readonly lcs: LcsPeer
  /** This server's name in Via headers. */
  readonly name: string
  /** Called when a connection that was there is gone: its endpoints are registered no longer. */
  readonly onLost: () => void
}

export function trunk({ clock, lcs, name, onLost }: TrunkOptions): Trunk {
  const endpoints = new Map<string, (incoming: Incoming) => void>()
  let current: Promise<SipLink | undefined> | undefined

  function receive(incoming: Incoming): void {
    const endpoint = endpoints.get(incoming.request.uri)
    if (endpoint !== undefined) endpoint(incoming)
    else if (incoming.request.method !== 'ACK') incoming.respond(481, 'Call Leg/Transaction Does Not Exist')
  }

  function open(): Promise<SipLink | undefined> {
    const { promise, resolve } = Promise.withResolvers<SipLink | undefined>()
    const { host, port, ca, cert, key } = lcs
    const socket = connect({ host, port, ca, cert, key, servername: 'lcs.local', minVersion: 'TLSv1.2' })
    const opened = promise
    const link: SipLink = sipLink({
      socket,
      clock,
      sentBy: name,
      onRequest: receive,
      onClose() {
        if (current === opened) {
          current = undefined
          onLost()
        }
        resolve(undefined)
      },
    })
    socket.once('secureConnect', () => resolve(link))
    return promise
  }

  return {
    link: () => (current ??= open()),
    attach(contact, receive) {
      endpoints.set(contact, receive)
      return () => {
        if (endpoints.get(contact) === receive) endpoints.delete(contact)
      }
    },
    close() {
      const closing = current
      current = undefined
      void closing?.then((link) => link?.close())
    },
  }
}
