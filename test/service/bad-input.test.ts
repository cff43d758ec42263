import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { localStack } from '../../infra/local/stack.ts'
import type { ServiceFrame } from '../../shared/wire/frames.ts'
import { audienceOf, deviceToken } from '../../shared/wire/token.ts'
import { newTransportKey } from '../../shared/wire/transport-key.ts'
import { rawDevice, type RawDevice } from '../kit/raw-device.ts'
import { services, type Service } from '../kit/service.ts'

const status = { type: 'status', session: '0-AAAAAAAAAAAAAAAA', ack: 0, active: true, answer: true }

describe('bad input', () => {
  const service = services()
  let running: Service
  let number = Date.now()

  beforeAll(async () => {
    running = await service()
    await running.bob.device.login(running.bob.person.login, running.bob.person.password)
  })

  const tokenOf = async (device: string, key: Uint8Array, at: number, audience = audienceOf(running.url)) =>
    deviceToken({ device, audience }, key, at)
  const connected = async (): Promise<RawDevice> => rawDevice(running.url, 'ann-phone', running.keys.ann)

  /** Nothing else is disturbed: the same connection and another device's session go on. */
  const everythingElseIsFine = async (raw: RawDevice) => {
    raw.send(await raw.sealed('status', status, (number += 1)))
    expect(await raw.frame()).toMatchObject({ type: 'refused', code: 'session-gone', next: 'login' })
    raw.socket.close()
    await running.bob.device.poll()
  }

  const cases: { it: string; send: (raw: RawDevice) => Promise<string>; refused: Partial<ServiceFrame> }[] = [
    {
      it: 'an action that no route has',
      send: async () => JSON.stringify({ action: 'dance', frame: 'x' }),
      refused: { code: 'unknown-action', reason: 'action: expected one of login, send, poll, status, logout, enroll' },
    },
    {
      it: 'text that is no JSON',
      send: async () => 'hello?',
      refused: {
        code: 'bad-frame',
        reason: 'expected JSON text {"action", "frame"}, action one of login, send, poll, status, logout, enroll',
      },
    },
    {
      it: 'a message without a frame',
      send: async () => JSON.stringify({ action: 'status' }),
      refused: { code: 'bad-frame', reason: 'frame: expected a JWE in compact form' },
    },
    {
      it: 'a frame that is no JWE',
      send: async () => JSON.stringify({ action: 'status', frame: 'a.b.c.d.e' }),
      refused: { code: 'not-for-you' },
    },
    {
      it: "a frame sealed by another device's key",
      send: async (raw) => raw.sealed('status', status, (number += 1), { key: running.keys.bob }),
      refused: { code: 'not-for-you' },
    },
    {
      it: "a frame that names another device, under this device's key",
      send: async (raw) => raw.sealed('status', status, (number += 1), { device: 'bob-phone' }),
      refused: { code: 'not-for-you' },
    },
    {
      it: 'a frame moved to another route',
      send: async (raw) => (await raw.sealed('status', status, (number += 1))).replace('"status"', '"poll"'),
      refused: { code: 'not-for-you' },
    },
    {
      it: 'a frame turned round',
      send: async (raw) => raw.sealed('status', status, (number += 1), { direction: 'down' }),
      refused: { code: 'not-for-you' },
    },
    {
      it: 'a member that the protocol does not have',
      send: async (raw) => raw.sealed('status', { ...status, admin: true }, (number += 1)),
      refused: { code: 'bad-frame', reason: 'admin: there is no such member' },
    },
    {
      it: 'a frame of another type than its route',
      send: async (raw) => raw.sealed('status', { type: 'logout', session: status.session }, (number += 1)),
      refused: { code: 'bad-frame', reason: 'type: expected "status" on this route' },
    },
  ]

  it.each(cases)('refuses $it', async ({ send, refused }) => {
    const raw = await connected()

    raw.send(await send(raw))

    const answer = await raw.frame()
    expect(answer).toMatchObject({ type: 'refused', ...refused })
    expect(JSON.stringify(answer)).not.toMatch(/\bat .*\.(ts|mjs):\d|node_modules/)
    await everythingElseIsFine(raw)
  })

  it('refuses a frame that is played again, and a number that was used', async () => {
    const { cat, keys, url } = running
    const { session } = await cat.device.login(cat.person.login, cat.person.password)
    const raw = await rawDevice(url, 'cat-phone', keys.cat)
    const played = await raw.sealed('status', { ...status, session }, (number = Date.now() + 60_000))

    raw.send(played)
    expect(await raw.answer()).toMatchObject({ type: 'heard', session })
    raw.send(played)

    expect(await raw.answer()).toMatchObject({ type: 'refused', code: 'replayed', next: 'retry' })
    raw.socket.close()
  })

  it('does not let one device speak for the session of another', async () => {
    const raw = await connected()

    raw.send(await raw.sealed('poll', { type: 'poll', session: running.bob.device.session, after: 0 }, (number += 1)))

    expect(await raw.frame()).toMatchObject({ type: 'refused', code: 'session-gone' })
    await everythingElseIsFine(raw)
  })

  it('closes a connection with 1009 on a frame that is too large, and with 1003 on a binary one', async () => {
    const [large, binary] = [await connected(), await connected()]

    large.send(JSON.stringify({ action: 'status', frame: 'x'.repeat(33_000) }))
    binary.send(Buffer.from([1, 2, 3]))

    expect(await large.closed).toBe(1009)
    expect(await binary.closed).toBe(1003)
    await running.bob.device.poll()
  })

  it.each([
    { it: 'no token', token: async () => '', status: 401 },
    { it: 'a token that is none', token: async () => '?token=nonsense', status: 401 },
    {
      it: 'a device that is not enrolled',
      token: async () => `?token=${await tokenOf('nobody', newTransportKey(), Date.now())}`,
      status: 401,
    },
    {
      it: "another device's key",
      token: async () => `?token=${await tokenOf('ann-phone', running.keys.bob, Date.now())}`,
      status: 401,
    },
    {
      it: 'a token for another stage',
      token: async () =>
        `?token=${await tokenOf('ann-phone', running.keys.ann, Date.now(), `${new URL(running.url).host}/other`)}`,
      status: 401,
    },
    {
      it: 'a token for another API',
      token: async () => `?token=${await tokenOf('ann-phone', running.keys.ann, Date.now(), 'abc123/live')}`,
      status: 401,
    },
    {
      it: 'a token of yesterday',
      token: async () => `?token=${await tokenOf('ann-phone', running.keys.ann, Date.now() - 86_400_000)}`,
      status: 401,
    },
  ])('holds no connection for $it', async ({ token, status }) => {
    const socket = new WebSocket(`${running.url}${await token()}`)

    const [error] = await once(socket, 'error')

    expect(String(error)).toContain(`Unexpected server response: ${status}`)
  })

  it('holds no connection for a device that is disabled or revoked', async () => {
    for (const state of ['disabled', 'revoked'] as const) {
      const key = newTransportKey()
      const transportKey = Buffer.from(key).toString('base64url')
      await running.configuration.putDevice(`${state}-phone`, { state, transportKey })
      const socket = new WebSocket(`${running.url}?token=${await tokenOf(`${state}-phone`, key, Date.now())}`)

      const [error] = await once(socket, 'error')

      expect(String(error)).toContain('Unexpected server response: 403')
    }
  })

  it('names the port that is busy, and says how to choose another', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    // An object: the server listens on TCP, a moment after "listening".
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { port } = other.address() as AddressInfo

    const stack = localStack({ users: [], port })

    await expect(stack.start()).rejects.toThrow(`${port}`)
    other.close()
  })
})
