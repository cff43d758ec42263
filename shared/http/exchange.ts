import type { Answer } from './answer.ts'
import type { Address } from './connection.ts'
import type { KeptSocket } from './kept-socket.ts'
import { late, pool, type PoolLimits } from './pool.ts'

/*
 * Stands for node:http and for the SDK's handler over it, which take four times as much of the processor: requests whose
 * body is in memory, over sockets that are kept. test/http/exchange.test.ts holds it to what that handler does.
 */

export interface ExchangeLimits extends PoolLimits {
  /** Milliseconds for all of it. */
  readonly requestTimeout: number
}

/**
 * Sends a request as it is, head and body, and brings the whole answer.
 *
 * @throws what the SDK takes for an error of the network; with an aborted `signal`, its reason
 */
export type Exchange = (request: Uint8Array, signal?: AbortSignal) => Promise<Answer>

export function exchange(address: Address, limits: ExchangeLimits): Exchange {
  const sockets = pool(address, limits)
  return (request, signal) =>
    new Promise((resolve, reject) => {
      let socket: KeptSocket | undefined
      const end = (): void => {
        clearTimeout(whole)
        clearTimeout(turn)
        sockets.leave(go)
        signal?.removeEventListener('abort', abort)
      }
      const fail = (thrown: unknown): void => {
        end()
        reject(passing(thrown))
      }
      const giveUp = (thrown: unknown): void => {
        socket?.drop()
        fail(thrown)
      }
      const done = (answer: Answer): void => {
        end()
        resolve(answer)
      }
      const go = (found: KeptSocket): void => {
        clearTimeout(turn)
        socket = found
        found.ask(request, { done, fail })
      }
      const abort = (): void => giveUp(signal?.reason)
      const whole = setTimeout(() => giveUp(late('the answer did not come')), limits.requestTimeout)
      let turn: NodeJS.Timeout | undefined
      signal?.addEventListener('abort', abort, { once: true })
      if (!sockets.take(go)) turn = setTimeout(() => giveUp(late('no socket was free')), limits.connectionTimeout)
    })
}

/** The SDK's handler gives these that name, too. */
function passing(thrown: unknown): unknown {
  const isPassing = thrown instanceof Error && 'code' in thrown && PASSING.has(thrown.code)
  return isPassing ? Object.assign(thrown, { name: 'TimeoutError' }) : thrown
}

const PASSING = new Set<unknown>(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])
