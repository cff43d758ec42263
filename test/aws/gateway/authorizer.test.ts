import { describe, expect, it } from 'vitest'
import type { AuthorizerDescription } from '../../../infra/aws/assembly/description.ts'
import { connected, functions, OK, refusedBy, route, started } from './harness.ts'
import type { Handler } from './harness.ts'

const ARN = 'arn:aws:execute-api:local:000000000000:a1b2c3d4/live/$connect'
const authorizer = { functionName: 'authorizer', identitySources: ['route.request.querystring.token'] }
const UNAUTHORIZED = { status: 401, body: { message: 'Unauthorized' } }
const FORBIDDEN = { status: 403, body: { message: 'Forbidden' } }
const FAILED = { status: 500, body: { message: 'Internal server error' } }

function policy(effect: string, more: object = {}) {
  const statement = { Effect: effect, Action: 'execute-api:Invoke', Resource: ARN }
  return { principalId: 'ann', policyDocument: { Version: '2012-10-17', Statement: [statement] }, ...more }
}

async function guarded(answer: Handler, more: Partial<AuthorizerDescription> = {}) {
  const behind = functions({ authorizer: answer, $connect: OK, $disconnect: OK, $default: OK })
  const routes = [
    route('$connect', { authorizer: { ...authorizer, ...more } }),
    route('$disconnect'),
    route('$default', { twoWay: true }),
  ]
  return { behind, ...(await started(routes, behind.invoke)) }
}

describe('the authorizer', () => {
  it('gets a REQUEST event before $connect does anything', async () => {
    const { behind, gateway } = await guarded(() => policy('Allow'))
    await connected(`${gateway.url}?token=t-1`, { headers: { 'User-Agent': 'phone/1', 'X-Device': 'd-1' } })
    const event = await behind.next('authorizer')
    expect(event).toMatchObject({
      type: 'REQUEST',
      methodArn: ARN,
      headers: { 'X-Device': 'd-1', Upgrade: 'websocket', 'X-Forwarded-For': '127.0.0.1' },
      multiValueHeaders: { 'X-Device': ['d-1'] },
      queryStringParameters: { token: 't-1' },
      multiValueQueryStringParameters: { token: ['t-1'] },
      stageVariables: {},
      requestContext: { routeKey: '$connect', eventType: 'CONNECT', identity: { userAgent: 'phone/1' } },
    })
    const { connectionId } = (await behind.next('$connect')).requestContext
    expect(event.requestContext.connectionId).toBe(connectionId)
  })

  it.each(['', '?token=', '?other=t'])('is not asked when the identity source is missing: %j', async (query) => {
    const { behind, gateway } = await guarded(() => policy('Allow'))
    expect(await refusedBy(gateway.url + query)).toEqual(UNAUTHORIZED)
    expect(behind.unseen('authorizer')).toBe(0)
  })

  it('finds an identity source among the headers, in whatever case, and in the context', async () => {
    const identitySources = ['route.request.header.X-Device', 'context.identity.sourceIp']
    const { gateway } = await guarded(() => policy('Allow'), { identitySources })
    expect(await refusedBy(gateway.url)).toEqual(UNAUTHORIZED)
    await connected(gateway.url, { headers: { 'x-device': 'd-1' } })
  })

  it('finds no stage variable, for there are none', async () => {
    const { gateway } = await guarded(() => policy('Allow'), { identitySources: ['stageVariables.token'] })
    expect(await refusedBy(gateway.url)).toEqual(UNAUTHORIZED)
  })

  it.each<[string, Handler, object]>([
    ['401 when it throws Unauthorized', fails('Unauthorized'), UNAUTHORIZED],
    ['500 when it throws anything else', fails('unauthorized'), FAILED],
    ['500 when the answer is malformed', () => ({ isAuthorized: true }), FAILED],
    ['500 when the context holds more than scalars', () => policy('Allow', { context: { a: {} } }), FAILED],
    ['403 when the policy denies', () => policy('Deny'), FORBIDDEN],
    [
      '403 when the policy allows something else',
      () => ({
        principalId: 'ann',
        policyDocument: { Statement: [{ Effect: 'Allow', Action: '*', Resource: `${ARN}x` }] },
      }),
      FORBIDDEN,
    ],
  ])('refuses with %s', async (_, answer, expected) => {
    const { behind, gateway } = await guarded(answer)
    expect(await refusedBy(`${gateway.url}?token=t`)).toEqual(expected)
    expect(behind.unseen('$connect')).toBe(0)
  })

  it('refuses with 500 when it takes too long', async () => {
    const { behind, gateway, clock } = await guarded(() => new Promise(() => undefined))
    const refusal = refusedBy(`${gateway.url}?token=t`)
    await behind.next('authorizer')
    clock.advance(29_000)
    expect(await refusal).toEqual(FAILED)
  })

  it('has its context, as strings, on every later event of the connection', async () => {
    const context = { device: 'd-1', number: 7, admin: true }
    const { behind, gateway } = await guarded(() => policy('Allow', { context }))
    const client = await connected(`${gateway.url}?token=t`)
    client.send('hello')
    const message = await behind.next('$default')
    client.ws.close()
    const events = [await behind.next('$connect'), message, await behind.next('$disconnect')]
    const expected = { principalId: 'ann', device: 'd-1', number: '7', admin: 'true' }
    expect(events.map((event) => event.requestContext.authorizer)).toEqual([expected, expected, expected])
  })
})

function fails(message: string): Handler {
  return () => {
    throw new Error(message)
  }
}
