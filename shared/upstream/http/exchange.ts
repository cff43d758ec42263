import { UpstreamFault } from '../fault.ts'
import { faultOfNetwork } from './network-faults.ts'
import { ANSWER_BYTES, type Sockets } from './sockets.ts'
import type { Answer } from '../../http/answer.ts'
import type { KeptSocket } from '../../http/kept-socket.ts'
import type { Clock } from '../../clock.ts'

export interface ExchangeParts {
  readonly sockets: Sockets
  /** The only connection this may go over; the request fails when it cannot. */
  readonly over: KeptSocket | undefined
  /** @throws TypeError for a request that cannot be written */
  readonly write: () => Uint8Array
  /** Aborting it rejects with its reason. */
  readonly signal: AbortSignal | undefined
  /** Longest time, in milliseconds, for the whole exchange. */
  readonly deadlineMs: number
  /** Longest time, in milliseconds, until the connection stands. */
  readonly connectTimeoutMs: number
  /** For words about faults. */
  readonly host: string
  readonly clock: Clock
}

export interface Exchanged {
  readonly answer: Answer
  readonly connection: KeptSocket
}

/** The deadline passed, and the answer had not come, or not all of it. A GET that is held for long ends so, too. */
export class Unanswered extends UpstreamFault {
  constructor(host: string, deadlineMs: number, maybeDone: boolean) {
    super('again', `${host} did not answer within ${deadlineMs} ms`, { maybeDone, timedOut: true })
  }
}

/** One request and its whole answer, or the first of all that can go wrong on the way. */
export function exchange(parts: ExchangeParts): Promise<Exchanged> {
  const { sockets, over, write, signal, deadlineMs, connectTimeoutMs, host, clock } = parts
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    let connection: KeptSocket | undefined
    let connecting: (() => void) | undefined
    /** Without a connection that stands, nothing of the request has left. */
    const isSent = (): boolean => connection?.stands() === true
    const end = (): void => {
      whole()
      connecting?.()
      signal?.removeEventListener('abort', abort)
    }
    const fail = (thrown: unknown): void => {
      end()
      reject(faultOf(thrown, host, isSent()))
    }
    const giveUp = (thrown: unknown): void => {
      end()
      reject(thrown)
      connection?.drop()
    }
    const abort = (): void => giveUp(signal?.reason)
    const whole = clock.after(deadlineMs, () => giveUp(new Unanswered(host, deadlineMs, isSent())))
    signal?.addEventListener('abort', abort, { once: true })
    try {
      const request = write()
      connection = sockets.take(over)
      if (!connection.stands()) connecting = clock.after(connectTimeoutMs, () => giveUp(unconnected(parts)))
      const own = connection
      const done = (answer: Answer): void => {
        if (answer.statusCode === 101) return fail(otherProtocol(host))
        end()
        resolve({ answer, connection: own })
      }
      connection.ask(request, { done, fail, standing: () => connecting?.() })
    } catch (thrown) {
      fail(thrown)
    }
  })
}

function faultOf(thrown: unknown, host: string, isSent: boolean): UpstreamFault {
  if (thrown instanceof UpstreamFault) return thrown
  if (!(thrown instanceof RangeError)) return faultOfNetwork(thrown, host, isSent)
  return new UpstreamFault('give-up', `the answer is larger than ${ANSWER_BYTES} bytes`, { maybeDone: true })
}

function unconnected({ host, connectTimeoutMs }: ExchangeParts): UpstreamFault {
  return new UpstreamFault('again', `${host} did not take the connection within ${connectTimeoutMs} ms`)
}

function otherProtocol(host: string): UpstreamFault {
  return new UpstreamFault('give-up', `${host}: it answers in another protocol (HTTP 101)`, { maybeDone: true })
}
