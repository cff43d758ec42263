import type { AuthorizerDescription } from '../../assembly/description.ts'
import { judge } from './authorizer-policy.ts'
import { authorizerEvent, requestContext } from '../events.ts'
import type { Asked, ConnectionFacts, Happening } from '../events.ts'
import { call } from '../frames/integration.ts'
import { isRecord } from '../record.ts'
import { refused } from './refused.ts'
import type { Refused } from './refused.ts'
import { resourceArn } from '../stage.ts'
import type { Stage } from '../stage.ts'

export type Authorized = { readonly kind: 'authorized'; readonly authorizer: Readonly<Record<string, string>> }

/**
 * Asks the authorizer of `$connect`, unless an identity source is missing or empty: that is 401 at once.
 * An error with the message `Unauthorized` is 401, a policy that does not allow 403, anything else that goes wrong 500.
 */
export async function authorize(
  stage: Stage,
  { functionName, identitySources }: AuthorizerDescription,
  facts: ConnectionFacts,
  happening: Happening,
  asked: Asked,
): Promise<Authorized | Refused> {
  const context = requestContext(stage, facts, happening)
  const missing = identitySources.find((source) => !isGiven(source, asked, context))
  if (missing !== undefined) return refused(401, 'Unauthorized', `no ${missing}`)
  const methodArn = resourceArn(stage, '$connect')
  const event = authorizerEvent(context, asked, methodArn)
  const outcome = await call(stage, functionName, event, stage.limits.integrationMs)
  if (outcome.kind === 'timed-out') return failure('the authorizer took too long')
  if (outcome.kind === 'failed') {
    const unauthorized = outcome.error instanceof Error && outcome.error.message === 'Unauthorized'
    return unauthorized
      ? refused(401, 'Unauthorized', 'the authorizer said Unauthorized')
      : failure('the authorizer failed')
  }
  const judgement = judge(outcome.answer, methodArn)
  if (judgement.kind === 'malformed') return failure(`the authorizer's answer is malformed: ${judgement.why}`)
  if (judgement.kind === 'denied') return refused(403, 'Forbidden', "the authorizer's policy does not allow it")
  return { kind: 'authorized', authorizer: judgement.authorizer }
}

function failure(why: string): Refused {
  return refused(500, 'Internal server error', why)
}

/** Whether the request has a non-empty value for a source such as `route.request.querystring.token`. */
function isGiven(source: string, { headers, query }: Asked, context: unknown): boolean {
  const header = after('route.request.header.', source)?.toLowerCase()
  if (header !== undefined) return headers.some(([name, value]) => name.toLowerCase() === header && value !== '')
  const parameter = after('route.request.querystring.', source)
  if (parameter !== undefined) return query.some(([name, value]) => name === parameter && value !== '')
  // What is left is `context.…`, or `stageVariables.…`, of which a local stage has none.
  let value: unknown = { context }
  for (const step of source.split('.')) value = isRecord(value) && Object.hasOwn(value, step) ? value[step] : undefined
  return value !== undefined && value !== ''
}

function after(prefix: string, text: string): string | undefined {
  return text.startsWith(prefix) ? text.slice(prefix.length) : undefined
}
