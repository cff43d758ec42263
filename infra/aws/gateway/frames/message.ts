import { isUtf8 } from 'node:buffer'
import type { RouteDescription } from '../../assembly/description.ts'
import { messageEvent, requestContext } from '../events.ts'
import type { ConnectionFacts, Happening } from '../events.ts'
import { newId } from '../connection/identifiers.ts'
import { call, proxyAnswer, UNANSWERED_MOCK } from './integration.ts'
import { routeOf } from './routes.ts'
import type { Stage } from '../stage.ts'
import { TOO_MANY } from '../throttle.ts'

interface Handled {
  readonly status: number
  /** The text that goes back, in UTF-8. */
  readonly reply?: Uint8Array
  readonly error?: string
  /** Why the integration failed; absent where none ran: what is throttled or has no route is refused before. */
  readonly integrationError?: string
  /** What the integration answered, where it did. */
  readonly integrationStatus?: number
}

/**
 * Hands a message to its route's integration. Resolves with what is to go back over the connection: the answer's body where
 * the route is two-way, the gateway's own error text where something went wrong, else undefined. Never rejects.
 */
export async function handle(stage: Stage, facts: ConnectionFacts, body: string): Promise<Uint8Array | undefined> {
  const route = routeOf(stage.api, body)
  const requestedAt = stage.clock.now()
  const routeKey = route?.key ?? '-'
  const happening: Happening = { eventType: 'MESSAGE', routeKey, requestId: newId(), requestedAt }
  const fault = (message: string) =>
    Buffer.from(JSON.stringify({ message, connectionId: facts.connectionId, requestId: happening.requestId }))
  const { status, reply, error, integrationError, integrationStatus }: Handled = !stage.throttle.message()
    ? // The text of API Gateway's answer to what it throttles (gateway response THROTTLED), in the form of its other errors.
      { status: 429, reply: fault(TOO_MANY), error: TOO_MANY }
    : route === undefined
      ? { status: 403, reply: fault('Forbidden'), error: 'no route for this message' }
      : await run(stage, route, messageEvent(requestContext(stage, facts, happening), newId(), body), fault)
  stage.log({
    time: requestedAt,
    connectionId: facts.connectionId,
    requestId: happening.requestId,
    routeKey,
    eventType: 'MESSAGE',
    status,
    durationMs: stage.clock.now() - requestedAt,
    ...(reply === undefined ? {} : { responseLength: reply.length }),
    ...(error === undefined ? {} : { error }),
    ...(integrationError === undefined ? {} : { integrationError }),
    ...(integrationStatus === undefined ? {} : { integrationStatus }),
    authorizer: facts.authorizer,
  })
  return reply
}

async function run(
  stage: Stage,
  { integration, twoWay }: RouteDescription,
  event: unknown,
  fault: (message: string) => Uint8Array,
): Promise<Handled> {
  const failed = (error: string, status = 500, says = 'Internal server error'): Handled => ({
    status,
    reply: fault(says),
    error,
    integrationError: error,
  })
  if (integration.kind === 'mock') return integration.responds && twoWay ? { status: 200 } : failed(UNANSWERED_MOCK)
  const outcome = await call(stage, integration.functionName, event, integration.timeoutMs)
  if (outcome.kind === 'timed-out') return failed('the function took too long', 504, 'Endpoint request timed out')
  if (outcome.kind === 'failed') return failed('the function failed')
  const answer = proxyAnswer(outcome.answer)
  if (answer === undefined) return failed("the function's answer is malformed")
  const { statusCode: status, body } = answer
  if (!twoWay || (body.length === 0 && !stage.emptyMessages)) return { status, integrationStatus: status }
  if (body.length > stage.limits.messageBytes) return failed("the function's answer is too large for a message")
  // Only `isBase64Encoded` can bring this about; a text frame must be UTF-8 (RFC 6455, 5.6).
  return isUtf8(body) ? { status, reply: body, integrationStatus: status } : failed("the function's answer is no text")
}
