import type { IncomingMessage } from 'node:http'
import type { Asked, ConnectionFacts, Pair } from '../events.ts'
import { newId } from '../connection/identifiers.ts'
import { pathOf, refused } from './refused.ts'
import type { Refused } from './refused.ts'

/** Longest URL, in characters (API Gateway quotas for WebSocket APIs, "Length of URL"). */
const URL_CHARACTERS = 4096

/**
 * What is wrong with an upgrade request, before anybody is asked about it. The WebSocket headers are looked at here,
 * not only by the library at the end, so that a `$connect` never runs for a request that cannot become a connection.
 */
export function handshakeFault(request: IncomingMessage, stage: string): Refused | undefined {
  const url = request.url ?? ''
  if (url.length > URL_CHARACTERS) return refused(414, 'URI Too Long', `the URL is over ${URL_CHARACTERS} characters`)
  if (pathOf(url) !== `/${stage}`) return refused(403, 'Forbidden', 'the path is not that of the stage')
  const { upgrade = '', 'sec-websocket-key': key = '', 'sec-websocket-version': version } = request.headers
  const isWebSocket = request.method === 'GET' && upgrade.toLowerCase() === 'websocket' && version === '13'
  if (!isWebSocket || !/^[+/0-9A-Za-z]{22}==$/.test(key))
    return refused(400, 'Bad Request', 'not a WebSocket handshake')
  return undefined
}

/** What the client asked with, and what API Gateway's front adds to it. */
export function askedBy(request: IncomingMessage): Asked {
  const { rawHeaders, url = '', socket } = request
  const headers: Pair[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? ''])
  headers.push(
    ['X-Forwarded-For', socket.remoteAddress ?? ''],
    ['X-Forwarded-Port', String(socket.localPort ?? '')],
    ['X-Forwarded-Proto', 'http'],
  )
  return { headers, query: [...new URLSearchParams(url.slice(pathOf(url).length))] }
}

/** The connection that the request would become. */
export function newcomer({ socket, headers }: IncomingMessage, connectedAt: number): ConnectionFacts {
  const userAgent = headers['user-agent']
  const sourceIp = socket.remoteAddress ?? ''
  const identity = userAgent === undefined ? { sourceIp } : { sourceIp, userAgent }
  return { connectionId: newId(), connectedAt, identity }
}
