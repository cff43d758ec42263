import { STATUS_CODES } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { newId } from '../connection/identifiers.ts'

/** An upgrade that is not granted: what the client gets, and why, for the log. */
export interface Refused {
  readonly kind: 'refused'
  readonly status: number
  readonly message: string
  readonly why: string
  /** Whose no it is, where it is not the gateway's own. */
  readonly by?: 'authorizer' | 'integration'
}

export function refused(status: number, message: string, why: string): Refused {
  return { kind: 'refused', status, message, why }
}

/** Writes the refusal as HTTP over the socket that asked for an upgrade, and ends it. */
export function sendRefusal(socket: Duplex, { status, message }: Refused): void {
  const body = JSON.stringify({ message })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `x-amzn-RequestId: ${newId()}`,
    // As AWS's front sends it: what a device has to see that its clock is off.
    `Date: ${new Date().toUTCString()}`,
    'Connection: close',
  ]
  // Nothing more is expected: a client that keeps its half open must not keep the port.
  socket.once('finish', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Answers plain HTTP: on the stage's path it should have been an upgrade, elsewhere nothing is. */
export function refuseRequest({ url = '' }: IncomingMessage, response: ServerResponse, stage: string): void {
  const isStage = pathOf(url) === `/${stage}`
  response.writeHead(isStage ? 426 : 403, {
    'content-type': 'application/json',
    ...(isStage ? { upgrade: 'websocket' } : { 'x-amzn-errortype': 'ForbiddenException' }),
  })
  response.end(JSON.stringify({ message: isStage ? 'Upgrade Required' : 'Forbidden' }))
}

/** The path of a request's URL, as it was sent. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? ''
}
