import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyBytes, loopback, type Loopback } from '../loopback.ts'
import { denial } from '../policy.ts'
import { ANYBODY, verifier, type Signers, type SigningService } from '../signature.ts'
import { tokenBucket, type Rate } from '../token-bucket.ts'

/** Neither SSM nor KMS takes a larger request: what is longer is not read. */
const REQUEST_BYTES = 64 * 1024

export type Answer = { readonly ok: object } | { readonly fault: string; readonly message: string }

export interface OperationOf {
  /** As in `X-Amz-Target`, for example `AmazonSSM.GetParameter`. */
  readonly target: string
  /** As a policy names it, for example `ssm:GetParameter`. */
  readonly action: string
  readonly arn: (request: Record<string, unknown>) => string
  readonly answer: (request: Record<string, unknown>) => Answer
  /** Whose quota it takes from; operations that name the same share it. Absent: it is not throttled. */
  readonly quota?: string
}

export interface EndpointOptions {
  readonly service: SigningService
  readonly operations: readonly OperationOf[]
  /** Whose signatures are taken; absent: anybody's whose secret is `local`. */
  readonly signers?: Signers
  /** How many requests are taken, by quota. */
  readonly rates?: Readonly<Record<string, Rate>>
  /** What is said to one request too many. */
  readonly throttled?: string
  /** Of the quotas, in epoch milliseconds; absent: the machine's. */
  readonly now?: () => number
  /** Whether a caller (the name of a function) may do an action. Absent: everyone may. */
  readonly allows?: (caller: string, action: string, resourceArn: string) => boolean
}

export interface JsonEndpoint {
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** After start. */
  readonly url: string
}

/** A service of AWS that speaks its JSON 1.1 protocol, on loopback: as much of it as is asked for here. */
export function jsonEndpoint(options: EndpointOptions): JsonEndpoint {
  const { service, operations, signers = ANYBODY, rates = {}, now = Date.now, allows } = options
  const verify = verifier(service, signers)
  const buckets = new Map(Object.entries(rates).map(([quota, rate]) => [quota, tokenBucket(rate, now)]))
  let running: Loopback | undefined

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await answered(request)
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() }
    response.writeHead(status, headers).end(JSON.stringify(body))
  }

  async function answered(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const { method = '', url: path = '', headers } = request
    const body = await bodyBytes(request, REQUEST_BYTES)
    if (body === undefined) return fault('SerializationException', `longer than ${REQUEST_BYTES} bytes`)
    const asked = objectIn(body.toString())
    const operation = operations.find(({ target }) => target === headers['x-amz-target'])
    if (operation === undefined || asked === undefined) return fault('UnknownOperationException', 'not served here')
    const verdict = await verify({ method, url: path, headers, body })
    if ('fault' in verdict) return fault(verdict.fault.type, verdict.fault.message)
    const { caller } = verdict
    const { action, quota = '' } = operation
    if (buckets.get(quota)?.() === false) return fault('ThrottlingException', options.throttled ?? 'Rate exceeded')
    const arn = operation.arn(asked)
    if (allows?.(caller, action, arn) === false) return fault('AccessDeniedException', denial(caller, action, arn))
    const answer = operation.answer(asked)
    return 'ok' in answer ? { status: 200, body: answer.ok } : fault(answer.fault, answer.message)
  }

  return {
    async start() {
      running = await loopback(0, respond)
    },
    stop: async () => running?.stop(),
    get url() {
      if (running === undefined) throw new Error('The endpoint does not run: call start() first.')
      return running.url
    },
  }
}

function fault(type: string, message: string) {
  return { status: 400, body: { __type: type, message } }
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
