import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { UpstreamFault } from '../fault.ts'
import { onceStanding } from '../../http/connection.ts'
import type { Answer } from '../../http/answer.ts'
import { cut, keptSocket, type KeptSocket } from '../../http/kept-socket.ts'
import type { Clock } from '../../clock.ts'

/** Longest body of an answer that is read, in bytes. A first answer holds a whole contact list. */
export const ANSWER_BYTES = 4 * 1024 * 1024

/**
 * A connection that was idle for longer than this, in milliseconds, is closed rather than used: a POST that meets a closed
 * end has an unknown fate. Servers that close sooner say so in each answer (`Keep-Alive: timeout=5`, as Apache and Node.js
 * do) and are taken at their word, but for the last second. Those that do not say keep one for longer: ALB 60 s, nginx 75 s,
 * IIS and ISA 120 s.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html#connection-idle-timeout
 */
const IDLE_MS = 55_000
const LAST_SECOND_MS = 1_000
/**
 * The same for one over which nothing was asked yet: a server waits less long for a first request, and may answer 408 unasked
 * then. Apache 20 s (RequestReadTimeout), HAProxy 10 s in its examples (timeout http-request), nginx and Node.js 60 s.
 */
const UNASKED_MS = 5_000
/** Idle connections kept: one for each session that an upkeep environment polls for. */
const KEPT = 1_024

/** The connection that a request had to go over is gone. */
export class ConnectionLost extends UpstreamFault {
  constructor() {
    super('again', 'the connection was not kept')
  }
}

/** Connections to one server, as many as there are requests at once. The last one used is used first. */
export interface Sockets {
  /**
   * One that is idle, or a new one.
   * @param over the only one that it may be
   * @throws ConnectionLost where that is not there
   */
  readonly take: (over?: KeptSocket) => KeptSocket
  /** Opens one that is idle then. `settled` is called once it stands, or cannot. */
  readonly open: (settled: () => void) => void
  /** Closes all of them. What is under way fails. */
  readonly close: () => void
}

export interface SocketParts {
  readonly connect: (session: Buffer | undefined) => Socket
  readonly clock: Clock
  /** Whether a connection may resume the TLS of an earlier one. Such a one shows no certificate. */
  readonly resumes: boolean
}

export function sockets({ connect, clock, resumes }: SocketParts): Sockets {
  const open = new Set<KeptSocket>()
  const idle: { readonly socket: KeptSocket; readonly until: number }[] = []
  let session: Buffer | undefined

  function free(socket: KeptSocket, answer: Answer): void {
    const ms = keptFor(answer)
    if (ms <= 0 || idle.length >= KEPT) socket.drop()
    else idle.push({ socket, until: clock.now() + ms })
  }
  function gone(socket: KeptSocket): void {
    // With a session that the server does not take, the next one would fail, too.
    if (!socket.stands()) session = undefined
    open.delete(socket)
    const at = idle.findIndex((each) => each.socket === socket)
    if (at >= 0) idle.splice(at, 1)
  }
  function opened(settled?: () => void): KeptSocket {
    const socket = connect(session)
    if (settled !== undefined) {
      onceStanding(socket, settled)
      socket.once('close', settled)
    }
    if (resumes) socket.on('session', (latest) => void (session = latest))
    const own = keptSocket(socket, { free, gone }, ANSWER_BYTES)
    open.add(own)
    if (!resumes) onceStanding(socket, () => certificates.set(own, certificateOf(socket)))
    return own
  }
  function lastUsed(): KeptSocket | undefined {
    for (;;) {
      const last = idle.pop()
      if (last === undefined || clock.now() <= last.until) return last?.socket
      last.socket.drop()
    }
  }

  return {
    take(over) {
      const found = lastUsed()
      if (over === undefined) return found ?? opened()
      if (found === over) return over
      found?.drop()
      throw new ConnectionLost()
    },
    open: (settled) => void idle.push({ socket: opened(settled), until: clock.now() + UNASKED_MS }),
    close() {
      for (const socket of open) socket.fail(cut())
    },
  }
}

/** In milliseconds. */
function keptFor({ headers }: Answer): number {
  const [, seconds] = /^timeout=(\d+)/.exec(headers['keep-alive'] ?? '') ?? []
  return seconds === undefined ? IDLE_MS : Math.min(IDLE_MS, Number(seconds) * 1_000 - LAST_SECOND_MS)
}

const certificates = new WeakMap<KeptSocket, Buffer | undefined>()

/** DER of the certificate that the server showed; undefined without TLS, and on a connection that may have been resumed. */
export function certificateShownOn(socket: KeptSocket): Buffer | undefined {
  return certificates.get(socket)
}

function certificateOf(socket: Socket): Buffer | undefined {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.raw : undefined
}
