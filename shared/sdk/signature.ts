import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto'

/*
 * Stands for @smithy/signature-v4, whose way is one of promises and of streams: Signature Version 4 of a request that is in
 * memory, without a query. test/sdk/signature.test.ts holds it to that one.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** As the credential scope has them: `eu-west-1`, `dynamodb`. */
export interface Scope {
  readonly region: string
  readonly service: string
}

export interface Unsigned {
  readonly method: string
  /** As it is sent: each of its segments is escaped once, and none is empty, `.` or `..`. */
  readonly path: string
  /** Names in small letters, `host` among them. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** Headers that a proxy or Node may change on the way. */
const UNSIGNED: ReadonlySet<string> = new Set(['user-agent', 'x-amzn-trace-id'])

/** Signs requests of one scope. The signing key, which is one a day, is kept. */
export function signer({ region, service }: Scope) {
  let kept: { readonly of: string; readonly key: KeyObject } | undefined

  function keyOf({ accessKeyId, secretAccessKey }: Credentials, day: string): KeyObject {
    const of = `${day} ${accessKeyId} ${secretAccessKey}`
    if (kept?.of !== of) {
      const steps = [day, region, service, 'aws4_request']
      const first = createSecretKey(Buffer.from(`AWS4${secretAccessKey}`))
      kept = { of, key: steps.reduce((key, step) => createSecretKey(hmac(key, step)), first) }
    }
    return kept.key
  }

  /** @returns the request's headers, and those of its signature */
  return (request: Unsigned, credentials: Credentials, at: Date): Record<string, string> => {
    const time = at.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
    const day = time.slice(0, 8)
    const scope = `${day}/${region}/${service}/aws4_request`
    const { accessKeyId, sessionToken } = credentials
    const bodyHash = sha256(request.body)
    const headers: Record<string, string> = {
      ...request.headers,
      'x-amz-date': time,
      'x-amz-content-sha256': bodyHash,
      ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
    }
    const names = Object.keys(headers)
      .filter((name) => !UNSIGNED.has(name))
      .toSorted()
    const lines = names.map((name) => `${name}:${trimmed(headers[name] ?? '')}\n`).join('')
    const signed = names.join(';')
    const canonical = `${request.method}\n${escaped(request.path)}\n\n${lines}\n${signed}\n${bodyHash}`
    const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`
    const signature = hmac(keyOf(credentials, day), toSign).toString('hex')
    headers['authorization'] =
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`
    return headers
  }
}

// By key objects: that bytes are none, Node finds out by an error it throws, which takes seven times what the HMAC does.
const hmac = (key: KeyObject, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const sha256 = (data: string | Uint8Array): string => hash('sha256', data)
const trimmed = (value: string): string => value.replaceAll(/[ \t]+/g, ' ').replaceAll(/^ | $/g, '')

/** Once more than in the request: "URI-encode each path segment twice" (of every service but S3). RFC 3986, 2.3. */
function escaped(path: string): string {
  return path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replaceAll(/[!'()*]/g, hexadecimal))
    .join('/')
}

const hexadecimal = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
