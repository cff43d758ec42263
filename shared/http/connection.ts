import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, TLSSocket, type ConnectionOptions } from 'node:tls'

export interface Address {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
}

/**
 * Begins a connection to a server. While it is not asked for anything, it keeps no process alive.
 *
 * @param session of TLS, as an earlier connection had it: with it the next one needs less
 */
export function connection(address: Address, { session, ...trust }: ConnectionOptions = {}): Socket {
  const isSecure = address.protocol === 'https:'
  const host = address.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = address.port ?? (isSecure ? 443 : 80)
  const to = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 1_000 }
  if (!isSecure) return connect(to).unref()
  const servername = isIP(host) === 0 ? host : ''
  return connectTls({ servername, ...trust, ...to, ALPNProtocols: ['http/1.1'], ...(session && { session }) }).unref()
}

/** Runs `action` once requests can go over it. */
export function onceStanding(socket: Socket, action: () => void): void {
  socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', action)
}
