import type { Ending } from './ending.ts'
import { disconnectEvent, requestContext } from '../events.ts'
import type { ConnectionFacts, Happening } from '../events.ts'
import { newId } from './identifiers.ts'
import { call } from '../frames/integration.ts'
import { routeWithKey } from '../stage.ts'
import type { Stage } from '../stage.ts'

/**
 * Invokes the `$disconnect` route for a connection that is gone: once, best effort, and a failure of it disturbs nothing.
 * Never rejects.
 */
export async function disconnected(stage: Stage, facts: ConnectionFacts, ending: Ending): Promise<void> {
  const routeKey = '$disconnect'
  const route = routeWithKey(stage.api, routeKey)
  if (route === undefined || route.integration.kind === 'mock') return
  const requestedAt = stage.clock.now()
  const happening: Happening = { eventType: 'DISCONNECT', routeKey, requestId: newId(), requestedAt }
  const event = disconnectEvent(requestContext(stage, facts, happening), ending)
  const outcome = await call(stage, route.integration.functionName, event, route.integration.timeoutMs)
  const [status, error] = {
    answered: [200, undefined] as const,
    failed: [500, 'the function failed'] as const,
    'timed-out': [504, 'the function took too long'] as const,
  }[outcome.kind]
  stage.log({
    time: requestedAt,
    connectionId: facts.connectionId,
    requestId: happening.requestId,
    routeKey,
    eventType: 'DISCONNECT',
    status,
    durationMs: stage.clock.now() - requestedAt,
    ...(error === undefined ? { integrationStatus: 200 } : { error, integrationError: error }),
    authorizer: facts.authorizer,
  })
}
