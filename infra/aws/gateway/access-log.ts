/** What the gateway tells of one event. It never holds a body, a query string, a header or a function's own words. */
export interface AccessLogEntry {
  /** Epoch milliseconds at which the event began. */
  readonly time: number
  readonly connectionId: string
  readonly requestId: string
  /** The route's key, or `-` for a message that has none. */
  readonly routeKey: string
  readonly eventType: EventType
  /** HTTP status: the integration's own, or 401, 403, 429, 500, 502, 504 where the gateway spoke. */
  readonly status: number
  readonly durationMs: number
  /** Bytes that went back over the connection; absent where nothing did. */
  readonly responseLength?: number
  /** What went wrong, in the gateway's words. */
  readonly error?: string
  /** What the authorizer added to the connection. */
  readonly authorizer?: Readonly<Record<string, string>> | undefined
  /** The authorizer's error, where that is what went wrong; and the integration's, with the status that it answered. */
  readonly authorizerError?: string
  readonly integrationError?: string
  readonly integrationStatus?: number
}

/**
 * The line that the stage writes of an event, by its own format. A variable that has no value is `-`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html
 */
export function rendered(format: string, entry: AccessLogEntry): string {
  const { error, authorizer = {}, authorizerError, integrationError, integrationStatus, status } = entry
  const variables: Readonly<Record<string, string | number | undefined>> = {
    connectionId: entry.connectionId,
    'error.message': error,
    eventType: entry.eventType,
    requestId: entry.requestId,
    requestTimeEpoch: entry.time,
    routeKey: entry.routeKey,
    status,
    'authorizer.error': authorizerError,
    'authorizer.status': authorizerError === undefined ? undefined : status,
    integrationErrorMessage: integrationError,
    integrationStatus,
    responseLength: entry.responseLength,
  }
  return format.replaceAll(/\$context\.([\w.]+)/g, (_, name: string) => {
    const property = name.replace(/^authorizer\./, '')
    return String(variables[name] ?? (name.startsWith('authorizer.') ? authorizer[property] : undefined) ?? '-')
  })
}

export type EventType = 'CONNECT' | 'MESSAGE' | 'DISCONNECT'
