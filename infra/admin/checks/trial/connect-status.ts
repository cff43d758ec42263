import { randomBytes } from 'node:crypto'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Clock } from '../../../../shared/clock.ts'

/** Longest time, in milliseconds, that the gateway may take: an authorizer that starts cold is waited for. */
const ANSWER_MS = 30_000

export interface ConnectAnswer {
  /** 101: the WebSocket would stand. */
  readonly status: number
  /** `x-amzn-ErrorType`, where API Gateway gives one: `UnauthorizedException`, `ForbiddenException`. */
  readonly error?: string
}

/**
 * What the gateway answers to the request that opens a WebSocket (RFC 6455, section 4.1). A WebSocket client does not see
 * the status of a refusal, and the status says which part refused.
 *
 * @param url `wss://host/stage`, with or without a token
 * @throws the socket's error, or one that says that nothing was answered in time
 */
export function connectStatus(url: string, clock: Clock): Promise<ConnectAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ConnectAnswer>()
  const isSecure = url.startsWith('wss:')
  const request = (isSecure ? requestHttps : requestHttp)(url.replace(/^ws/, 'http'), {
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    },
  })
  const cancel = clock.after(ANSWER_MS, () => request.destroy(new Error(`no answer within ${ANSWER_MS / 1_000} s`)))
  request.once('upgrade', ({ statusCode = 0 }, socket) => {
    socket.destroy()
    resolve({ status: statusCode })
  })
  request.once('response', (response) => {
    response.resume()
    const error = response.headers['x-amzn-errortype']
    resolve({ status: response.statusCode ?? 0, ...(typeof error === 'string' && { error }) })
  })
  request.once('error', reject)
  request.end()
  return promise.finally(cancel)
}
