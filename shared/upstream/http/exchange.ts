import type http from 'node:http'
import type { Socket } from 'node:net'
import { UpstreamFault } from '../fault.ts'
import { faultOfNetwork } from './network-faults.ts'
import type { Clock } from '../../clock.ts'

/** Longest body of an answer that is read, in bytes. A first answer holds a whole contact list. */
export const ANSWER_BYTES = 4 * 1024 * 1024

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Aborting it rejects with its reason. */
  readonly signal?: AbortSignal | undefined
  /** Longest time, in milliseconds, for the whole exchange. */
  readonly deadlineMs: number
  /** Connections to use; by default those that all requests share. */
  readonly agent?: http.Agent
  /** The only connection this may go over; the request fails when it cannot. */
  readonly over?: Socket
}

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
  readonly connection: Socket
}

export interface ExchangeParts {
  readonly open: () => http.ClientRequest
  /** For words about faults. */
  readonly host: string
  /** The event of a socket that says it can be used. */
  readonly connectedEvent: 'connect' | 'secureConnect'
  readonly connected: (socket: Socket) => void
  readonly connectTimeoutMs: number
  readonly clock: Clock
}

/** The connection that a request had to go over is gone. */
export class ConnectionLost extends UpstreamFault {
  constructor() {
    super('again', 'the connection was not kept')
  }
}

/** The deadline passed, and the answer had not come, or not all of it. A GET that is held for long ends so, too. */
export class Unanswered extends UpstreamFault {
  constructor(host: string, deadlineMs: number, maybeDone: boolean) {
    super('again', `${host} did not answer within ${deadlineMs} ms`, { maybeDone, timedOut: true })
  }
}

/** One request and its whole answer, or the first of all that can go wrong on the way. */
export function exchange(asked: HttpRequest, parts: ExchangeParts): Promise<Answer> {
  return new Promise((resolve, reject) => {
    asked.signal?.throwIfAborted()
    const watch = watchOver(asked, parts, reject)
    try {
      const outgoing = parts.open()
      watch.request(outgoing)
      outgoing.on('response', (incoming) => {
        const { statusCode: status = 0, headers, socket: connection } = incoming
        incoming.on('error', watch.fail)
        bodyOf(incoming).then((body) => {
          watch.end()
          resolve({ status, headers, body, connection })
        }, watch.fail)
      })
      // Without a listener Node closes the connection and says nothing.
      outgoing.on('upgrade', (_, socket) => {
        socket.destroy()
        const words = `${parts.host}: it answers in another protocol (HTTP 101)`
        watch.fail(new UpstreamFault('give-up', words, { maybeDone: true }))
      })
      outgoing.end(asked.body)
    } catch (thrown) {
      watch.fail(thrown)
    }
  })
}

/** Everything that can end an exchange before its answer: deadline, abort, socket, the wrong connection. */
function watchOver(asked: HttpRequest, parts: ExchangeParts, reject: (fault: unknown) => void) {
  const { host, clock, connectTimeoutMs } = parts
  let outgoing: http.ClientRequest | undefined
  let sent = false
  const unanswered = () => fail(new Unanswered(host, asked.deadlineMs, sent))
  const unconnected = () =>
    fail(new UpstreamFault('again', `${host} did not take the connection within ${connectTimeoutMs} ms`))
  const timers = [clock.after(asked.deadlineMs, unanswered)]
  const end = () => {
    for (const cancel of timers) cancel()
    asked.signal?.removeEventListener('abort', abort)
  }
  const fail = (thrown: unknown) => {
    end()
    reject(thrown instanceof UpstreamFault || asked.signal?.aborted ? thrown : faultOfNetwork(thrown, host, sent))
    outgoing?.destroy()
  }
  const abort = () => fail(asked.signal?.reason)
  asked.signal?.addEventListener('abort', abort, { once: true })

  const connecting = (socket: Socket) => {
    const cancel = clock.after(connectTimeoutMs, unconnected)
    timers.push(cancel)
    socket.once(parts.connectedEvent, () => {
      sent = true
      cancel()
      parts.connected(socket)
    })
  }
  const request = (made: http.ClientRequest) => {
    outgoing = made
    made.on('error', fail)
    made.on('socket', (socket) => {
      if (asked.over && asked.over !== socket) fail(new ConnectionLost())
      else if (made.reusedSocket) sent = true
      else connecting(socket)
    })
  }
  return { request, fail, end }
}

async function bodyOf(incoming: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming) {
    length += chunk.length
    if (length > ANSWER_BYTES) {
      throw new UpstreamFault('give-up', `the answer is larger than ${ANSWER_BYTES} bytes`, { maybeDone: true })
    }
    chunks.push(chunk)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}
