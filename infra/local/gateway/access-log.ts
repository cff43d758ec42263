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
}

export type EventType = 'CONNECT' | 'MESSAGE' | 'DISCONNECT'
