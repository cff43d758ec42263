import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import {
  createServer as createTlsServer,
  getCACertificates,
  Server as TlsServer,
  setDefaultCACertificates,
} from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { authority } from '../../infra/standin/tls/certificates.ts'
import { exchange, type ExchangeLimits } from '../../shared/http/exchange.ts'
import { requestBytes } from '../../shared/http/request.ts'

const LIMITS = { connectionTimeout: 5_000, socketTimeout: 5_000, requestTimeout: 5_000, maxSockets: 10 }
const SOON_MS = 100
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n'

type Answers = (write: (text: string) => void, end: () => void) => void
const mute: Answers = () => {}

/** A server that does this with each request, and counts the connections over which they come. */
async function serving(answers: Answers, server: Server = createServer()) {
  let [connections, requests] = [0, 0]
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket) => {
    connections += 1
    socket.on('error', () => {})
    socket.on('data', () => {
      requests += 1
      answers(
        (text) => socket.write(text),
        () => socket.end(),
      )
    })
  })
  const sockets = new Set<{ destroy(): unknown }>()
  server.on('connection', (socket) => sockets.add(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return { port, connections: () => connections, requests: () => requests }
}

function sending(port: number, limits: Partial<ExchangeLimits> = {}, protocol = 'http:', hostname = '127.0.0.1') {
  const send = exchange({ protocol, hostname, port }, { ...LIMITS, ...limits })
  const request = requestBytes({
    method: 'POST',
    path: '/',
    headers: { host: hostname, 'content-length': '2' },
    body: '{}',
  })
  return async (signal?: AbortSignal) => (await send(request, signal)).body.toString()
}

describe('requests', () => {
  it('go over the socket that is there', async () => {
    const { port, connections } = await serving((write) => write(`${OK}ok`))
    const send = sending(port)
    expect([await send(), await send(), await send()]).toEqual(['ok', 'ok', 'ok'])
    expect(connections()).toBe(1)
  })

  it('of TLS need one handshake', async () => {
    const ca = authority('AWS')
    const trusted = getCACertificates('default')
    setDefaultCACertificates([...trusted, ca.ca])
    onTestFinished(() => setDefaultCACertificates(trusted))
    const { port, connections } = await serving(
      (write) => write(`${OK}ok`),
      createTlsServer(ca.issue({ commonName: 'localhost', use: 'server', names: ['localhost'] })),
    )
    const send = sending(port, {}, 'https:', 'localhost')
    expect([await send(), await send(), await send()]).toEqual(['ok', 'ok', 'ok'])
    expect(connections()).toBe(1)
    const elsewhere = sending(port, {}, 'https:', '127.0.0.1')
    await expect(elsewhere()).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })

  it('beyond the sockets that may be wait for one, each its turn', async () => {
    const held: (() => void)[] = []
    const two = Promise.withResolvers<void>()
    const { port, connections, requests } = await serving((write) => {
      held.push(() => write(`${OK}ok`))
      if (held.length === 2) two.resolve()
      if (held.length > 2) write(`${OK}ok`)
    })
    const send = sending(port, { maxSockets: 2 })
    const all = Promise.all([send(), send(), send(), send(), send()])
    await two.promise
    expect(requests()).toBe(2)
    for (const answer of held.slice(0, 2)) answer()
    expect(await all).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
    expect(connections()).toBe(2)
  })

  it('take a new socket when the server has closed the one that was kept', async () => {
    const closed = Promise.withResolvers<void>()
    const server = createServer((socket) => socket.once('close', () => closed.resolve()))
    const { port, connections } = await serving((write, end) => {
      write(`${OK}ok`)
      end()
    }, server)
    const send = sending(port)
    expect(await send()).toBe('ok')
    await closed.promise
    expect(await send()).toBe('ok')
    expect(connections()).toBe(2)
  })

  it('that cannot be written are not sent', () => {
    const request = { method: 'POST', path: '/', headers: { host: 'a' }, body: '' }
    expect(() => requestBytes({ ...request, path: '/ HTTP/1.1\r\nx: y' })).toThrow('the path of the request')
    expect(() => requestBytes({ ...request, headers: { host: 'a\r\nx: y' } })).toThrow('the header host of the request')
  })
})

describe('a request is given up', () => {
  it.each([
    ['when its answer is not whole in time', { requestTimeout: SOON_MS }, (write: (text: string) => void) => write(OK)],
    ['when nothing comes', { socketTimeout: SOON_MS }, mute],
  ])('%s', async (_, limits, answers) => {
    const { port } = await serving(answers)
    await expect(sending(port, limits)()).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('when the connection does not stand', async () => {
    // It takes the connection, and no handshake.
    const { port } = await serving(mute)
    const send = sending(port, { connectionTimeout: SOON_MS }, 'https:', 'localhost')
    await expect(send()).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('when no socket becomes free', async () => {
    const { port, requests } = await serving(mute)
    const send = sending(port, { maxSockets: 1, connectionTimeout: SOON_MS, requestTimeout: 4 * SOON_MS })
    const outcomes = await Promise.allSettled([send(), send()])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(requests()).toBe(1)
  })

  it('when its caller does, and its socket is not used again', async () => {
    const caller = new AbortController()
    const { port, connections } = await serving((write) => {
      if (caller.signal.aborted) return write(`${OK}ok`)
      caller.abort(new Error('no longer wanted'))
    })
    const send = sending(port)
    await expect(send(caller.signal)).rejects.toThrow('no longer wanted')
    expect(await send()).toBe('ok')
    expect(connections()).toBe(2)
  })

  it('when the server cuts it, or answers something else than HTTP', async () => {
    const cut = await serving((_, end) => end())
    await expect(sending(cut.port)()).rejects.toMatchObject({ code: 'ECONNRESET', name: 'TimeoutError' })
    const other = await serving((write) => write('SSH-2.0-OpenSSH\r\n\r\n'))
    await expect(sending(other.port)()).rejects.toThrow('the answer is not HTTP/1.1')
  })
})
