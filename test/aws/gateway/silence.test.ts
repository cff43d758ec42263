import { PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi'
import { describe, expect, it } from 'vitest'
import { GATEWAY_LIMITS } from '../../../shared/rules/aws/gateway-limits.ts'
import { connected, functions, managing, OK, route, started } from './harness.ts'

/** One client whose wire is cut, and one that is well. */
async function cut() {
  const behind = functions({ $connect: OK, $default: ({ body = '' }) => ({ statusCode: 200, body }), $disconnect: OK })
  const routes = [route('$connect'), route('$default', { twoWay: true }), route('$disconnect')]
  const { gateway, clock } = await started(routes, behind.invoke)
  const [lost, well] = [await connected(gateway.url), await connected(gateway.url)]
  const { connectionId } = (await behind.next('$connect')).requestContext
  const silenced = gateway.silence((connection) => connection.connectionId === connectionId)
  return { behind, gateway, clock, lost, well, connectionId, silenced }
}

describe('a connection whose wire is cut', () => {
  it('is the one that was chosen', async () => {
    const { silenced, well } = await cut()
    expect(silenced).toBe(1)
    well.send('still here')
    expect(await well.next()).toBe('still here')
  })

  it('brings nothing up and nothing down, and neither end hears of it', async () => {
    const { behind, gateway, lost, well, connectionId } = await cut()
    lost.send('into the void')
    const sdk = managing(gateway.managementUrl)
    const { $metadata } = await sdk.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: 'hello?' }))
    well.send('barrier')
    expect(await well.next()).toBe('barrier')

    expect($metadata.httpStatusCode).toBe(200)
    expect((await behind.next('$default')).body).toBe('barrier')
    expect(behind.unseen('$default')).toBe(0)
    expect(lost.ws.readyState).toBe(lost.ws.OPEN)
    expect(gateway.connections()).toBe(2)
  })

  it('is still there for the gateway when the client has gone, until it finds it idle', async () => {
    const { behind, gateway, clock, lost, well } = await cut()
    lost.ws.terminate()
    await lost.closed
    well.send('barrier')
    expect(await well.next()).toBe('barrier')
    expect(gateway.connections()).toBe(2)

    clock.advance(GATEWAY_LIMITS.idleMs)
    expect((await behind.next('$disconnect')).requestContext).toMatchObject({ disconnectStatusCode: 1001 })
  })
})
