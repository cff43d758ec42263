import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connected, functions, gate, OK, refusedBy, route, started } from './harness.ts'
import type { Handler } from './harness.ts'

const MOCK = { integration: { kind: 'mock', responds: true } } as const

describe('$connect', () => {
  it('may be missing', async () => {
    const { gateway } = await started([route('$default')])
    await connected(gateway.url)
    expect(gateway.connections()).toBe(1)
  })

  it('may be a mock', async () => {
    const { gateway } = await started([route('$connect', { ...MOCK, twoWay: true })])
    await connected(gateway.url)
    expect(gateway.connections()).toBe(1)
  })

  it.each([
    ['an integration response', { integration: { kind: 'mock', responds: false }, twoWay: true }],
    ['a route response', { ...MOCK, twoWay: false }],
  ] as const)('that is a mock without %s ends the handshake with 500', async (_, lacking) => {
    const { gateway } = await started([route('$connect', lacking)])
    expect(await refusedBy(gateway.url)).toEqual({ status: 500, body: { message: 'Internal server error' } })
  })

  it('gets the headers and the query of the client', async () => {
    const behind = functions({ $connect: OK })
    const { gateway, clock } = await started([route('$connect')], behind.invoke)
    await connected(`${gateway.url}?token=t%201`, { headers: { 'User-Agent': 'phone/1', 'X-Device': 'd-1' } })
    const event = await behind.next('$connect')
    expect(event).toMatchObject({
      headers: { 'X-Device': 'd-1', Host: new URL(gateway.url).host },
      multiValueHeaders: { 'X-Device': ['d-1'] },
      queryStringParameters: { token: 't 1' },
      requestContext: {
        routeKey: '$connect',
        eventType: 'CONNECT',
        messageDirection: 'IN',
        stage: 'live',
        apiId: 'a1b2c3d4',
        connectedAt: clock.now(),
        requestTimeEpoch: clock.now(),
        requestTime: '01/Jan/2026:00:00:00 +0000',
        domainName: new URL(gateway.url).host,
        identity: { sourceIp: '127.0.0.1', userAgent: 'phone/1' },
      },
      isBase64Encoded: false,
    })
    expect(event.headers).not.toHaveProperty('Upgrade')
    expect(event.requestContext.connectionId).toMatch(/^[\w-]{15}=$/)
    expect(event.requestContext.requestId).toMatch(/^[\w-]{15}=$/)
    expect(event.requestContext).not.toHaveProperty('messageId')
  })

  it('holds the upgrade until it ends', async () => {
    const held = gate<object>()
    const behind = functions({ $connect: () => held.promise })
    const { gateway } = await started([route('$connect')], behind.invoke)
    const client = connected(gateway.url)
    await behind.next('$connect')
    expect(gateway.connections()).toBe(0)
    held.resolve(OK())
    await client
    expect(gateway.connections()).toBe(1)
  })

  it.each([400, 401, 403, 429, 500, 503])('refuses the upgrade with its own status %i', async (statusCode) => {
    const { gateway } = await started([route('$connect')], functions({ $connect: () => ({ statusCode }) }).invoke)
    const refusal = await refusedBy(gateway.url)
    expect(refusal.status).toBe(statusCode)
    expect(refusal.body).toHaveProperty('message')
    expect(gateway.connections()).toBe(0)
  })

  it.each<[string, Handler]>([
    [
      'throws',
      () => {
        throw new Error('secret words')
      },
    ],
    ['answers nothing', () => undefined],
    ['answers without a status', () => ({ body: 'ok' })],
    ['answers with a body that is no text', () => ({ statusCode: 200, body: {} })],
  ])('refuses the upgrade with 502 when it %s', async (_, $connect) => {
    const { gateway } = await started([route('$connect')], functions({ $connect }).invoke)
    expect(await refusedBy(gateway.url)).toEqual({ status: 502, body: { message: 'Internal server error' } })
  })

  it('refuses the upgrade with 504 when it takes too long', async () => {
    const behind = functions({ $connect: () => new Promise(() => undefined) })
    const { gateway, clock } = await started([route('$connect')], behind.invoke)
    const refusal = refusedBy(gateway.url)
    await behind.next('$connect')
    clock.advance(29_000)
    expect(await refusal).toEqual({ status: 504, body: { message: 'Endpoint request timed out' } })
  })

  it('is followed by $disconnect when the client left meanwhile', async () => {
    const held = gate<object>()
    const behind = functions({ $connect: () => held.promise, $disconnect: OK })
    const { gateway } = await started([route('$connect'), route('$disconnect')], behind.invoke)
    const ws = new WebSocket(gateway.url).on('error', () => undefined)
    const { connectionId } = (await behind.next('$connect')).requestContext
    ws.terminate()
    held.resolve(OK())
    const { requestContext } = await behind.next('$disconnect')
    expect(requestContext).toMatchObject({ connectionId, disconnectStatusCode: 1006 })
  })
})
