import type { EventType } from './access-log.ts'
import type { Ending } from './connection/ending.ts'
import type { Stage } from './stage.ts'

/** A connection as its events show it. */
export interface ConnectionFacts {
  readonly connectionId: string
  /** Epoch milliseconds. */
  readonly connectedAt: number
  readonly identity: { readonly sourceIp: string; readonly userAgent?: string }
  /** What the authorizer said: its context and `principalId`. */
  readonly authorizer?: Readonly<Record<string, string>>
}

/** One event of a connection. */
export interface Happening {
  readonly eventType: EventType
  readonly routeKey: string
  readonly requestId: string
  /** Epoch milliseconds. */
  readonly requestedAt: number
}

/** What the upgrade request carried. */
export interface Asked {
  /** Names as the client wrote them. */
  readonly headers: readonly Pair[]
  readonly query: readonly Pair[]
}
export type Pair = readonly [name: string, value: string]

/**
 * The `requestContext` of every event.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
 */
export function requestContext({ api, domainName }: Stage, connection: ConnectionFacts, happening: Happening) {
  return {
    routeKey: happening.routeKey,
    eventType: happening.eventType,
    extendedRequestId: happening.requestId,
    requestTime: logTime(happening.requestedAt),
    messageDirection: 'IN',
    stage: api.stage,
    connectedAt: connection.connectedAt,
    requestTimeEpoch: happening.requestedAt,
    identity: connection.identity,
    requestId: happening.requestId,
    domainName,
    connectionId: connection.connectionId,
    apiId: api.id,
    ...(connection.authorizer === undefined ? {} : { authorizer: connection.authorizer }),
  }
}
type RequestContext = ReturnType<typeof requestContext>

/**
 * What a REQUEST authorizer gets.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
 */
export function authorizerEvent(requestContext: RequestContext, asked: Asked, methodArn: string) {
  return {
    type: 'REQUEST',
    methodArn,
    headers: single(asked.headers),
    multiValueHeaders: multiple(asked.headers),
    queryStringParameters: single(asked.query),
    multiValueQueryStringParameters: multiple(asked.query),
    stageVariables: {},
    requestContext,
  }
}

/** What the `$connect` route gets: the only event with the client's headers and query, the latter only where there is one. */
export function connectEvent(requestContext: RequestContext, asked: Asked) {
  const headers = asked.headers.filter(([name]) => !/^(connection|upgrade)$/i.test(name))
  return {
    headers: single(headers),
    multiValueHeaders: multiple(headers),
    ...(asked.query.length === 0
      ? {}
      : { queryStringParameters: single(asked.query), multiValueQueryStringParameters: multiple(asked.query) }),
    requestContext,
    isBase64Encoded: false,
  }
}

/** What a message's route gets. */
export function messageEvent(requestContext: RequestContext, messageId: string, body: string) {
  return { requestContext: { ...requestContext, messageId }, body, isBase64Encoded: false }
}

/** What the `$disconnect` route gets. The empty headers are AWS's: recorded events show them. */
export function disconnectEvent(requestContext: RequestContext, ending: Ending) {
  const headers: Pair[] = [
    ['Host', requestContext.domainName],
    ['x-api-key', ''],
    ['X-Forwarded-For', ''],
    ['x-restapi', ''],
  ]
  return {
    headers: single(headers),
    multiValueHeaders: multiple(headers),
    requestContext: { ...requestContext, disconnectStatusCode: ending.code, disconnectReason: ending.reason },
    isBase64Encoded: false,
  }
}

/** The last value of each name. */
function single(pairs: readonly Pair[]): Record<string, string> {
  return Object.fromEntries(pairs)
}

/** Every value of each name. */
function multiple(pairs: readonly Pair[]): Record<string, string[]> {
  const values = new Map<string, string[]>()
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value])
  return Object.fromEntries(values)
}

/** `09/Feb/2024:18:11:43 +0000` */
function logTime(at: number): string {
  const [, day, month, year, time] = new Date(at).toUTCString().split(' ')
  return `${day}/${month}/${year}:${time} +0000`
}
