import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Connection } from './connection.ts'
import { bodyBytes } from '../../loopback.ts'
import type { Verify } from '../../signature.ts'
import { isConnectionId, newId } from './identifiers.ts'
import { pathOf } from '../connect/refused.ts'
import { resourceArn } from '../stage.ts'
import type { Stage } from '../stage.ts'

/** Whether the caller, named by its access key id, may do the action on the resource. */
export type Allows = (caller: string, action: string, resourceArn: string) => boolean

export interface ConnectionsApiOptions {
  readonly stage: Stage
  readonly find: (connectionId: string) => Connection | undefined
  readonly verify: Verify
  readonly allows: Allows
}

interface Answer {
  readonly status: number
  /** The exception's name, which the SDK takes from the `x-amzn-errortype` header. */
  readonly errorType?: string
  readonly body?: unknown
}

const GONE: Answer = { status: 410, errorType: 'GoneException' }

/**
 * The @connections commands: POST sends text to a client, GET tells of its connection, DELETE closes it. A caller shows who
 * it is by its signature, for the service `execute-api`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
 */
export function connectionsApi(options: ConnectionsApiOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = await answerTo(request, options).catch(() => undefined)
    // Only reading the body can fail: the caller went away in the middle of it, and what came is not to be sent on.
    if (answer === undefined) return
    const { status, errorType, body } = answer
    response.writeHead(status, {
      'x-amzn-requestid': newId(),
      ...(errorType === undefined ? {} : { 'x-amzn-errortype': errorType }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    })
    response.end(body === undefined ? undefined : JSON.stringify(body))
  }
}

/** Whether a request is an @connections command, on whichever stage. */
export function isForConnections({ url = '' }: IncomingMessage): boolean {
  return /^\/[^/]+\/(@|%40)connections(\/|$)/i.test(pathOf(url))
}

async function answerTo(request: IncomingMessage, options: ConnectionsApiOptions): Promise<Answer> {
  const { stage, find, allows } = options
  const { method = '', url = '', headers } = request
  // A body that is on its way is read first: it is signed, and the connection may go meanwhile.
  const data = await bodyBytes(request, stage.limits.messageBytes)
  if (data === undefined) return fault(413, 'PayloadTooLargeException', 'The message is larger than a connection takes')
  const verdict = await options.verify({ method, url, headers, body: data })
  if ('fault' in verdict) return fault(verdict.fault.status, verdict.fault.type, verdict.fault.message)
  const [, name, command, connectionId, ...rest] = pathOf(url).split('/').map(decoded)
  const isCommand = name === stage.api.stage && command === '@connections' && rest.length === 0
  if (!isCommand || connectionId === undefined || !['POST', 'GET', 'DELETE'].includes(method)) return forbidden()
  const arn = resourceArn(stage, `${method}/@connections/${connectionId}`)
  if (!allows(verdict.caller, 'execute-api:ManageConnections', arn)) {
    return forbidden(`The caller may not do execute-api:ManageConnections on ${arn}`)
  }
  if (!isConnectionId(connectionId)) return fault(400, 'BadRequestException', `Invalid connectionId: ${connectionId}`)
  const connection = find(connectionId)
  if (connection === undefined || !connection.isOpen()) return GONE
  if (method === 'POST') return post(connection, data)
  return method === 'GET' ? get(connection) : remove(connection)
}

function post(connection: Connection, data: Uint8Array): Answer {
  // Text frames must be UTF-8 (RFC 6455, 5.6): the client would close the connection.
  if (!isUtf8(data)) return fault(400, 'BadRequestException', 'The message is not UTF-8 text')
  if (connection.isFull()) return fault(429, 'LimitExceededException', "The client's buffer is full: it does not read")
  connection.send(data)
  return { status: 200 }
}

function get({ facts: { connectedAt, identity }, lastActiveAt }: Connection): Answer {
  const body = {
    connectedAt: new Date(connectedAt).toISOString(),
    lastActiveAt: new Date(lastActiveAt()).toISOString(),
    identity: { sourceIp: identity.sourceIp, userAgent: identity.userAgent ?? '' },
  }
  return { status: 200, body }
}

function remove(connection: Connection): Answer {
  // The caller cannot choose: $disconnect then shows 1000 (as aws/chalice#2060 recorded it).
  connection.close(1000)
  return { status: 204 }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function forbidden(message = 'Forbidden'): Answer {
  return fault(403, 'ForbiddenException', message)
}

function fault(status: number, errorType: string, message: string): Answer {
  return { status, errorType, body: { message } }
}
