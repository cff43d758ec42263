import { SignatureV4 } from '@smithy/signature-v4'
import { Sha256 } from '../../shared/sha256.ts'

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
 * The SDK's clients of SSM and KMS would be 78 and 28 KB in every function, for one call each. Their signer is in every
 * bundle already: DynamoDB's client brings it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export async function signedHeaders(call: SignedJson): Promise<Record<string, string>> {
  const { service, endpoint, region, credentials, target, body, now } = call
  const { protocol, host, hostname } = new URL(endpoint)
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, applyChecksum: false })
  const request = {
    method: 'POST',
    protocol,
    hostname,
    path: '/',
    query: {},
    headers: { host, 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    body,
  }
  const signed = await signer.sign(request, { signingDate: new Date(now) })
  // `host` is signed, and sent by whoever sends the request.
  const { host: _, ...headers } = signed.headers
  return headers
}
