import type { Configuration, Reading } from '../../shared/store/configuration/configuration.ts'
import { deviceNamedBy } from '../../shared/wire/token.ts'
import { log } from './log.ts'
import { mayConnect, principal } from './principal.ts'
import { verdictOn } from './token-verdict.ts'

/** What API Gateway hands to the authorizer of `$connect`, as far as we read it. */
export interface ConnectEvent {
  /** Of this API's `$connect`, and of nothing else. */
  readonly methodArn: string
  readonly queryStringParameters?: { readonly token?: string }
  readonly requestContext: { readonly apiId: string; readonly domainName: string; readonly stage: string }
}

/**
 * The story of a device that asks for a connection. It gets one if the configuration knows it and it is active, or if it
 * has an enrolment code, to redeem it.
 *
 * The gateway answers 401 to a token that no enrolled device can have made, or that was made for another API, and 403 to
 * that of a disabled or revoked device. Later events of the connection carry `device`. Before a
 * refusal that rests on the cache, the authorizer reads once more.
 */
export function authorize(configuration: Configuration) {
  return async ({ methodArn, queryStringParameters, requestContext }: ConnectEvent) => {
    const token = queryStringParameters?.token ?? ''
    const device = deviceNamedBy(token)
    if (device === undefined) return unauthorized({ device })

    const asked = { token, device, audiences: audiences(requestContext) }
    const first = await judged(asked, configuration, 'cached')
    const isSure = first.mayConnect || first.offByS !== undefined
    const { genuine, mayConnect: may, offByS } = isSure ? first : await judged(asked, configuration, 'doubted')
    if (!genuine) return unauthorized({ device, offByS })
    return policy(device, may ? 'Allow' : 'Deny', methodArn)
  }
}

interface Asked {
  readonly token: string
  readonly device: string
  readonly audiences: string[]
}

interface Judged {
  readonly genuine: boolean
  readonly mayConnect: boolean
  readonly offByS?: number | undefined
}

async function judged(
  { token, device, audiences: expected }: Asked,
  configuration: Configuration,
  reading: Reading,
): Promise<Judged> {
  const now = Date.now()
  const known = await principal(device, configuration, now, reading)
  if (known === undefined) return { genuine: false, mayConnect: false }
  const verdict = verdictOn(token, { device, audiences: expected }, known.key, now)
  return { ...verdict, mayConnect: verdict.genuine && mayConnect(known) }
}

/** Either name of this stage: its address, which a device knows from its URL, or the API's id. */
function audiences({ apiId, domainName, stage }: ConnectEvent['requestContext']): string[] {
  return [`${domainName}/${stage}`, `${apiId}/${stage}`]
}

/** API Gateway turns an error with exactly this text into 401. */
function unauthorized(about: { readonly device: string | undefined; readonly offByS?: number | undefined }): never {
  log('unauthorized', about)
  throw new Error('Unauthorized')
}

function policy(device: string, Effect: 'Allow' | 'Deny', Resource: string) {
  return {
    principalId: device,
    policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }] },
    context: { device },
  }
}
