import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { connected, functions, OK, refusedBy, route, started } from './harness.ts'

const HANDSHAKE = {
  host: 'localhost',
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

describe('the handshake', () => {
  it('is taken on the path of the stage, with a query or without', async () => {
    const { gateway } = await started([])
    await connected(gateway.url)
    await connected(`${gateway.url}?token=t`)
    expect(gateway.connections()).toBe(2)
  })

  it.each(['/', '/other', '/live/', '/live/x', '/LIVE'])('is refused with 403 on %s', async (path) => {
    const { gateway } = await started([])
    expect(await refusedBy(new URL(path, gateway.url).href)).toEqual({ status: 403, body: { message: 'Forbidden' } })
  })

  it('takes a URL of 4096 characters and refuses a longer one', async () => {
    const { gateway } = await started([])
    const query = `?token=${'x'.repeat(4096 - '/live?token='.length)}`
    await connected(gateway.url + query)
    expect(await refusedBy(`${gateway.url}${query}x`)).toEqual({ status: 414, body: { message: 'URI Too Long' } })
  })

  it('does not negotiate compression', async () => {
    const { gateway } = await started([])
    const { ws } = await connected(gateway.url, { perMessageDeflate: true })
    expect(ws.extensions).toBe('')
  })

  it.each([
    ['no key', 'GET /live', { 'sec-websocket-key': '' }],
    ['a key that is none', 'GET /live', { 'sec-websocket-key': 'short' }],
    ['another version', 'GET /live', { 'sec-websocket-version': '8' }],
    ['another protocol', 'GET /live', { upgrade: 'h2c' }],
    ['another method', 'POST /live', {}],
  ])('runs no $connect for a request with %s', async (_, line, headers) => {
    const behind = functions({ $connect: OK })
    const { gateway } = await started([route('$connect')], behind.invoke)
    const socket = connect({ port: Number(new URL(gateway.url).port), host: '127.0.0.1' })
    const sent = Object.entries({ ...HANDSHAKE, ...headers }).map(([name, value]) => `${name}: ${value}`)
    socket.write([`${line} HTTP/1.1`, ...sent, '', ''].join('\r\n'))
    const [answer] = await once(socket.setEncoding('utf8'), 'data')
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(behind.unseen('$connect')).toBe(0)
    socket.destroy()
  })

  it('answers plain HTTP on the stage with 426 and elsewhere with 403', async () => {
    const { gateway } = await started([])
    const onStage = await fetch(gateway.managementUrl)
    expect([onStage.status, await onStage.json()]).toEqual([426, { message: 'Upgrade Required' }])
    const elsewhere = await fetch(new URL('/nothing', gateway.managementUrl))
    expect([elsewhere.status, await elsewhere.json()]).toEqual([403, { message: 'Forbidden' }])
  })
})

describe('the subprotocol', () => {
  it('is the one that the function returned', async () => {
    const answer = { statusCode: 200, headers: { 'sec-websocket-protocol': 'frames.v2' } }
    const behind = functions({ $connect: () => answer })
    const { gateway } = await started([route('$connect')], behind.invoke)
    const { ws } = await connected(gateway.url, {}, ['frames.v1', 'frames.v2'])
    expect(ws.protocol).toBe('frames.v2')
    const event = await behind.next('$connect')
    expect(event.headers?.['Sec-WebSocket-Protocol']).toBe('frames.v1,frames.v2')
  })

  it('is none unless the function returned one', async () => {
    const { gateway } = await started([route('$connect')])
    await expect(connected(gateway.url, {}, ['frames.v1'])).rejects.toThrow('Server sent no subprotocol')
  })

  it('is refused with 502 when it would break the head of the answer', async () => {
    const answer = { statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'a\r\nX-More: b' } }
    const { gateway } = await started([route('$connect')], functions({ $connect: () => answer }).invoke)
    expect((await refusedBy(gateway.url)).status).toBe(502)
  })
})
