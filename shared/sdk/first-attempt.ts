import { randomUUID } from 'node:crypto'
import type { Metadata, Way, Written } from './way.ts'
import { destination, type Commanded, type Destination, type DestinationSettings } from './destination.ts'
import type { Answer } from '../http/answer.ts'
import { exchange, type Exchange, type ExchangeLimits } from '../http/exchange.ts'
import { requestBytes } from '../http/request.ts'
import type { Credentials } from './signature.ts'

/** Of a client of the SDK, what a first attempt takes. */
export interface Settings extends DestinationSettings {
  readonly credentials: () => Promise<Credentials>
  /** By how many milliseconds the SDK found this machine's clock to be off. */
  readonly systemClockOffset: number
}

export interface Call extends Commanded {
  readonly operation: string
  /** The caller's. */
  readonly abortSignal: AbortSignal | undefined
}

/** Answered by 200 and read, answered otherwise, by a usual no, or not answered. */
export type FirstAttempt =
  | { readonly response: Answer; readonly output: object }
  | { readonly response: Answer }
  | { readonly refusal: Error }
  | { readonly thrown: unknown }

/**
 * @returns sends a call once; undefined: it was not sent, or its caller gave it up, and it is the SDK's from the beginning,
 * which says so in its own words
 */
export function firstAttempt(
  settings: Settings,
  way: Way,
  limits: ExchangeLimits,
): (call: Call) => Promise<FirstAttempt | undefined> {
  let kept: Promise<readonly [Destination, Exchange]> | undefined

  const reached = async (call: Call) => {
    const to = await destination(settings, way, call)
    return [to, exchange(to.address, limits)] as const
  }
  return async (call) => {
    const written = way.write(call.operation, call.input)
    if (written === undefined || call.abortSignal?.aborted) return undefined
    const asked = (kept ??= reached(call))
    // What is wrong with settings or credentials, the SDK finds, too.
    const known = await Promise.all([asked, settings.credentials()]).catch(() => (kept = undefined))
    if (known === undefined) return undefined
    const [[to, send], credentials] = known
    const request = signed(written, to, credentials, new Date(Date.now() + settings.systemClockOffset))
    const attempt = await answered(send, request, call.abortSignal)
    if (call.abortSignal?.aborted) return undefined
    if ('thrown' in attempt) return attempt
    const refusal = way.refusal?.(attempt.response, metadataOf(attempt.response))
    if (refusal !== undefined) return { refusal }
    if (attempt.response.statusCode !== 200) return attempt
    const output = outputOf(attempt.response, way)
    if (output === undefined) return attempt
    to.answeredAtOnce()
    return { ...attempt, output }
  }
}

function signed({ path, headers, body }: Written, to: Destination, credentials: Credentials, at: Date) {
  const request = { method: 'POST', path: `${to.basePath}${path}`, body }
  const each = {
    ...to.headers,
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
    'amz-sdk-invocation-id': randomUUID(),
  }
  return requestBytes({ ...request, headers: to.sign({ ...request, headers: each }, credentials, at) })
}

async function answered(send: Exchange, request: Uint8Array, abortSignal: AbortSignal | undefined) {
  try {
    return { response: await send(request, abortSignal) }
  } catch (thrown) {
    return { thrown }
  }
}

/** Undefined for an answer that was cut: the SDK says what it finds there. */
function outputOf(answer: Answer, way: Way): object | undefined {
  try {
    return { ...way.read(answer.body), $metadata: metadataOf(answer) }
  } catch {
    return undefined
  }
}

function metadataOf({ headers, statusCode: httpStatusCode }: Answer): Metadata {
  const requestId = headers['x-amzn-requestid']
  return { httpStatusCode, ...(requestId !== undefined && { requestId }), attempts: 1, totalRetryDelay: 0 }
}
