import { PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi'
import { describe, expect, it } from 'vitest'
import { gateway } from '../../../infra/aws/gateway/gateway.ts'
import type { AccessLogEntry } from '../../../infra/aws/gateway/gateway.ts'
import { connected, functions, gate, managing, OK, queue, refusedBy, route, started } from './harness.ts'

describe('start', () => {
  it('takes a free port of loopback and says where', async () => {
    const { gateway } = await started([])
    expect(gateway.url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/live$/)
    expect(gateway.managementUrl).toBe(gateway.url.replace('ws:', 'http:'))
  })

  it('says what to do when the port is taken', async () => {
    const port = Number(new URL((await started([])).gateway.url).port)
    const second = started([], undefined, { port })
    await expect(second).rejects.toThrow(
      `Port ${port} of 127.0.0.1 is taken: stop what listens there, or give another port, or 0 for any free one`,
    )
  })

  it('is refused while the gateway runs', async () => {
    const { gateway } = await started([])
    await expect(gateway.start()).rejects.toThrow('stop() it before')
  })

  it('comes before any address', async () => {
    const { clock } = await started([])
    const api = { id: 'a1b2c3d4', stage: 'live', routeSelection: ['action'], routes: [] }
    const unstarted = gateway({ api, clock, invoke: async () => OK() })
    expect(() => unstarted.url).toThrow('start() it first')
    expect(unstarted.connections()).toBe(0)
  })
})

describe('stop', () => {
  it('closes every connection with 1001 and fires $disconnect for each', async () => {
    const behind = functions({ $disconnect: OK })
    const { gateway } = await started([route('$disconnect')], behind.invoke)
    const clients = [await connected(gateway.url), await connected(gateway.url)]
    const { url } = gateway
    await gateway.stop()
    expect(behind.unseen('$disconnect')).toBe(2)
    expect((await behind.next('$disconnect')).requestContext['disconnectStatusCode']).toBe(1001)
    for (const { closed } of clients) expect(await closed).toEqual({ code: 1001, reason: 'Going away' })
    await expect(connected(url)).rejects.toThrow('ECONNREFUSED')
  })

  it('waits for the events under way', async () => {
    const held = gate<object>()
    const order: string[] = []
    const behind = functions({
      $default: async () => {
        await held.promise
        order.push('message')
        return OK()
      },
    })
    const { gateway } = await started([route('$default')], behind.invoke)
    const client = await connected(gateway.url)
    client.send('x')
    await behind.next('$default')
    const stopped = gateway.stop().then(() => order.push('stopped'))
    await client.closed
    held.resolve({})
    await stopped
    expect(order).toEqual(['message', 'stopped'])
  })

  it('does not wait for ever', async () => {
    const behind = functions({ $default: () => new Promise(() => undefined) })
    const { gateway, clock } = await started([route('$default')], behind.invoke)
    const client = await connected(gateway.url)
    client.send('x')
    await behind.next('$default')
    const stopped = gateway.stop()
    expect((await client.closed).code).toBe(1001)
    clock.advance(5_000)
    await stopped
    expect(gateway.connections()).toBe(0)
  })

  it('still answers a function under way, with 410 for what is closing', async () => {
    const held = gate<void>()
    const answer = gate<unknown>()
    const behind = functions({
      $default: async ({ requestContext: { connectionId } }) => {
        await held.promise
        const post = new PostToConnectionCommand({ ConnectionId: connectionId, Data: 'x' })
        answer.resolve(
          await managing(managementUrl)
            .send(post)
            .catch((error: unknown) => error),
        )
        return OK()
      },
    })
    const { gateway } = await started([route('$default')], behind.invoke)
    const { managementUrl } = gateway
    const client = await connected(gateway.url)
    client.send('x')
    await behind.next('$default')
    const stopped = gateway.stop()
    await client.closed
    held.resolve()
    expect(await answer.promise).toMatchObject({ name: 'GoneException' })
    await stopped
  })

  it('refuses with 503 an upgrade that was pending, and fires its $disconnect', async () => {
    const held = gate<object>()
    const behind = functions({ $connect: () => held.promise, $disconnect: OK })
    const { gateway } = await started([route('$connect'), route('$disconnect')], behind.invoke)
    const refusal = refusedBy(gateway.url)
    const { connectionId } = (await behind.next('$connect')).requestContext
    const stopped = gateway.stop()
    held.resolve(OK())
    expect((await refusal).status).toBe(503)
    await stopped
    expect((await behind.next('$disconnect')).requestContext.connectionId).toBe(connectionId)
  })

  it('may be followed by another start', async () => {
    const { gateway } = await started([route('$connect')])
    await gateway.stop()
    await gateway.start()
    await connected(gateway.url)
    expect(gateway.connections()).toBe(1)
  })
})

describe('the access log', () => {
  it('has an entry for each event, and no word of what was said', async () => {
    const entries = queue<AccessLogEntry>()
    const slow = gate<object>()
    const behind = functions({
      $connect: OK,
      login: () => slow.promise,
      $disconnect: () => {
        throw new Error('secret words')
      },
    })
    const routes = [route('$connect'), route('login'), route('$disconnect')]
    const { gateway, clock } = await started(routes, behind.invoke, { log: entries.push })
    const time = clock.now()
    const client = await connected(`${gateway.url}?token=secret-token`)
    const { connectionId, requestId } = (await behind.next('$connect')).requestContext
    client.send({ action: 'login', password: 'secret words' })
    await behind.next('login')
    clock.advance(250)
    slow.resolve({ statusCode: 200, body: 'secret words' })
    const first = [await entries.next(), await entries.next()]
    client.send({ action: 'secret words' })
    const third = await entries.next()
    client.ws.close()
    const seen = [...first, third, await entries.next()]
    expect(seen).toMatchObject([
      { time, connectionId, requestId, routeKey: '$connect', eventType: 'CONNECT', status: 200, durationMs: 0 },
      { time, connectionId, routeKey: 'login', eventType: 'MESSAGE', status: 200, durationMs: 250 },
      { connectionId, routeKey: '-', eventType: 'MESSAGE', status: 403, error: 'no route for this message' },
      { connectionId, routeKey: '$disconnect', eventType: 'DISCONNECT', status: 500, error: 'the function failed' },
    ])
    expect(JSON.stringify(seen)).not.toMatch(/secret/)
  })

  it('has the status of a refusal and why', async () => {
    const entries = queue<AccessLogEntry>()
    const behind = functions({ $connect: () => ({ statusCode: 401 }) })
    const { gateway } = await started([route('$connect')], behind.invoke, { log: entries.push })
    await refusedBy(gateway.url)
    expect(await entries.next()).toMatchObject({ status: 401, error: 'the function refused the connection' })
  })
})
