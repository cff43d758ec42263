import type { Answer } from '../../../shared/http/answer.ts'
import { connection } from '../../../shared/http/connection.ts'
import { keptSocket } from '../../../shared/http/kept-socket.ts'
import { late } from '../../../shared/http/pool.ts'
import { requestBytes } from '../../../shared/http/request.ts'
import { signer, type Credentials } from '../../../shared/sdk/signature.ts'

export interface SignedJson {
  /** As in the credential scope: `ssm`, `kms`. */
  readonly service: string
  readonly endpoint: string
  readonly region: string
  readonly credentials: Credentials
  /** `AmazonSSM.GetParameter` */
  readonly target: string
  readonly body: string
  /** Epoch milliseconds. */
  readonly now: number
}

/**
 * The headers of one call in AWS's JSON 1.1 protocol, signed by Signature Version 4.
 *
 * The SDK's clients of SSM and KMS would be 78 and 28 KB in every function, for one call each.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signedHeaders(call: SignedJson): Record<string, string> {
  const { service, endpoint, region, credentials, target, body, now } = call
  const { host } = new URL(endpoint)
  const headers = { host, 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }
  return signer({ region, service })({ method: 'POST', path: '/', headers, body }, credentials, new Date(now))
}

/**
 * Posts one call, over a connection that is closed then: a key ring is read every few minutes, and after that time a kept one
 * may have ended in a freeze.
 *
 * @throws the socket's errors, and TimeoutError, where there is no whole answer `withinMs`
 */
export async function postedJson(call: SignedJson, withinMs: number): Promise<{ status: number; text: string }> {
  const { protocol, hostname, port } = new URL(call.endpoint)
  const length = { 'content-length': String(Buffer.byteLength(call.body)) }
  const headers = { ...signedHeaders(call), ...length }
  const request = requestBytes({ method: 'POST', path: '/', headers, body: call.body })
  const socket = keptSocket(connection({ protocol, hostname, ...(port !== '' && { port: Number(port) }) }), {
    free: ({ drop }) => drop(),
    gone: () => undefined,
  })
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const timer = setTimeout(() => socket.fail(late('the answer did not come')), withinMs)
  socket.ask(request, { done: resolve, fail: reject })
  const { statusCode: status, body } = await promise.finally(() => clearTimeout(timer))
  return { status, text: body.toString() }
}
