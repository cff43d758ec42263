import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { SignatureV4 } from '@smithy/signature-v4'
import { LOCAL } from './assembly/assembly-references.ts'
import { Sha256 } from '../../shared/sha256.ts'
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
 * Checks Signature Version 4 as a service of AWS does: it signs anew what came, by the AWS SDK's own signer, and compares.
 *
 * @param service as the credential scope must name it
 */
export function verifier(service: SigningService, { region, credentialsOf, now }: Signers): Verify {
  return async (request) => {
    const claimed = authorizationIn(service, region, request.headers)
    if ('fault' in claimed) return claimed
    const credentials = credentialsOf(claimed.accessKeyId)
    const token = request.headers['x-amz-security-token']
    if (credentials === undefined || (credentials.sessionToken ?? token) !== token)
      return fault(service, 'UnrecognizedClientException', 'The security token included in the request is invalid.')
    const late = skew(claimed.signedAt, now())
    if (late !== undefined) return fault(service, 'InvalidSignatureException', late)
    const expected = await signatureOf(service, region, request, claimed, credentials.secretAccessKey)
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
async function signatureOf(
  service: SigningService,
  region: string,
  { method, url, headers, body }: SignedRequest,
  { accessKeyId, signedHeaders, signedAt }: Authorization,
  secretAccessKey: string,
): Promise<string | undefined> {
  const values = Object.fromEntries(signedHeaders.map((name) => [name, String(headers[name] ?? '')]))
  const bodyHash = values['x-amz-content-sha256']
  if (bodyHash !== undefined && bodyHash !== createHash('sha256').update(body).digest('hex')) return undefined
  const credentials = { accessKeyId, secretAccessKey }
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, applyChecksum: false })
  const { headers: signed } = await signer.sign(
    { method, protocol: 'http:', hostname: '', ...targetOf(url), headers: values, body },
    // What its sender signed is signed, whatever it is.
    { signingDate: new Date(signedAt), signableHeaders: new Set(signedHeaders) },
  )
  return signed['authorization']?.split('Signature=')[1]
}

/** The path stays as it was sent: `new URL` would tidy it. */
function targetOf(url: string) {
  const [path = '', search = ''] = url.split('?')
  const parameters = new URLSearchParams(search)
  const names = [...new Set(parameters.keys())]
  return { path, query: Object.fromEntries(names.map((name) => [name, parameters.getAll(name)])) }
}

function same(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)]
  return first.length === second.length && timingSafeEqual(first, second)
}
