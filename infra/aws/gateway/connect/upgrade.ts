import { STATUS_CODES } from 'node:http'
import type { RouteDescription } from '../../assembly/description.ts'
import { authorize } from './authorizer.ts'
import { connectEvent, requestContext } from '../events.ts'
import type { Asked, ConnectionFacts, Happening } from '../events.ts'
import { newId } from '../connection/identifiers.ts'
import { call, proxyAnswer, UNANSWERED_MOCK } from '../frames/integration.ts'
import type { Outcome, ProxyAnswer } from '../frames/integration.ts'
import { refused } from './refused.ts'
import type { Refused } from './refused.ts'
import { routeWithKey } from '../stage.ts'
import { TOO_MANY } from '../throttle.ts'
import type { Stage } from '../stage.ts'

export interface Accepted {
  readonly kind: 'accepted'
  /** The connection's facts, with what the authorizer added. */
  readonly facts: ConnectionFacts
  /** The subprotocol that the `$connect` function chose. */
  readonly protocol?: string
}

/**
 * Decides whether a connection comes to be: the authorizer of the `$connect` route first, then its integration.
 * A stage without that route takes everyone.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
 */
export async function admit(stage: Stage, facts: ConnectionFacts, asked: Asked): Promise<Accepted | Refused> {
  const routeKey = '$connect'
  const requestedAt = stage.clock.now()
  const happening: Happening = { eventType: 'CONNECT', routeKey, requestId: newId(), requestedAt }
  const route = routeWithKey(stage.api, routeKey)
  const verdict: Accepted | Refused = !stage.throttle.connection()
    ? refused(429, TOO_MANY, 'the stage or the account throttles')
    : route === undefined
      ? { kind: 'accepted', facts }
      : await ask(stage, route, facts, happening, asked)
  stage.log({
    time: requestedAt,
    connectionId: facts.connectionId,
    requestId: happening.requestId,
    routeKey,
    eventType: 'CONNECT',
    status: verdict.kind === 'refused' ? verdict.status : 200,
    durationMs: stage.clock.now() - requestedAt,
    ...(verdict.kind === 'refused' ? errorsOf(verdict) : { authorizer: verdict.facts.authorizer }),
  })
  return verdict
}

async function ask(
  stage: Stage,
  { authorizer, integration, twoWay }: RouteDescription,
  known: ConnectionFacts,
  happening: Happening,
  asked: Asked,
): Promise<Accepted | Refused> {
  let facts = known
  if (authorizer !== undefined) {
    const verdict = await authorize(stage, authorizer, facts, happening, asked)
    if (verdict.kind === 'refused') return { ...verdict, by: 'authorizer' }
    facts = { ...known, authorizer: verdict.authorizer }
  }
  if (integration.kind === 'mock') {
    return integration.responds && twoWay
      ? { kind: 'accepted', facts }
      : refused(500, 'Internal server error', UNANSWERED_MOCK)
  }
  const event = connectEvent(requestContext(stage, facts, happening), asked)
  const outcome = await call(stage, integration.functionName, event, integration.timeoutMs)
  const verdict = connectedBy(outcome, facts)
  return verdict.kind === 'refused' ? { ...verdict, by: 'integration' } : verdict
}

function connectedBy(outcome: Outcome, facts: ConnectionFacts): Accepted | Refused {
  if (outcome.kind === 'timed-out') return refused(504, 'Endpoint request timed out', 'the function took too long')
  if (outcome.kind === 'failed') return badGateway('the function failed')
  const answer = proxyAnswer(outcome.answer)
  return answer === undefined ? badGateway("the function's answer is malformed") : read(answer, facts)
}

function errorsOf({ why, by, status }: Refused) {
  if (by === 'authorizer') return { error: why, authorizerError: why }
  return by === 'integration' ? { error: why, integrationError: why, integrationStatus: status } : { error: why }
}

function read({ statusCode, headers }: ProxyAnswer, facts: ConnectionFacts): Accepted | Refused {
  if (statusCode >= 300) {
    return refused(statusCode, STATUS_CODES[statusCode] ?? 'Refused', 'the function refused the connection')
  }
  const named = Object.entries(headers).find(([name]) => name.toLowerCase() === 'sec-websocket-protocol')
  if (named === undefined) return { kind: 'accepted', facts }
  const [, protocol] = named
  // RFC 6455, 4.2.2: one token of RFC 2616. Anything else would break the answer's head.
  const isToken = typeof protocol === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(protocol)
  return isToken
    ? { kind: 'accepted', facts, protocol }
    : badGateway("the function's Sec-WebSocket-Protocol is no token")
}

function badGateway(why: string): Refused {
  return refused(502, 'Internal server error', why)
}
