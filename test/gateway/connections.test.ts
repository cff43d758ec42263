import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { GatewayOptions } from '../../infra/aws/gateway/gateway.ts'
import { connections as connectionsAt } from '../../shared/gateway/connections.ts'
import { GATEWAY_LIMITS } from '../../shared/rules/aws/gateway-limits.ts'
import { connected, functions, OK, route, started } from '../aws/gateway/harness.ts'

/** What Lambda gives to a function: the SDK signs with it. */
beforeEach(() => {
  vi.stubEnv('AWS_REGION', 'local')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'caller')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

/** A gateway that runs, one device that holds a connection, and the service's way to it. */
async function reachable(options: Partial<GatewayOptions> = {}) {
  const behind = functions({ $connect: OK, $disconnect: OK })
  const { gateway } = await started([route('$connect'), route('$disconnect')], behind.invoke, options)
  const device = await connected(gateway.url)
  const { requestContext } = await behind.next('$connect')
  return {
    device,
    /** Lets the device go; resolves once the gateway knows. */
    gone: async () => {
      device.ws.close()
      await behind.next('$disconnect')
    },
    connection: requestContext.connectionId,
    connections: connectionsAt(gateway.managementUrl),
  }
}

describe('a post', () => {
  it('brings text to the device', async () => {
    const { connection, connections, device } = await reachable()
    expect(await connections.post(connection, '{"frame":"päßchen ☃"}')).toBe(true)
    expect(await device.next()).toBe('{"frame":"päßchen ☃"}')
  })

  it('brings texts in their order', async () => {
    const { connection, connections, device } = await reachable()
    for (const text of ['1', '2', '3']) await connections.post(connection, text)
    expect([await device.next(), await device.next(), await device.next()]).toEqual(['1', '2', '3'])
  })

  it('is answered that the device is out of coverage when its connection is gone', async () => {
    const { connection, connections, gone } = await reachable()
    await gone()
    expect(await connections.post(connection, 'x')).toBe(false)
  })

  it('is answered so when the connection never was', async () => {
    const { connections } = await reachable()
    expect(await connections.post('Llf4ceE2NjMCF7w=', 'x')).toBe(false)
  })

  it('fails when it is larger than the gateway takes: that is no lack of coverage', async () => {
    const { connection, connections } = await reachable()
    const text = 'x'.repeat(GATEWAY_LIMITS.messageBytes + 1)
    await expect(connections.post(connection, text)).rejects.toMatchObject({ name: 'PayloadTooLargeException' })
  })

  it('fails when the service may not', async () => {
    const { connection, connections } = await reachable({ allows: (caller) => caller !== 'caller' })
    await expect(connections.post(connection, 'x')).rejects.toMatchObject({ name: 'ForbiddenException' })
  })
})

describe('closing a connection', () => {
  it('ends it for the device', async () => {
    const { connection, connections, device } = await reachable()
    await connections.close(connection)
    expect((await device.closed).code).toBe(1000)
  })

  it('is fine when the connection is gone already', async () => {
    const { connection, connections, gone } = await reachable()
    await gone()
    await expect(connections.close(connection)).resolves.toBeUndefined()
  })

  it('fails when the service may not', async () => {
    const { connection, connections } = await reachable({ allows: (caller) => caller !== 'caller' })
    await expect(connections.close(connection)).rejects.toMatchObject({ name: 'ForbiddenException' })
  })
})

describe('an endpoint that does not answer', () => {
  it('is given up, so that no function hangs on it', { timeout: 15_000 }, async () => {
    const mute = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    onTestFinished(() => mute.closeAllConnections())
    onTestFinished(() => void mute.close())
    const connections = connectionsAt(`http://127.0.0.1:${portOf(mute.address())}/live`)
    const asked = [connections.post('Llf4ceE2NjMCF7w=', 'x'), connections.close('Llf4ceE2NjMCF7w=')]
    const names = (await Promise.allSettled(asked)).map((each) => each.status === 'rejected' && each.reason.name)
    expect(names).toEqual(['AbortError', 'AbortError'])
  })
})

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port')
  return address.port
}
