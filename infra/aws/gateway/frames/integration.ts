import { isRecord } from '../record.ts'
import type { Stage } from '../stage.ts'

/** How calling a function ended. */
export type Outcome =
  | { readonly kind: 'answered'; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'timed-out' }

/**
 * Calls a function and listens for `timeoutMs`, or for the gateway's own limit where that is shorter. An answer that
 * comes later is dropped; the function itself is not stopped. Never rejects.
 */
export async function call(stage: Stage, functionName: string, event: unknown, timeoutMs: number): Promise<Outcome> {
  const withinMs = Math.min(timeoutMs, stage.limits.integrationMs)
  const late = Promise.withResolvers<Outcome>()
  const onTime = stage.clock.after(withinMs, () => late.resolve({ kind: 'timed-out' }))
  try {
    return await Promise.race([attempt(stage, functionName, event, withinMs), late.promise])
  } finally {
    onTime()
  }
}

async function attempt(stage: Stage, functionName: string, event: unknown, withinMs: number): Promise<Outcome> {
  try {
    return { kind: 'answered', answer: await stage.invoke(functionName, event, withinMs) }
  } catch (error) {
    return { kind: 'failed', error }
  }
}

/**
 * Why a mock fails that lacks an integration response `$default` or whose route has no route response. No source outside AWS
 * shows one that works: aws-pdk gives its mocks both, since "mock integrations will respond with errors" otherwise
 * (TypeSafeWebsocketApi, disableMockIntegrationResponses), and aws-sdk-net's pull request 3132 adds the one on `$connect`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-responses.html
 */
export const UNANSWERED_MOCK = 'no match for output mapping: the mock lacks an integration response or a route response'

/** A function's answer in the form that a proxy integration asks for. */
export interface ProxyAnswer {
  readonly statusCode: number
  /** UTF-8. Empty where the answer has no body. */
  readonly body: Buffer
  readonly headers: Readonly<Record<string, unknown>>
}

/**
 * Reads a proxy integration's answer; undefined when it is malformed. Stricter than some accounts of AWS: a status code
 * must be there, so that an answer AWS would turn into an error does not pass here.
 */
export function proxyAnswer(answer: unknown): ProxyAnswer | undefined {
  if (!isRecord(answer)) return undefined
  const { statusCode, body = '', headers = {}, isBase64Encoded = false } = answer
  if (typeof statusCode !== 'number' || !Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599) {
    return undefined
  }
  if (typeof body !== 'string' || typeof isBase64Encoded !== 'boolean' || !isRecord(headers)) return undefined
  return { statusCode, body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'), headers }
}
