import { describe, expect, it } from 'vitest'
import { connected, functions, gate, OK, route, started } from './harness.ts'
import type { Handler } from './harness.ts'

const ID = expect.stringMatching(/^[\w-]{15}=$/)
const echo: Handler = ({ body }) => ({ statusCode: 200, body })
const named: Handler = ({ requestContext }) => ({ statusCode: 200, body: requestContext['routeKey'] })
const fault = (message: string) => ({ message, connectionId: ID, requestId: ID })

async function talking(handlers: Record<string, Handler>, { twoWay = true, timeoutMs = 29_000 } = {}) {
  const behind = functions(handlers)
  const routes = Object.keys(handlers).map((key) =>
    route(key, { twoWay, integration: { kind: 'function', functionName: key, timeoutMs } }),
  )
  const { gateway, clock } = await started(routes, behind.invoke)
  return { behind, gateway, clock, client: await connected(gateway.url) }
}

describe('a message', () => {
  it('reaches the function as AWS would send it', async () => {
    const { behind, client, clock } = await talking({ login: OK })
    clock.advance(1_000)
    client.send({ action: 'login', text: 'päßchen' })
    const event = await behind.next('login')
    expect(event).toEqual({
      body: '{"action":"login","text":"päßchen"}',
      isBase64Encoded: false,
      requestContext: {
        routeKey: 'login',
        messageId: ID,
        eventType: 'MESSAGE',
        extendedRequestId: event.requestContext.requestId,
        requestTime: '01/Jan/2026:00:00:01 +0000',
        messageDirection: 'IN',
        stage: 'live',
        connectedAt: clock.now() - 1_000,
        requestTimeEpoch: clock.now(),
        identity: { sourceIp: '127.0.0.1' },
        requestId: ID,
        domainName: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        connectionId: ID,
        apiId: 'a1b2c3d4',
      },
    })
  })

  it('goes to the route that it names, and to $default otherwise', async () => {
    const { client } = await talking({ login: named, $default: named })
    for (const [message, expected] of [
      [{ action: 'login' }, 'login'],
      [{ action: 'logoff' }, '$default'],
      ['no JSON', '$default'],
      [{ action: '__proto__' }, '$default'],
    ] as const) {
      client.send(message)
      expect(await client.next()).toBe(expected)
    }
  })

  it('is answered Forbidden where no route takes it, and the connection stays', async () => {
    const { client } = await talking({ login: echo })
    client.send({ action: 'constructor' })
    expect(JSON.parse(await client.next())).toEqual(fault('Forbidden'))
    client.send({ action: 'login' })
    expect(await client.next()).toBe('{"action":"login"}')
  })

  it('does not wait for the one before it', async () => {
    const held = gate<object>()
    const { client } = await talking({ slow: () => held.promise, quick: echo })
    client.send({ action: 'slow' })
    client.send({ action: 'quick' })
    expect(await client.next()).toBe('{"action":"quick"}')
    held.resolve({ statusCode: 200, body: 'slow' })
    expect(await client.next()).toBe('slow')
  })
})

describe('the answer', () => {
  it('goes back over a two-way route, whatever its status', async () => {
    const { client } = await talking({ $default: () => ({ statusCode: 400, body: 'no' }) })
    client.send('x')
    expect(await client.next()).toBe('no')
  })

  it('goes back decoded when it is in base64', async () => {
    const body = Buffer.from('päßchen').toString('base64')
    const { client } = await talking({ $default: () => ({ statusCode: 200, body, isBase64Encoded: true }) })
    client.send('x')
    expect(await client.next()).toBe('päßchen')
  })

  it('does not go back where it has no body', async () => {
    const { behind, client } = await talking({ silent: OK, echo })
    client.send({ action: 'silent' })
    await behind.next('silent')
    client.send({ action: 'echo' })
    expect(await client.next()).toBe('{"action":"echo"}')
  })

  it('does not go back over a route that is not two-way', async () => {
    const behind = functions({ oneWay: echo, echo })
    const { gateway } = await started([route('oneWay'), route('echo', { twoWay: true })], behind.invoke)
    const client = await connected(gateway.url)
    client.send({ action: 'oneWay' })
    await behind.next('oneWay')
    client.send({ action: 'echo' })
    expect(await client.next()).toBe('{"action":"echo"}')
  })

  it('of a mock is nothing', async () => {
    const behind = functions({ echo })
    const mock = route('mock', { integration: { kind: 'mock', responds: true }, twoWay: true })
    const { gateway } = await started([mock, route('echo', { twoWay: true })], behind.invoke)
    const client = await connected(gateway.url)
    client.send({ action: 'mock' })
    client.send({ action: 'echo' })
    expect(await client.next()).toBe('{"action":"echo"}')
  })

  it('is an empty message where there is none, if the gateway is set to send such', async () => {
    const behind = functions({ silent: OK, oneWay: OK, echo })
    const routes = [route('silent', { twoWay: true }), route('oneWay'), route('echo', { twoWay: true })]
    const { gateway } = await started(routes, behind.invoke, { emptyMessages: true })
    const client = await connected(gateway.url)
    client.send({ action: 'oneWay' })
    await behind.next('oneWay')
    client.send({ action: 'silent' })
    expect(await client.next()).toBe('')
    client.send({ action: 'echo' })
    expect(await client.next()).toBe('{"action":"echo"}')
  })

  it('of a mock that has nothing to map its status to is Internal server error', async () => {
    const mock = route('mock', { integration: { kind: 'mock', responds: false }, twoWay: true })
    const { gateway } = await started([mock])
    const client = await connected(gateway.url)
    client.send({ action: 'mock' })
    expect(JSON.parse(await client.next())).toMatchObject({ message: 'Internal server error' })
  })

  it.each<[string, Handler]>([
    [
      'an error',
      () => {
        throw new Error('secret words')
      },
    ],
    ['nothing', () => undefined],
    ['a text', () => 'ok'],
    ['no status', () => ({ body: 'ok' })],
    ['a body that is no text', () => ({ statusCode: 200, body: { ok: true } })],
    ['bytes that are no text', () => ({ statusCode: 200, body: '/w==', isBase64Encoded: true })],
    ['more than a message holds', () => ({ statusCode: 200, body: 'x'.repeat(128 * 1024 + 1) })],
  ])('of a function that gives %s is Internal server error, and the connection stays', async (_, broken) => {
    const { client } = await talking({ broken, echo }, { twoWay: true })
    client.send({ action: 'broken' })
    expect(JSON.parse(await client.next())).toEqual(fault('Internal server error'))
    client.send({ action: 'echo' })
    expect(await client.next()).toBe('{"action":"echo"}')
  })

  it('names the connection and the request that failed', async () => {
    const { behind, client } = await talking({ broken: () => undefined }, { twoWay: false })
    client.send({ action: 'broken' })
    const { connectionId, requestId } = (await behind.next('broken')).requestContext
    const message = 'Internal server error'
    expect(await client.next()).toBe(JSON.stringify({ message, connectionId, requestId }))
  })

  it.each([
    ["the gateway's limit", 60_000, 29_000],
    ["the route's own limit", 5_000, 5_000],
  ])('is Endpoint request timed out after %s, and a late one is dropped', async (_, timeoutMs, limitMs) => {
    const held = gate<object>()
    const { behind, client, clock } = await talking({ slow: () => held.promise, echo }, { timeoutMs })
    client.send({ action: 'slow' })
    await behind.next('slow')
    clock.advance(limitMs - 1)
    client.send({ action: 'echo' })
    expect(await client.next()).toBe('{"action":"echo"}')
    clock.advance(1)
    expect(JSON.parse(await client.next())).toEqual(fault('Endpoint request timed out'))
    held.resolve({ statusCode: 200, body: 'late' })
    client.send({ action: 'echo' })
    expect(await client.next()).toBe('{"action":"echo"}')
  })
})
