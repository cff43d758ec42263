import { createHash, createHmac } from 'node:crypto'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

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
  const at = new Date(now).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const date = at.slice(0, 8)
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  // `host` is signed, and sent by whoever sends the request.
  const headers: Readonly<Record<string, string>> = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-date': at,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
    'x-amz-target': target,
  }
  const signed = Object.entries({ ...headers, host: new URL(endpoint).host }).sort(([one], [other]) =>
    one < other ? -1 : 1,
  )
  const names = signed.map(([name]) => name).join(';')
  const canonical = signed.map(([name, value]) => `${name}:${value}\n`)
  const request = ['POST', '/', '', canonical.join(''), names, sha256(body)].join('\n')
  const scope = `${date}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', at, scope, sha256(request)].join('\n')
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`)
  const signature = hmac(key, toSign).toString('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
  return { ...headers, authorization }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
