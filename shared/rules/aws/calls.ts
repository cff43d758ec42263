/**
 * How long a call of AWS may take, how often it is tried, and over how many sockets. The SDK has no time limit by itself:
 * one socket whose other end is mute holds a call for ever (github.com/aws/aws-sdk-js-v3/issues/6763), and with it a
 * listener, until another takes its lease.
 *
 *   call ─ waits for a socket ─ connects ─ sends ───────── answer
 *        ╰ connectionTimeout ──────────╯╰ socketTimeout ─╯
 *        ╰ requestTimeout ──────────────────────────────╯
 */
const LIMITS = {
  /**
   * Until a connection stands, in milliseconds; waiting for a free socket counts. TCP to AWS from Lambda takes some ten.
   */
  connectionTimeout: 3_000,
  /**
   * Nothing comes over a socket for this long, in milliseconds: it is mute, and the next attempt has another. The slowest
   * answers of these services take some hundred. It also ends an answer that stops in the middle.
   */
  socketTimeout: 3_000,
  /** The whole attempt, in milliseconds: an end for what is neither mute nor done. */
  requestTimeout: 5_000,
  /** Without it the SDK's handler warns of the request timeout, and goes on waiting. */
  throwOnRequestTimeout: true,
} as const

/** Attempts of one call, the first included. With the SDK's pauses between them (0.3 s) a call fails after 15.3 s at most. */
const ATTEMPTS = 3

/**
 * Most sockets of a client in one environment. A listener at its largest holds 900 GETs and has some 23 descriptors of
 * its own; with every client busy that makes 1,003 of the 1,024 that Lambda gives, and leaves the rest to name look-ups,
 * the key ring and GETs that begin while others end. Calls beyond them wait for a free socket.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const SOCKETS = {
  dynamodb: 34,
  /** For what the SDK repeats of that, or sends itself: what goes directly has sockets of its own (shared/sdk/direct.ts). */
  dynamodbAgain: 6,
  connections: 25,
  connectionsAgain: 5,
  events: 5,
  lambda: 5,
  administration: 20,
} as const

/** Settings of an SDK client, to be spread into what it is made with. */
export interface AwsCalls {
  readonly maxAttempts: number
  readonly requestHandler: typeof LIMITS & {
    readonly httpAgent: { readonly maxSockets: number }
    readonly httpsAgent: { readonly maxSockets: number }
  }
}

/** The limits of a client of that service; `administration` is what runs on an administrator's machine. */
export function awsCalls(service: keyof typeof SOCKETS): AwsCalls {
  const agent = { maxSockets: SOCKETS[service] }
  return { maxAttempts: ATTEMPTS, requestHandler: { ...LIMITS, httpAgent: agent, httpsAgent: agent } }
}

/** The same limits for what goes around the SDK's handler (shared/http). In milliseconds. */
export function directCalls(service: keyof typeof SOCKETS) {
  return { ...LIMITS, maxSockets: SOCKETS[service] }
}
