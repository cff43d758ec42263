import { describe, expect, it } from 'vitest'
import type { AccessLogEntry } from '../../../infra/aws/gateway/access-log.ts'
import { throttle } from '../../../infra/aws/gateway/throttle.ts'
import { GATEWAY_LIMITS } from '../../../shared/rules/aws/gateway-limits.ts'
import { testClock } from '../../kit/clock.ts'
import { connected, functions, refusedBy, route, started, type Handler } from './harness.ts'

const echo: Handler = ({ body }) => ({ statusCode: 200, body })

/** A gateway whose stage throttles so. */
async function throttled(stage: { ratePerSecond: number; burst: number }) {
  const behind = functions({ echo })
  const logged: AccessLogEntry[] = []
  const routes = [route('echo', { twoWay: true })]
  const made = await started(routes, behind.invoke, {
    api: { id: 'a1b2c3d4', stage: 'live', routeSelection: ['action'], routes, throttle: stage },
    log: (entry) => logged.push(entry),
  })
  return { ...made, behind, logged }
}

describe('a stage that throttles', () => {
  it('answers what comes beyond its burst, runs nothing for it, and keeps the connection', async () => {
    const { gateway, behind, logged } = await throttled({ ratePerSecond: 2, burst: 3 })
    const client = await connected(gateway.url)

    // The connection took one of three.
    for (let sent = 1; sent <= 3; sent += 1) client.send({ action: 'echo' })
    const heard = [await client.next(), await client.next(), await client.next()]

    const refusal = heard.find((text) => text.includes('message'))
    expect(heard.filter((text) => text === '{"action":"echo"}')).toHaveLength(2)
    expect(JSON.parse(refusal ?? '')).toEqual({
      message: 'Too Many Requests',
      connectionId: expect.any(String),
      requestId: expect.any(String),
    })
    expect(behind.unseen('echo')).toBe(2)
    const refused = logged.filter(({ status }) => status === 429)
    // No integration ran, so that none has an error.
    expect(refused).toEqual([expect.not.objectContaining({ integrationError: expect.anything() })])
    expect(refused).toEqual([expect.objectContaining({ error: 'Too Many Requests' })])
  })

  it('lets in again what its rate allows', async () => {
    const { gateway, clock } = await throttled({ ratePerSecond: 2, burst: 1 })
    const client = await connected(gateway.url)
    const say = async () => {
      client.send({ action: 'echo' })
      return (await client.next()).includes('Too Many Requests')
    }

    expect(await say()).toBe(true)
    clock.advance(499)
    expect(await say()).toBe(true)
    clock.advance(1)
    expect(await say()).toBe(false)
    clock.advance(60_000)
    expect([await say(), await say()]).toEqual([false, true])
  })

  it('refuses a handshake with 429', async () => {
    const { gateway } = await throttled({ ratePerSecond: 1, burst: 1 })
    await connected(gateway.url)
    expect(await refusedBy(gateway.url)).toEqual({ status: 429, body: { message: 'Too Many Requests' } })
  })
})

describe('an account', () => {
  it('takes 500 new connections a second in a region', () => {
    const clock = testClock()
    const { connection, message } = throttle(undefined, GATEWAY_LIMITS, clock)
    const admitted = () => Array.from({ length: 600 }, connection).filter(Boolean).length

    expect(admitted()).toBe(500)
    clock.advance(100)
    expect(admitted()).toBe(50)
    expect(message()).toBe(true)
  })

  it('refuses more with 429, whatever the stage says', async () => {
    const { gateway, clock } = await started([route('echo')], undefined, { limits: { connectionsPerSecond: 1 } })
    await connected(gateway.url)
    expect(await refusedBy(gateway.url)).toEqual({ status: 429, body: { message: 'Too Many Requests' } })
    clock.advance(1_000)
    await connected(gateway.url)
    expect(gateway.connections()).toBe(2)
  })
})
