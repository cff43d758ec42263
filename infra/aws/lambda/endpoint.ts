import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyBytes, loopback, type Loopback } from '../loopback.ts'
import { denial } from '../policy.ts'
import type { Verify } from '../signature.ts'
import type { AccountConcurrency } from './concurrency.ts'
import { FunctionError } from './failure.ts'
import { LAMBDA_LIMITS } from './limits.ts'
import { functionArn } from './environment/variables.ts'

export interface EndpointOptions {
  readonly port: number
  readonly verify: Verify
  readonly knows: (functionName: string) => boolean
  /** `trace` is the header of the chain of requests, where one came. */
  readonly call: (functionName: string, payload: string, trace?: string) => Promise<string>
  readonly later: (functionName: string, payload: string, trace?: string) => void
  readonly account: AccountConcurrency
  readonly allows?: ((caller: string, action: string, resourceArn: string) => boolean) | undefined
}

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/**
 * The Invoke operation over HTTP, as the AWS SDK speaks it, on loopback.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function endpoint(options: EndpointOptions): Promise<Loopback> {
  return loopback(options.port, (request, response) => respond(options, request, response))
}

async function respond(options: EndpointOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const payload = await bodyBytes(request, LAMBDA_LIMITS.syncPayloadBytes)
  const { status, headers, body } = await answerTo(options, request, payload)
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID(), ...headers })
  response.end(body)
}

async function answerTo(
  options: EndpointOptions,
  request: IncomingMessage,
  payload: Buffer | undefined,
): Promise<Answer> {
  // Nothing of it is kept to be verified, and nothing is done.
  if (payload === undefined) return tooLarge()
  const { method = '', url = '', headers } = request
  const verdict = await options.verify({ method, url, headers, body: payload })
  if ('fault' in verdict) return exception(verdict.fault.status, verdict.fault.type, verdict.fault.message)
  const path = /^\/2015-03-31\/functions\/([^/?]+)\/invocations(?:\?|$)/.exec(url)?.[1]
  if (method === 'GET' && isAccountSettings(url)) return accountSettings(options.account)
  if (method !== 'POST' || path === undefined)
    return exception(404, 'ResourceNotFoundException', 'Only Invoke and GetAccountSettings are served here.')
  const named = decodeURIComponent(path)
  const name = functionNameOf(named)
  const denied = denialOf(options, verdict.caller, functionArn(name))
  if (denied !== undefined) return denied
  if (!options.knows(name))
    return exception(404, 'ResourceNotFoundException', `Function not found: ${functionArn(name)}`)
  try {
    const trace = headers['x-amzn-trace-id']?.toString()
    return await invoked(options, name, String(headers['x-amz-invocation-type'] ?? ''), payload.toString(), trace)
  } catch (error) {
    return failed(error)
  }
}

async function invoked(
  options: EndpointOptions,
  name: string,
  type: string,
  payload: string,
  trace: string | undefined,
): Promise<Answer> {
  // Without a payload the event is an empty object.
  const event = payload === '' ? '{}' : payload
  JSON.parse(event)
  if (type === 'DryRun') return { status: 204 }
  if (type === 'Event') {
    options.later(name, event, trace)
    return { status: 202 }
  }
  const body = await options.call(name, event, trace)
  return { status: 200, headers: { 'x-amz-executed-version': '$LATEST' }, body }
}

function failed(error: unknown): Answer {
  if (error instanceof FunctionError) {
    const { errorType, errorMessage, trace } = error
    const headers = { 'x-amz-executed-version': '$LATEST', 'x-amz-function-error': 'Unhandled' }
    return { status: 200, headers, body: JSON.stringify({ errorType, errorMessage, trace }) }
  }
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  if (name === 'SyntaxError')
    return exception(400, 'InvalidRequestContentException', 'Could not parse request body into json')
  if (name === 'TooManyRequestsException') return exception(429, name, message)
  if (name === 'RequestTooLargeException') return exception(413, name, message)
  if (name === 'RecursiveInvocationException') return exception(400, name, message)
  return exception(500, 'ServiceException', message)
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html */
function isAccountSettings(url = ''): boolean {
  return /^\/2016-08-19\/account-settings\/?$/.test(url)
}

function accountSettings({ concurrency, unreserved }: AccountConcurrency): Answer {
  const limit = { ConcurrentExecutions: concurrency, UnreservedConcurrentExecutions: unreserved }
  return { status: 200, body: JSON.stringify({ AccountLimit: limit }) }
}

function tooLarge(): Answer {
  const words = `The payload is larger than ${LAMBDA_LIMITS.syncPayloadBytes} bytes.`
  return exception(413, 'RequestTooLargeException', words)
}

function denialOf({ allows }: EndpointOptions, caller: string, arn: string): Answer | undefined {
  const action = 'lambda:InvokeFunction'
  return allows === undefined || allows(caller, action, arn)
    ? undefined
    : exception(403, 'AccessDeniedException', denial(caller, action, arn))
}

function exception(status: number, type: string, message: string): Answer {
  return {
    status,
    headers: { 'x-amzn-errortype': type },
    body: JSON.stringify({ Type: 'User', Message: message, message }),
  }
}

/** A name, a partial or a whole ARN, each with or without a version: `NAME`, `000000000000:function:NAME:$LATEST`. */
function functionNameOf(named: string): string {
  return /^(?:.*:?function:)?([^:]+)(?::[^:]+)?$/.exec(named)?.[1] ?? named
}
