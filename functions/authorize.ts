import middy from '@middy/core'
import { deviceNamedBy, isGenuine } from '../shared/wire/token.ts'
import { log } from './parts/log.ts'
import { logged } from './parts/logged.ts'
import { mayConnect, speaker } from './parts/speaker.ts'
import { configurationStore } from './parts/stores.ts'

const configuration = configurationStore()

interface ConnectEvent {
  readonly methodArn: string
  readonly queryStringParameters?: { readonly token?: string }
}

/**
 * The authorizer of `$connect`: only a device that the configuration knows, and that is active, holds a connection; and
 * one that has an enrolment code, to redeem it.
 *
 * A token that nobody enrolled can have made is answered 401; that of a disabled or revoked device 403. Later events of
 * the connection carry `device`.
 */
export const handler = middy<ConnectEvent>()
  .use(logged('authorize'))
  .handler(async ({ methodArn, queryStringParameters }: ConnectEvent) => {
    const now = Date.now()
    const token = queryStringParameters?.token ?? ''
    const device = deviceNamedBy(token)
    const known = device === undefined ? undefined : await speaker(device, configuration, now)

    if (device === undefined || known === undefined) return unauthorized(device)
    if (!(await isGenuine(token, device, known.key, now))) return unauthorized(device)

    return policy(device, mayConnect(known) ? 'Allow' : 'Deny', methodArn)
  })

/** API Gateway turns an error with exactly this text into 401. */
function unauthorized(device: string | undefined): never {
  log('unauthorized', { device })
  throw new Error('Unauthorized')
}

function policy(device: string, Effect: 'Allow' | 'Deny', Resource: string) {
  return {
    principalId: device,
    policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }] },
    context: { device },
  }
}
