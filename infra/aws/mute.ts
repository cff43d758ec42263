import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { bind, HOST } from './port.ts'

/** A way to a service that can fall mute: connections are accepted, what comes is read, and nothing is answered. */
export interface Muteable {
  /** The service's URL, by this way. */
  readonly url: string
  /** How many requests from now on fall on deaf ears, each with its socket, which stays open; 0: none any more. */
  readonly mute: (requests: number) => void
  /** How many sockets are mute. */
  readonly muted: () => number
  /** Sockets that are open to it. */
  readonly open: () => number
  readonly stop: () => Promise<void>
}

/**
 * What a NAT gateway that forgot a flow, or a host that died, looks like from a client: no reset, no end, no word.
 * https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html (idle flows end after 350 s)
 *
 * @param target the service's own URL, on this machine
 */
export async function muteable(target: string): Promise<Muteable> {
  const { hostname, port, pathname } = new URL(target)
  const sockets = new Set<Socket>()
  const deaf = new Set<Socket>()
  let left = 0
  const server = createServer((from) => {
    const to = connect(Number(port), hostname)
    for (const [own, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(own)
      // One side left: the other learns it by the close that follows.
      own.on('error', () => own.destroy())
      own.on('close', () => {
        sockets.delete(own)
        deaf.delete(own)
        other.destroy()
      })
    }
    to.on('data', (chunk) => {
      if (!deaf.has(from)) from.write(chunk)
    })
    from.on('data', (chunk) => {
      if (deaf.has(from)) return
      if (left > 0) {
        left -= 1
        deaf.add(from)
      } else to.write(chunk)
    })
  })
  const bound = await bind(server, 0)
  return {
    url: `http://${HOST}:${bound}${pathname === '/' ? '' : pathname}`,
    mute: (requests) => (left = requests),
    muted: () => deaf.size,
    open: () => sockets.size / 2,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
