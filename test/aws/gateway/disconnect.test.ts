import { DeleteConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi'
import { describe, expect, it } from 'vitest'
import type { GatewayOptions } from '../../../infra/aws/gateway/gateway.ts'
import { connected, functions, managing, OK, queue, route, started } from './harness.ts'
import type { Client, Handler } from './harness.ts'

async function watched($disconnect: Handler = OK, options: Partial<GatewayOptions> = {}) {
  const behind = functions({ $connect: OK, $disconnect })
  const made = await started([route('$connect'), route('$disconnect')], behind.invoke, options)
  const client = await connected(made.gateway.url)
  const { connectionId } = (await behind.next('$connect')).requestContext
  return { behind, client, connectionId, ...made }
}

describe('$disconnect', () => {
  it('gets its event once the connection is closed', async () => {
    const { behind, client, clock, connectionId, gateway } = await watched()
    const connectedAt = clock.now()
    clock.advance(5_000)
    client.ws.close(1000)
    const event = await behind.next('$disconnect')
    expect(event).toMatchObject({
      headers: { Host: new URL(gateway.url).host },
      requestContext: {
        routeKey: '$disconnect',
        eventType: 'DISCONNECT',
        messageDirection: 'IN',
        connectionId,
        connectedAt,
        requestTimeEpoch: connectedAt + 5_000,
        disconnectStatusCode: 1000,
        disconnectReason: 'Connection Closed Normally',
      },
      isBase64Encoded: false,
    })
    expect(event.requestContext).not.toHaveProperty('messageId')
    expect(gateway.connections()).toBe(0)
  })

  it.each<[string, (client: Client) => void, object]>([
    [
      'no code',
      ({ ws }) => ws.close(),
      { disconnectStatusCode: 1005, disconnectReason: 'Client-side close frame status not set' },
    ],
    [
      'its own code and reason',
      ({ ws }) => ws.close(4000, 'done'),
      { disconnectStatusCode: 4000, disconnectReason: 'done' },
    ],
    [
      'no word at all',
      ({ ws }) => ws.terminate(),
      { disconnectStatusCode: 1006, disconnectReason: 'Connection closed abnormally' },
    ],
  ])('tells how the client went that gives %s', async (_, leave, expected) => {
    const { behind, client } = await watched()
    leave(client)
    expect((await behind.next('$disconnect')).requestContext).toMatchObject(expected)
  })

  it('follows a DeleteConnection', async () => {
    const { behind, client, connectionId, gateway } = await watched()
    await managing(gateway.managementUrl).send(new DeleteConnectionCommand({ ConnectionId: connectionId }))
    expect(await client.closed).toEqual({ code: 1000, reason: '' })
    expect((await behind.next('$disconnect')).requestContext).toMatchObject({
      connectionId,
      disconnectStatusCode: 1000,
    })
  })

  it('disturbs no other connection when it fails', async () => {
    const { behind, client, gateway } = await watched(() => {
      throw new Error('secret words')
    })
    client.ws.close()
    await behind.next('$disconnect')
    await connected(gateway.url)
    expect(gateway.connections()).toBe(1)
  })

  it('can be made to get lost', async () => {
    const losses = [true, false]
    const asked = queue<boolean>()
    const dropDisconnect = () => {
      const lost = losses.shift() ?? false
      asked.push(lost)
      return lost
    }
    const { behind, client, gateway } = await watched(OK, { dropDisconnect })
    client.ws.close(4001)
    expect(await asked.next()).toBe(true)
    const second = await connected(gateway.url)
    second.ws.close(4002)
    expect((await behind.next('$disconnect')).requestContext['disconnectStatusCode']).toBe(4002)
  })

  it('may be missing', async () => {
    const { gateway } = await started([])
    const client = await connected(gateway.url)
    client.ws.close(1000)
    expect((await client.closed).code).toBe(1000)
    await connected(gateway.url)
  })
})
