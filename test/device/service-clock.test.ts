import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { timeByHttp } from '../../shared/device/service-clock.ts'
import { testClock } from '../kit/clock.ts'
import { accepted, failureOf, stage } from './harness.ts'

const HOUR_MS = 3_600_000
/** The time of the scripted service: its clock stands still. */
const NOW = testClock().now()
const off = (ms: number) => ({ now: () => NOW + ms, after: () => () => {} })

describe('a device whose clock is off', () => {
  it.each([HOUR_MS, -HOUR_MS, 45_000])('logs in by the time of the service, when it is %i ms ahead', async (offMs) => {
    const asked: string[] = []
    const { device, service } = await stage({
      clock: off(offMs),
      serviceTime: async (url) => {
        asked.push(url)
        return NOW
      },
    })

    const login = device.login('ann', 'correct horse')
    const talk = await service.connection()
    const { answer } = await talk.hear('login')
    await answer(accepted())

    expect(await login).toEqual(accepted())
    expect(asked).toEqual([service.url])
  })

  it('hears only that it could not connect, where the time of the service is not to be had', async () => {
    const { device } = await stage({
      clock: off(HOUR_MS),
      serviceTime: async () => undefined,
    })

    expect(await failureOf(device.login('ann', 'correct horse'))).toMatchObject({
      message: expect.stringContaining('could not connect'),
    })
  })
})

describe('a device whose clock is right', () => {
  it('does not try again when it is refused for another reason', async () => {
    let asked = 0
    const { device, service } = await stage({
      serviceTime: async () => {
        asked += 1
        return NOW + 14_000
      },
    })
    service.refuse(403)

    expect(await failureOf(device.login('ann', 'correct horse'))).toMatchObject({
      message: expect.stringContaining('could not connect'),
    })
    expect(asked).toBe(1)
  })
})

describe('the time by HTTP', () => {
  it.each([
    { date: 'Sat, 28 Nov 2026 01:02:03 GMT', time: Date.UTC(2026, 10, 28, 1, 2, 3) },
    { date: 'soon', time: undefined },
  ])('is $time where the answer says $date', async ({ date, time }) => {
    const server = createServer((_, response) => response.writeHead(426, { date }).end())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void server.close())
    // An object: the server listens on TCP.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { port } = server.address() as AddressInfo

    expect(await timeByHttp(`ws://127.0.0.1:${port}/live`)).toBe(time)
  })
})
