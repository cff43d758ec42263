/**
 * API Gateway's limits for a WebSocket API: the one place where this project writes them down.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const GATEWAY_LIMITS = {
  /** Largest message, in bytes, either way; a larger one closes the connection with 1009. */
  messageBytes: 128 * 1024,
  /** Largest frame of a message, in bytes: longer messages are sent in several frames. Also the unit of the bill. */
  frameBytes: 32 * 1024,
  /** Longest time, in milliseconds, that a route's integration may take. */
  integrationMs: 29_000,
  /** A connection over which nothing went for this long, in milliseconds, is closed. */
  idleMs: 10 * 60_000,
  /** Longest life of a connection, in milliseconds. */
  lifetimeMs: 2 * 60 * 60_000,
  /** New connections a second, of all WebSocket APIs of an account in a region; AWS raises it on request. One more gets 429. */
  connectionsPerSecond: 500,
} as const

export type GatewayLimits = { readonly [limit in keyof typeof GATEWAY_LIMITS]: number }
