import { describe, expect, it } from 'vitest'
import { rendered, type AccessLogEntry } from '../../../infra/aws/gateway/access-log.ts'
import { connected, functions, OK, queue, refusedBy, route, started, type Handler } from './harness.ts'

const ARN = 'arn:aws:execute-api:local:000000000000:a1b2c3d4/live/$connect'
const ALLOWED = {
  principalId: 'ann-phone',
  policyDocument: { Statement: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: ARN }] },
  context: { device: 'ann-phone' },
}
const FORMAT = JSON.stringify({
  device: '$context.authorizer.device',
  status: '$context.status',
  authorizerError: '$context.authorizer.error',
  authorizerStatus: '$context.authorizer.status',
  integrationError: '$context.integrationErrorMessage',
  integrationStatus: '$context.integrationStatus',
})

/** A gateway that keeps a log in that format; `next` gives its next line. */
async function logging(authorizer: Handler, login: Handler = OK) {
  const entries = queue<AccessLogEntry>()
  const behind = functions({ authorizer, login, $connect: OK, $disconnect: OK })
  const identitySources = ['route.request.querystring.token']
  const routes = [route('$connect', { authorizer: { functionName: 'authorizer', identitySources } }), route('login')]
  const { gateway } = await started(routes, behind.invoke, { log: entries.push })
  const next = async (): Promise<unknown> => JSON.parse(rendered(FORMAT, await entries.next()))
  return { url: `${gateway.url}?token=secret-token`, next }
}

describe('a line of the access log', () => {
  it("has the authorizer's error, and not what the integration never said", async () => {
    const { url, next } = await logging(() => {
      throw new Error('Unauthorized')
    })
    await refusedBy(url)
    expect(await next()).toEqual({
      device: '-',
      status: '401',
      authorizerError: 'the authorizer said Unauthorized',
      authorizerStatus: '401',
      integrationError: '-',
      integrationStatus: '-',
    })
  })

  it("has the integration's error, and the device that the authorizer named", async () => {
    const { url, next } = await logging(
      () => ALLOWED,
      () => {
        throw new Error('secret words')
      },
    )
    const client = await connected(url)
    await next()
    client.send({ action: 'login' })
    expect(await next()).toEqual({
      device: 'ann-phone',
      status: '500',
      authorizerError: '-',
      authorizerStatus: '-',
      integrationError: 'the function failed',
      integrationStatus: '-',
    })
  })

  it('has what the integration answered, where nothing went wrong', async () => {
    const { url, next } = await logging(() => ALLOWED)
    const client = await connected(url)
    await next()
    client.send({ action: 'login' })
    expect(await next()).toMatchObject({ status: '200', integrationError: '-', integrationStatus: '200' })
  })
})
