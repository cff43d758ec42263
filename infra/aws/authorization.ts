import type { IncomingHttpHeaders } from 'node:http'

/** As a credential scope names a service. */
export type SigningService = 'dynamodb' | 'ssm' | 'kms' | 'events' | 'lambda' | 'execute-api'

/**
 * Why a request has no valid signature, in AWS's words. The services here say `InvalidSignatureException` where S3 and those of the
 * query protocol say `SignatureDoesNotMatch` and `RequestTimeTooSkewed`.
 */
export interface SignatureFault {
  readonly status: number
  readonly type:
    | 'MissingAuthenticationTokenException'
    | 'IncompleteSignatureException'
    | 'InvalidSignatureException'
    | 'UnrecognizedClientException'
  readonly message: string
}

/** What an Authorization header claims. */
export interface Authorization {
  readonly accessKeyId: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** Epoch milliseconds. */
  readonly signedAt: number
}

/** Of services that speak REST every such fault is 403; JSON 1.0 and 1.1 have 400 for whatever the caller did wrong. */
const REST: ReadonlySet<SigningService> = new Set(['lambda', 'execute-api'])

export function fault(
  service: SigningService,
  type: SignatureFault['type'],
  message: string,
): { readonly fault: SignatureFault } {
  return { fault: { status: REST.has(service) ? 403 : 400, type, message } }
}

/**
 * Reads the Authorization header of a request and checks all of it that takes no secret.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html (the words)
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (what must be signed)
 */
export function authorizationIn(
  service: SigningService,
  region: string,
  headers: IncomingHttpHeaders,
): Authorization | { readonly fault: SignatureFault } {
  const { authorization = '' } = headers
  if (!authorization.startsWith('AWS4-HMAC-SHA256'))
    return fault(service, 'MissingAuthenticationTokenException', missing(service))
  const parts = partsOf(authorization)
  const lacking = PARTS.filter((name) => !parts[name])
  const date = String(headers['x-amz-date'] ?? '')
  const signedAt = timeOf(date)
  if (lacking.length > 0 || signedAt === undefined)
    return fault(service, 'IncompleteSignatureException', incomplete(lacking, signedAt === undefined))
  const [accessKeyId = '', ...scope] = (parts['Credential'] ?? '').split('/')
  const signedHeaders = (parts['SignedHeaders'] ?? '').toLowerCase().split(';')
  const wrong = scopeFault(service, region, scope, date) ?? unsigned(headers, signedHeaders)
  if (wrong !== undefined) return fault(service, 'InvalidSignatureException', wrong)
  return { accessKeyId, signedHeaders, signature: parts['Signature'] ?? '', signedAt }
}

const PARTS = ['Credential', 'SignedHeaders', 'Signature'] as const

function partsOf(authorization: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...authorization.matchAll(/(\w+)=([^,\s]*)/g)].map(([, name = '', value = '']) => [name, value]),
  )
}

function missing(service: SigningService): string {
  return REST.has(service) ? 'Missing Authentication Token' : 'Request is missing Authentication Token'
}

function incomplete(lacking: readonly string[], noDate: boolean): string {
  const words = lacking.map((name) => `Authorization header requires '${name}' parameter.`)
  if (noDate) words.push(`Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.`)
  return words.join(' ')
}

/** Epoch milliseconds of `20260101T000000Z`. */
function timeOf(date: string): number | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? []
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(ms) ? undefined : ms
}

function scopeFault(
  service: SigningService,
  ownRegion: string,
  [date, region, named, end]: readonly string[],
  time: string,
): string | undefined {
  const day = time.slice(0, 8)
  if (date !== day)
    return `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}' != '${day}', from '${time}'.`
  if (region !== ownRegion) return `Credential should be scoped to a valid region, not '${region}'. `
  if (named !== service) return `Credential should be scoped to correct service: '${service}'. `
  return end === 'aws4_request'
    ? undefined
    : `Credential should be scoped with a valid terminator: 'aws4_request', not '${end}'.`
}

/**
 * `host` and each `x-amz-` header that is there must be signed. For `host` AWS's words are known; for the others, which only
 * some services check, S3's are used.
 */
function unsigned(headers: IncomingHttpHeaders, signedHeaders: readonly string[]): string | undefined {
  if (!signedHeaders.includes('host'))
    return `'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.`
  const left = Object.keys(headers).filter((name) => name.startsWith('x-amz-') && !signedHeaders.includes(name))
  return left.length === 0
    ? undefined
    : `There were headers present in the request which were not signed: ${left.join(', ')}`
}
