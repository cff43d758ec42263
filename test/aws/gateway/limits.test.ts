import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { CLOSE_GRACE_MS } from '../../../infra/aws/gateway/connection/connection.ts'
import { connected, framesInto, functions, OK, route, started } from './harness.ts'
import type { Client, Handler } from './harness.ts'

const KB = 1024
const MINUTE = 60_000
const sizeOf: Handler = ({ body = '' }) => ({ statusCode: 200, body: String(body.length) })

async function measuring() {
  const behind = functions({ $default: sizeOf, $disconnect: OK })
  const { gateway, clock } = await started([route('$default', { twoWay: true }), route('$disconnect')], behind.invoke)
  return { behind, gateway, clock, client: await connected(gateway.url) }
}

/** Sends text in frames of the given size. */
function sendFragments({ ws }: Client, bytes: number, frameBytes: number) {
  for (let at = 0; at < bytes; at += frameBytes) {
    const fin = at + frameBytes >= bytes
    ws.send('x'.repeat(Math.min(frameBytes, bytes - at)), { fin })
  }
}

describe('a message', () => {
  it.each([32 * KB, 100 * KB, 128 * KB])('of %i bytes is taken in frames of 32 KB', async (bytes) => {
    const { client } = await measuring()
    sendFragments(client, bytes, 32 * KB)
    expect(await client.next()).toBe(String(bytes))
  })

  it('over 128 KB closes the connection with 1009', async () => {
    const { behind, client } = await measuring()
    sendFragments(client, 128 * KB + 1, 32 * KB)
    expect((await client.closed).code).toBe(1009)
    const { requestContext } = await behind.next('$disconnect')
    expect(requestContext).toMatchObject({ disconnectStatusCode: 1009, disconnectReason: 'Message too big' })
    expect(behind.unseen('$default')).toBe(0)
  })

  it.each([32 * KB + 1, 40 * KB, 200 * KB])(
    'in one frame of %i bytes closes the connection with 1009',
    async (bytes) => {
      const { behind, client } = await measuring()
      client.send('x'.repeat(bytes))
      expect((await client.closed).code).toBe(1009)
      const { requestContext } = await behind.next('$disconnect')
      expect(requestContext).toMatchObject({ disconnectStatusCode: 1009, disconnectReason: 'Message too big' })
      expect(behind.unseen('$default')).toBe(0)
    },
  )

  it('is taken that was complete before a frame that is too large, and none after', async () => {
    const { behind, client } = await measuring()
    for (const text of ['first', 'x'.repeat(40 * KB), 'last']) client.send(text)
    expect((await client.closed).code).toBe(1009)
    await behind.next('$disconnect')
    expect(behind.unseen('$default')).toBe(1)
    expect((await behind.next('$default')).body).toBe('first')
  })

  it('in binary frames closes the connection with 1003', async () => {
    const { behind, client } = await measuring()
    client.ws.send(Buffer.from('hello'))
    expect((await client.closed).code).toBe(1003)
    expect((await behind.next('$disconnect')).requestContext['disconnectStatusCode']).toBe(1003)
    expect(behind.unseen('$default')).toBe(0)
  })

  it('in text frames that are no UTF-8 closes the connection with 1007', async () => {
    const { behind, client } = await measuring()
    client.ws.send(Buffer.from([0xc3, 0x28]), { binary: false })
    expect((await client.closed).code).toBe(1007)
    expect((await behind.next('$disconnect')).requestContext['disconnectStatusCode']).toBe(1007)
  })
})

describe('an answer over 32 KB', () => {
  it('goes out in frames of 32 KB at most', async () => {
    const text = 'ä'.repeat(50 * KB)
    const behind = functions({ $default: () => ({ statusCode: 200, body: text }) })
    const { gateway } = await started([route('$default', { twoWay: true })], behind.invoke)
    const sizes: number[] = []
    const client = await connected(gateway.url, framesInto(sizes, gateway.url))
    client.send('go')
    expect(await client.next()).toBe(text)
    expect(sizes).toEqual([32 * KB, 32 * KB, 32 * KB, 4 * KB])
  })
})

describe('an idle connection', () => {
  const GOING_AWAY = { code: 1001, reason: 'Going away' }

  it('is closed after ten minutes', async () => {
    const { behind, client, clock } = await measuring()
    clock.advance(10 * MINUTE - 1)
    client.send('barrier')
    expect(await client.next()).toBe('7')
    clock.advance(10 * MINUTE)
    expect(await client.closed).toEqual(GOING_AWAY)
    const { requestContext } = await behind.next('$disconnect')
    expect(requestContext).toMatchObject({ disconnectStatusCode: 1001, disconnectReason: 'Going away' })
  })

  it('is one whose last message, either way, is ten minutes ago', async () => {
    const { client, clock } = await measuring()
    for (let round = 0; round < 3; round += 1) {
      clock.advance(9 * MINUTE)
      client.send('here')
      expect(await client.next()).toBe('4')
    }
    clock.advance(10 * MINUTE)
    expect(await client.closed).toEqual(GOING_AWAY)
  })

  it('is closed although it pings, which is answered', async () => {
    const { client, clock } = await measuring()
    clock.advance(9 * MINUTE)
    client.ws.ping('p')
    const [pong] = await once(client.ws, 'pong')
    expect(String(pong)).toBe('p')
    clock.advance(MINUTE)
    expect(await client.closed).toEqual(GOING_AWAY)
  })

  it('is cut when its client does not answer the close', async () => {
    const { behind, client, clock, gateway } = await measuring()
    client.ws.pause()
    clock.advance(10 * MINUTE)
    clock.advance(CLOSE_GRACE_MS)
    expect((await behind.next('$disconnect')).requestContext['disconnectStatusCode']).toBe(1001)
    expect(gateway.connections()).toBe(0)
  })
})

describe('a connection', () => {
  it('is closed after two hours, however busy', async () => {
    const { client, clock } = await measuring()
    for (let minutes = 0; minutes < 115; minutes += 5) {
      clock.advance(5 * MINUTE)
      client.send('busy')
      expect(await client.next()).toBe('4')
    }
    clock.advance(5 * MINUTE)
    expect(await client.closed).toEqual({ code: 1001, reason: 'Going away' })
  })

  it('may have other limits', async () => {
    const limits = { messageBytes: 10, frameBytes: 5, idleMs: 1_000, lifetimeMs: 60_000, integrationMs: 500 }
    const behind = functions({ $default: sizeOf })
    const { gateway, clock } = await started([route('$default', { twoWay: true })], behind.invoke, { limits })
    const client = await connected(gateway.url)
    sendFragments(client, 10, 5)
    expect(await client.next()).toBe('10')
    client.send('xxxxxx')
    expect((await client.closed).code).toBe(1009)
    const idle = await connected(gateway.url)
    clock.advance(1_000)
    expect((await idle.closed).code).toBe(1001)
  })
})
