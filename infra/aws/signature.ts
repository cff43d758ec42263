import { createHmac, createSecretKey, hash, timingSafeEqual, type KeyObject } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { LOCAL } from './assembly/assembly-references.ts'
import { canonical } from './canonical-request.ts'
import {
  authorizationIn,
  fault,
  type Authorization,
  type SignatureFault,
  type SigningService,
} from './authorization.ts'

export type { SignatureFault, SigningService } from './authorization.ts'

/** What a request shows of itself, as it arrived. */
export interface SignedRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Who may sign, where, and what time it is. */
export interface Signers {
  /** As the credential scope must name it. */
  readonly region: string
  /** The credentials that go with an access key; undefined where there is no such key. */
  readonly credentialsOf: (accessKeyId: string) => SigningCredentials | undefined
  /** Epoch milliseconds, by the clock of the signer: the machine's. */
  readonly now: () => number
}

export interface SigningCredentials {
  readonly secretAccessKey: string
  /** Of temporary credentials: must come with each request. Absent: whatever comes is not looked at. */
  readonly sessionToken?: string
}

/** Whose request it is, or why its signature is not taken. */
export type Verdict = { readonly caller: string } | { readonly fault: SignatureFault }

export type Verify = (request: SignedRequest) => Promise<Verdict>

/** Where no signers are named: any access key, with the secret `local`. */
export const ANYBODY: Signers = {
  region: LOCAL.region,
  credentialsOf: () => ({ secretAccessKey: 'local' }),
  now: Date.now,
}

/**
 * A request must arrive within five minutes of its signing. Some regions' answers named 15 in the past (aws-sdk-js issue
 * 2565, of 2019); DynamoDB's of today tell of 5 (aws-sdk-js-v3 issue 7605, of 2025), as the guide does.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
const SKEW_MS = 5 * 60_000

/**
 * Checks Signature Version 4 as a service of AWS does: it signs anew what came, and compares. test/aws/signature.test.ts
 * holds it to the AWS SDK's signer.
 *
 * @param service as the credential scope must name it
 */
export function verifier(service: SigningService, { region, credentialsOf, now }: Signers): Verify {
  const keyOf = signingKeys()
  return async (request) => {
    const claimed = authorizationIn(service, region, request.headers)
    if ('fault' in claimed) return claimed
    const credentials = credentialsOf(claimed.accessKeyId)
    const token = request.headers['x-amz-security-token']
    if (credentials === undefined || (credentials.sessionToken ?? token) !== token)
      return fault(service, 'UnrecognizedClientException', 'The security token included in the request is invalid.')
    const late = skew(claimed.signedAt, now())
    if (late !== undefined) return fault(service, 'InvalidSignatureException', late)
    const scope = `${stamp(claimed.signedAt).slice(0, 8)}/${region}/${service}/aws4_request`
    const expected = signatureExpected(request, claimed, scope, keyOf(credentials.secretAccessKey, scope))
    if (expected === undefined || !same(expected, claimed.signature))
      return fault(service, 'InvalidSignatureException', MISMATCH)
    return { caller: claimed.accessKeyId }
  }
}

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'

/** AWS's words, for example `Signature expired: 20260101T000000Z is now earlier than 20260101T000001Z (20260101T000501Z - 5 min.)`. */
function skew(signedAt: number, now: number): string | undefined {
  const distance = signedAt - now
  if (!(Math.abs(distance) > SKEW_MS)) return undefined
  const [signed, present] = [stamp(signedAt), stamp(now)]
  return distance < 0
    ? `Signature expired: ${signed} is now earlier than ${stamp(now - SKEW_MS)} (${present} - 5 min.)`
    : `Signature not yet current: ${signed} is still later than ${stamp(now + SKEW_MS)} (${present} + 5 min.)`
}

const stamp = (ms: number) => new Date(ms).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')

/** The signature that the request should have; undefined where it is bound to another body than came with it. */
function signatureExpected(
  { method, url, headers, body }: SignedRequest,
  { signedHeaders, signedAt }: Authorization,
  scope: string,
  key: KeyObject,
): string | undefined {
  const bodyHash = hash('sha256', body)
  if (signedHeaders.includes('x-amz-content-sha256') && headers['x-amz-content-sha256'] !== bodyHash) return undefined
  // What its sender signed is signed, whatever it is.
  const signed = signedHeaders.map((name) => [name, String(headers[name] ?? '')] as const)
  const request = hash('sha256', canonical({ method, url, headers: signed, bodyHash }))
  return hmac(key, `AWS4-HMAC-SHA256\n${stamp(signedAt)}\n${scope}\n${request}`).toString('hex')
}

/** Most keys that are kept: of each who signs there is one a day. */
const KEYS_MOST = 64

/** The keys with which signatures are made, kept by what they are made of. */
function signingKeys() {
  const kept = new Map<string, KeyObject>()
  return (secretAccessKey: string, scope: string): KeyObject => {
    const of = `${scope} ${secretAccessKey}`
    const known = kept.get(of)
    if (known !== undefined) return known
    const first = createSecretKey(Buffer.from(`AWS4${secretAccessKey}`))
    const key = scope.split('/').reduce((made, step) => createSecretKey(hmac(made, step)), first)
    if (kept.size >= KEYS_MOST) kept.clear()
    kept.set(of, key)
    return key
  }
}

const hmac = (key: KeyObject, text: string): Buffer => createHmac('sha256', key).update(text).digest()

function same(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)]
  return first.length === second.length && timingSafeEqual(first, second)
}
