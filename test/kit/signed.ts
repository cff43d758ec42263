import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { SignatureV4 } from '@smithy/signature-v4'
import { Sha256 } from './sha256.ts'

/** A request to a service of AWS. */
export interface Request {
  readonly url: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Of the signature, where the URL's own would be another one. */
  readonly path?: string
  readonly query?: Record<string, string[]>
}

/** How it is signed, where not as it should be. */
export interface Signing {
  readonly service: string
  readonly region?: string
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
  readonly sessionToken?: string | undefined
  /** Epoch milliseconds. */
  readonly at?: number
  /** Headers that are left out of the signature. */
  readonly unsigned?: readonly string[]
}

/** The request's headers, signed by the AWS SDK's signer: as `caller`, whose secret is `local`, unless another is given. */
export async function signed(asked: Request, signing: Signing): Promise<Record<string, string>> {
  const { url, method = 'POST', headers = {}, body = '' } = asked
  const { accessKeyId = 'caller', secretAccessKey = 'local', sessionToken, region = 'local' } = signing
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
  const signer = new SignatureV4({ ...signing, region, credentials, sha256: Sha256, applyChecksum: false })
  const { protocol, hostname, host, pathname, searchParams } = new URL(url)
  const { path = pathname, query = Object.fromEntries(searchParams) } = asked
  const toSign = { method, protocol, hostname, path, query, body }
  const made = await signer.sign(
    { ...toSign, headers: { host, ...headers } },
    // The signer knows headers that it never signs; these are added to them.
    { signingDate: new Date(signing.at ?? Date.now()), unsignableHeaders: new Set(signing.unsigned) },
  )
  return made.headers
}

export interface Answered {
  readonly status: number
  /** The exception's name, where there is one: of JSON in the body, of REST in a header. */
  readonly type: string | undefined
  readonly message: string | undefined
}

/** Sends the request just so, its Host header included. */
export async function send({ url, method = 'POST', headers = {}, body = '' }: Request): Promise<Answered> {
  const sent = request(url, { method, headers: { ...headers, 'content-length': Buffer.byteLength(body) } })
  sent.end(body)
  const [response]: IncomingMessage[] = await once(sent, 'response')
  if (response === undefined) throw new Error('there is no answer')
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(Buffer.from(chunk))
  const text = Buffer.concat(chunks).toString()
  const { __type: type, message }: { __type?: string; message?: string } = text === '' ? {} : Object(JSON.parse(text))
  const named = response.headers['x-amzn-errortype'] ?? type
  return {
    status: response.statusCode ?? 0,
    type: named === undefined ? undefined : String(named).replace(/^.*#/, ''),
    message,
  }
}
