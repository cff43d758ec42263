import { describe, expect, it } from 'vitest'
import { GATEWAY_LIMITS } from '../../../shared/rules/aws/gateway-limits.ts'
import {
  authorizerEvent,
  connectEvent,
  disconnectEvent,
  messageEvent,
  requestContext,
} from '../../../infra/aws/gateway/events.ts'
import type { Asked } from '../../../infra/aws/gateway/events.ts'
import { testClock } from '../../kit/clock.ts'
import { OK } from './harness.ts'

const stage = {
  api: { id: 'a1b2c3d4', stage: 'live', routeSelection: ['action'], routes: [] },
  region: 'local',
  accountId: '000000000000',
  domainName: '127.0.0.1:4000',
  clock: testClock(),
  invoke: async () => OK(),
  limits: GATEWAY_LIMITS,
  emptyMessages: false,
  throttle: { connection: () => true, message: () => true },
  log: () => undefined,
}
const facts = {
  connectionId: 'Llf4ceE2NjMCF7w=',
  connectedAt: 1_707_502_303_419,
  identity: { sourceIp: '127.0.0.1', userAgent: 'phone/1' },
}
const happening = {
  eventType: 'CONNECT',
  routeKey: '$connect',
  requestId: 'L0SM9cOFvHcCIhw=',
  requestedAt: 1_707_502_303_420,
} as const
const context = requestContext(stage, facts, happening)
const asked: Asked = {
  headers: [
    ['Host', '127.0.0.1:4000'],
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['X-Tag', 'one'],
    ['X-Tag', 'two'],
  ],
  query: [
    ['token', 'a'],
    ['token', 'b'],
    ['__proto__', 'c'],
  ],
}

describe('requestContext', () => {
  it('has what AWS sends with every event', () => {
    expect(context).toEqual({
      routeKey: '$connect',
      eventType: 'CONNECT',
      extendedRequestId: 'L0SM9cOFvHcCIhw=',
      requestTime: '09/Feb/2024:18:11:43 +0000',
      messageDirection: 'IN',
      stage: 'live',
      connectedAt: 1_707_502_303_419,
      requestTimeEpoch: 1_707_502_303_420,
      identity: { sourceIp: '127.0.0.1', userAgent: 'phone/1' },
      requestId: 'L0SM9cOFvHcCIhw=',
      domainName: '127.0.0.1:4000',
      connectionId: 'Llf4ceE2NjMCF7w=',
      apiId: 'a1b2c3d4',
    })
  })

  it('has the authorizer, where there was one', () => {
    const authorizer = { principalId: 'ann', device: 'd-1' }
    expect(requestContext(stage, { ...facts, authorizer }, happening)).toEqual({ ...context, authorizer })
  })
})

describe('the events', () => {
  it('give the authorizer headers and query, single and multiple', () => {
    const methodArn = 'arn:aws:execute-api:local:000000000000:a1b2c3d4/live/$connect'
    expect(authorizerEvent(context, asked, methodArn)).toEqual({
      type: 'REQUEST',
      methodArn,
      headers: { Host: '127.0.0.1:4000', Connection: 'Upgrade', Upgrade: 'websocket', 'X-Tag': 'two' },
      multiValueHeaders: {
        Host: ['127.0.0.1:4000'],
        Connection: ['Upgrade'],
        Upgrade: ['websocket'],
        'X-Tag': ['one', 'two'],
      },
      queryStringParameters: { token: 'b', ['__proto__']: 'c' },
      multiValueQueryStringParameters: { token: ['a', 'b'], ['__proto__']: ['c'] },
      stageVariables: {},
      requestContext: context,
    })
  })

  it('give $connect the headers without those of the hop', () => {
    expect(connectEvent(context, asked)).toEqual({
      headers: { Host: '127.0.0.1:4000', 'X-Tag': 'two' },
      multiValueHeaders: { Host: ['127.0.0.1:4000'], 'X-Tag': ['one', 'two'] },
      queryStringParameters: { token: 'b', ['__proto__']: 'c' },
      multiValueQueryStringParameters: { token: ['a', 'b'], ['__proto__']: ['c'] },
      requestContext: context,
      isBase64Encoded: false,
    })
  })

  it('leave the query members out of $connect where there is no query', () => {
    expect(Object.keys(connectEvent(context, { ...asked, query: [] }))).toEqual([
      'headers',
      'multiValueHeaders',
      'requestContext',
      'isBase64Encoded',
    ])
  })

  it('give a message its body and an id', () => {
    expect(messageEvent(context, 'Fz_pVcTfIAMCJwQ=', '{"action":"login"}')).toEqual({
      requestContext: { ...context, messageId: 'Fz_pVcTfIAMCJwQ=' },
      body: '{"action":"login"}',
      isBase64Encoded: false,
    })
  })

  it('give $disconnect the code and the reason', () => {
    const event = disconnectEvent(context, { code: 1005, reason: 'Client-side close frame status not set' })
    expect(event).toEqual({
      headers: { Host: '127.0.0.1:4000', 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' },
      multiValueHeaders: { Host: ['127.0.0.1:4000'], 'x-api-key': [''], 'X-Forwarded-For': [''], 'x-restapi': [''] },
      requestContext: {
        ...context,
        disconnectStatusCode: 1005,
        disconnectReason: 'Client-side close frame status not set',
      },
      isBase64Encoded: false,
    })
  })
})
