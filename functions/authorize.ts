import middy from '@middy/core'
import { deviceNamedBy, verdictOn } from '../shared/wire/token.ts'
import type { Reading } from '../shared/store/configuration.ts'
import { log } from './envelope/log.ts'
import { logged } from './envelope/logged.ts'
import { mayConnect, principal } from './envelope/principal.ts'
import { configurationStore } from './wiring/stores.ts'

const configuration = configurationStore()

interface ConnectEvent {
  /** Of this API's `$connect`, and of nothing else. */
  readonly methodArn: string
  readonly queryStringParameters?: { readonly token?: string }
  readonly requestContext: { readonly apiId: string; readonly domainName: string; readonly stage: string }
}

/**
 * The authorizer of `$connect`: only a device that the configuration knows, and that is active, holds a connection; and
 * one that has an enrolment code, to redeem it.
 *
 * A token that nobody enrolled can have made, or that was made for another API, is answered 401; that of a disabled or
 * revoked device 403. Later events of the connection carry `device`. A no by what was read before is doubted, once.
 */
export const handler = middy<ConnectEvent>()
  .use(logged('authorize'))
  .handler(async ({ methodArn, queryStringParameters, requestContext }: ConnectEvent) => {
    const token = queryStringParameters?.token ?? ''
    const device = deviceNamedBy(token)
    if (device === undefined) return unauthorized({ device })

    const asked = { token, device, audiences: audiences(requestContext) }
    const first = await judged(asked, 'cached')
    const isSure = first.mayConnect || first.offByS !== undefined
    const { genuine, mayConnect: may, offByS } = isSure ? first : await judged(asked, 'doubted')
    if (!genuine) return unauthorized({ device, offByS })
    return policy(device, may ? 'Allow' : 'Deny', methodArn)
  })

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

async function judged({ token, device, audiences: expected }: Asked, reading: Reading): Promise<Judged> {
  const now = Date.now()
  const known = await principal(device, configuration, now, reading)
  if (known === undefined) return { genuine: false, mayConnect: false }
  const verdict = await verdictOn(token, { device, audiences: expected }, known.key, now)
  return { ...verdict, mayConnect: verdict.genuine && mayConnect(known) }
}

/** By either name of this stage: its address, which a device knows from its URL, or the API's id, where it was told that. */
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
