import { randomUUID } from 'node:crypto'
import type { Way, Written } from './way.ts'
import { destination, type Destination, type DestinationSettings } from './destination.ts'
import type { Credentials } from './signature.ts'

/** Of a client of the SDK, what a first attempt takes. */
export interface Settings extends DestinationSettings {
  readonly credentials: () => Promise<Credentials>
  /** By how many milliseconds the SDK found this machine's clock to be off. */
  readonly systemClockOffset: number
  readonly requestHandler: Handler
}

interface Handler {
  handle(request: object, options: { readonly abortSignal?: unknown }): Promise<{ readonly response: Arriving }>
}

type Arriving = Answer<AsyncIterable<Uint8Array>>

interface Answer<Body> {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Body
}

export interface Call {
  readonly operation: string
  readonly input: object
  /** The command's class, which says what of its input decides on the endpoint. */
  readonly command: unknown
  /** The caller's, as the SDK's handler takes it. */
  readonly abortSignal: unknown
}

/** Answered by 200 and read, answered otherwise, or not answered. */
export type FirstAttempt =
  | { readonly response: Answer<Buffer>; readonly output: object }
  | { readonly response: Answer<Buffer> }
  | { readonly thrown: unknown }

/** @returns sends a call once; undefined: it was not sent, and is the SDK's from the beginning */
export function firstAttempt(settings: Settings, way: Way): (call: Call) => Promise<FirstAttempt | undefined> {
  let kept: Promise<Destination> | undefined

  return async (call) => {
    const written = way.write(call.operation, call.input)
    if (written === undefined) return undefined
    const asked = (kept ??= destination(settings, way, call))
    // What is wrong with settings or credentials, the SDK finds, too, and says in its own words.
    const known = await Promise.all([asked, settings.credentials()]).catch(() => (kept = undefined))
    if (known === undefined) return undefined
    const [to, credentials] = known
    const request = signed(written, to, credentials, new Date(Date.now() + settings.systemClockOffset))
    const attempt = await answered(request, settings.requestHandler, call.abortSignal)
    if ('thrown' in attempt || attempt.response.statusCode !== 200) return attempt
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
  return { ...request, ...to.address, query: {}, headers: to.sign({ ...request, headers: each }, credentials, at) }
}

async function answered(request: object, handler: Handler, abortSignal: unknown) {
  try {
    const { response } = await handler.handle(request, { abortSignal })
    const parts: Uint8Array[] = []
    for await (const part of response.body) parts.push(part)
    const whole: Answer<Buffer> = Object.assign(response, { body: Buffer.concat(parts) })
    return { response: whole }
  } catch (thrown) {
    return { thrown }
  }
}

/** Undefined for an answer that was cut: the SDK says what it finds there. */
function outputOf({ headers, body, statusCode: httpStatusCode }: Answer<Buffer>, way: Way): object | undefined {
  try {
    const requestId = headers['x-amzn-requestid']
    const $metadata = { httpStatusCode, ...(requestId !== undefined && { requestId }), attempts: 1, totalRetryDelay: 0 }
    return { ...way.read(body), $metadata }
  } catch {
    return undefined
  }
}
