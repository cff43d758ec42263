import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { authority } from '../../infra/standin/tls/certificates.ts'
import type { CwaOptions } from '../../shared/cwa/client.ts'
import { cwaClient } from '../../shared/cwa/client.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { CWA_LIMITS } from '../../shared/cwa/limits.ts'
import type { CwaAnswer, CwaEvent } from '../../shared/cwa/model.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import { testClock } from '../kit/clock.ts'
import type { Script, Reply } from './scripted-server.ts'
import { scriptedServer } from './scripted-server.ts'

const SESSION = { sid: '42', ticket: 'ticket-1' }
const ACCEPTED: CwaAnswer = { answer: 'requestAccepted', rid: '1' }

async function started(script: Script, options: Partial<CwaOptions> = {}) {
  const server = await scriptedServer(script)
  const cwa = cwaClient({ url: server.url, codec: jsonCodec, ...options })
  onTestFinished(cwa.close)
  return { server, cwa }
}

/** It does not say for how long it keeps its connections; Node's server says five seconds, unasked. */
const UNSAID = { Connection: 'keep-alive' }

const answering = (...answers: readonly CwaAnswer[]): Reply => ({ body: jsonCodec.printResponses({ answers }) })

/** A server that holds what it is asked. The barrier resolves when the request is there. */
async function holding(options: Partial<CwaOptions> = {}) {
  const { promise: held, resolve } = Promise.withResolvers<void>()
  const parts = await started(() => {
    resolve()
    return undefined
  }, options)
  return { ...parts, held }
}

describe.each([jsonCodec, xmlCodec])('the client with $name', (codec) => {
  test('opens a session, commands, polls and ends, with the newest ticket each time', async () => {
    let tickets = 1
    const events: CwaEvent[] = [{ event: 'selfPresence', eid: 1, categories: [] }]
    const { server, cwa } = await started(
      ({ path, body }) => {
        tickets += 1
        const headers = { 'CWA-Ticket': `ticket-${tickets}` }
        if (path.startsWith('/cwa/AsyncDataChannel.ashx')) {
          return { headers, body: codec.printEvents({ ackId: 1, pollWaitTime: 1000, sessionTimeout: 594, events }) }
        }
        const { methods } = codec.parseRequests(body)
        const answers = methods.map((method): CwaAnswer => ({
          answer: 'requestAccepted',
          ...(method.method === 'initiateSession' && { sid: '42', uri: 'sip:ann@contoso.test', pollWaitTime: 1500 }),
        }))
        return { headers, body: codec.printResponses({ answers }) }
      },
      { codec },
    )

    const session = await cwa.initiateSession({ ticket: 'ticket-1', signInData: 'abc' }, { availability: 'busy' })
    expect(session).toEqual({ sid: '42', ticket: 'ticket-2', uri: 'sip:ann@contoso.test', pollWaitMs: 1500 })
    const done = await cwa.command(session, [{ method: 'acceptImSession', rid: '1', confId: 3 }])
    expect(done).toEqual({ answers: [{ answer: 'requestAccepted' }], ticket: 'ticket-3' })
    const brought = await cwa.poll({ ...session, ticket: done.ticket }, { ackId: 0, active: true })
    expect(brought).toEqual({ ackId: 1, pollWaitTime: 1000, sessionTimeout: 594, events, ticket: 'ticket-4' })
    await cwa.terminateSession({ ...session, ticket: brought.ticket })

    expect(server.asked.map(({ method, path, headers }) => [method, path, headers['cwa-ticket']])).toEqual([
      ['POST', '/cwa/MainCommandHandler.ashx', 'ticket-1'],
      ['POST', '/cwa/MainCommandHandler.ashx', 'ticket-2'],
      ['GET', '/cwa/AsyncDataChannel.ashx?Sid=42&AckID=0&UA=true', 'ticket-3'],
      ['POST', '/cwa/MainCommandHandler.ashx', 'ticket-4'],
    ])
    expect(server.asked[0]?.headers['content-type']).toBe(codec.contentType)
    expect(codec.parseRequests(server.asked[0]?.body ?? '')).toMatchObject({
      methods: [{ method: 'initiateSession', userStateAvailability: 6500, signInData: 'abc' }],
    })
    expect(codec.parseRequests(server.asked[1]?.body ?? '').sid).toBe('42')
  })

  test('takes an HTML answer for none', async () => {
    const { cwa } = await started(() => ({ body: '<html><body>Sign in</body></html>' }), { codec })
    await expect(cwa.command(SESSION, [])).rejects.toMatchObject({
      kind: 'give-up',
      message: expect.stringContaining('cwaResponses'),
    })
    await expect(cwa.poll(SESSION, { ackId: 0, active: true })).rejects.toMatchObject({
      kind: 'give-up',
      message: expect.stringContaining('cwaEvents'),
    })
  })
})

describe('a command', () => {
  test('keeps the ticket that it has when the answer brings none', async () => {
    const { cwa } = await started(() => answering(ACCEPTED))
    expect(await cwa.command(SESSION, [])).toEqual({ answers: [ACCEPTED], ticket: 'ticket-1' })
  })

  test('returns what the server says of each method, also when it is a no', async () => {
    const answers: readonly CwaAnswer[] = [
      { answer: 'requestFailed', rid: '1', error: { code: 18201, sip: { code: 480 } } },
      { answer: 'requestInvalid', rid: '2', error: { code: 18001 } },
      { answer: 'requestRejected', rid: '3' },
    ]
    const { cwa } = await started(() => answering(...answers))
    expect((await cwa.command(SESSION, [])).answers).toEqual(answers)
  })

  test.each<[string, Reply, object]>([
    ['the session is not found', answering({ answer: 'error', error: { code: 18100 } }), { kind: 'sign-in' }],
    ['a method says so', answering({ answer: 'requestFailed', error: { code: 18100 } }), { kind: 'sign-in' }],
    ['the server is throttling', answering({ answer: 'error', error: { code: 18101 } }), { kind: 'again' }],
    ['the ticket is refused', { status: 401 }, { kind: 'sign-in' }],
    ['the ticket is forbidden', { status: 403 }, { kind: 'sign-in' }],
    [
      'the server is busy',
      { status: 503, headers: { 'Retry-After': '3' } },
      { kind: 'again', retryAfterMs: 3000, maybeDone: false },
    ],
    ['a gateway gave up', { status: 504 }, { kind: 'again', maybeDone: true }],
    ['the server failed', { status: 500, body: '<html/>' }, { kind: 'give-up' }],
    [
      'the server says why',
      { ...answering({ answer: 'error', error: { code: 18203 } }), status: 500 },
      { kind: 'again' },
    ],
  ])('throws when %s', async (_name, reply, fault) => {
    const { cwa } = await started(() => reply)
    await expect(cwa.command(SESSION, [])).rejects.toMatchObject(fault)
  })

  test('reports a session that cannot be opened', async () => {
    const { cwa } = await started(() => answering({ answer: 'requestFailed', error: { code: 18201 } }))
    await expect(cwa.initiateSession(SESSION)).rejects.toMatchObject({
      kind: 'give-up',
      message: expect.stringContaining('18201'),
    })
  })

  test('says that it may have been carried out when the answer does not come in time', async () => {
    const clock = testClock()
    const { cwa, held } = await holding({ clock, deadlineMs: 10_000 })
    const command = cwa.command(SESSION, []).catch((thrown: unknown) => thrown)
    await held
    clock.advance(10_000)
    expect(await command).toMatchObject({
      kind: 'again',
      maybeDone: true,
      message: expect.stringContaining('10000 ms'),
    })
    expect(clock.waiting()).toBe(0)
  })

  test('says that it may have been carried out when the connection is cut before the answer', async () => {
    const { cwa } = await started(({ socket }) => {
      socket.destroy()
      return undefined
    })
    await expect(cwa.command(SESSION, [])).rejects.toMatchObject({ kind: 'again', maybeDone: true })
  })

  test('gives up an answer that is too large', async () => {
    const { cwa } = await started(() => ({ body: ' '.repeat(CWA_LIMITS.body + 1) }))
    await expect(cwa.command(SESSION, [])).rejects.toMatchObject({
      kind: 'give-up',
      message: expect.stringContaining('larger than'),
    })
  })

  test('does not put a ticket into the fault of a request that cannot be written', async () => {
    const { cwa } = await started(() => answering())
    const thrown: unknown = await cwa
      .command({ sid: '42', ticket: 'hush\r\nHost: x' }, [])
      .catch((fault: unknown) => fault)
    expect(thrown).toMatchObject({ kind: 'give-up' })
    expect(JSON.stringify(thrown, Object.getOwnPropertyNames(thrown))).not.toContain('hush')
  })

  test('goes over a kept connection, but not over one that was idle for long', async () => {
    const clock = testClock()
    const { server, cwa } = await started(() => ({ ...answering(), headers: UNSAID }), { clock })
    await cwa.command(SESSION, [])
    await cwa.command(SESSION, [])
    clock.advance(60_000)
    await cwa.command(SESSION, [])
    const [first, second, third] = server.asked.map(({ socket }) => socket)
    expect(second).toBe(first)
    expect(third).not.toBe(first)
  })

  test.each([
    { said: 5, after: 3_999, connections: 1 },
    { said: 5, after: 4_001, connections: 2 },
    { said: 1, after: 0, connections: 2 },
  ])('takes the server at its word: kept $said s, the last aside, of which $after ms pass', async (each) => {
    const clock = testClock()
    const headers = { ...UNSAID, 'Keep-Alive': `timeout=${each.said}` }
    const { server, cwa } = await started(() => ({ ...answering(), headers }), { clock })
    await cwa.command(SESSION, [])
    clock.advance(each.after)
    await cwa.command(SESSION, [])
    expect(new Set(server.asked.map(({ socket }) => socket)).size).toBe(each.connections)
  })

  test('needs one handshake of TLS for as long as the server keeps the connection', async () => {
    const clock = testClock()
    const ca = authority('Contoso')
    const server = await scriptedServer(
      () => ({ ...answering(), headers: UNSAID }),
      ca.issue({ commonName: 'cwa', use: 'server', names: ['127.0.0.1'] }),
    )
    const cwa = cwaClient({ url: server.url, codec: jsonCodec, ca: ca.ca, clock })
    onTestFinished(cwa.close)
    for (let command = 0; command < 5; command += 1) {
      await cwa.command(SESSION, [])
      clock.advance(50_000)
    }
    expect(new Set(server.asked.map(({ socket }) => socket)).size).toBe(1)
  })

  test('goes over another connection where the server closed its end while the environment was frozen', async () => {
    const clock = testClock()
    const { server, cwa } = await started(() => ({ ...answering(), headers: UNSAID }), { clock })
    await cwa.command(SESSION, [])
    clock.advance(20_000)
    // This thread reads nothing between the two: as if it had stood still meanwhile.
    server.asked[0]?.socket.destroy()
    await cwa.command(SESSION, [])
    expect(server.asked).toHaveLength(2)
  })

  test('that ends a session which is gone already is done', async () => {
    const { cwa } = await started(() => answering({ answer: 'error', error: { code: 18100 } }))
    await expect(cwa.terminateSession(SESSION)).resolves.toBeUndefined()
  })
})

describe('a client that is warmed up', () => {
  test('has opened a connection and asked nothing; the first command goes over it', async () => {
    const { server, cwa } = await started(() => answering())
    await cwa.warmUp?.()
    expect(server).toMatchObject({ asked: [], connections: [{}] })
    await cwa.command(SESSION, [])
    expect(server.connections).toEqual([server.asked[0]?.socket])
  })

  test.each([
    { what: 'closed it meanwhile', afterMs: 2_000, closes: true },
    { what: 'may have waited too long for a request', afterMs: 5_001, closes: false },
  ])('goes over another where the server $what', async ({ afterMs, closes }) => {
    const clock = testClock()
    const { server, cwa } = await started(() => answering(), { clock })
    await cwa.warmUp?.()
    clock.advance(afterMs)
    if (closes) server.connections[0]?.destroy()
    await cwa.command(SESSION, [])
    expect(server.asked[0]?.socket).not.toBe(server.connections[0])
  })

  test('is made none the less where the server is not there, or is not trusted', async () => {
    const leaf = authority('Contoso').issue({ commonName: 'cwa', use: 'server', names: ['127.0.0.1'] })
    const { url } = await scriptedServer(() => answering(), leaf)
    const other = authority('Elsewhere').ca
    const untrusted = cwaClient({ url, codec: jsonCodec, ca: other })
    const away = cwaClient({ url: 'http://127.0.0.1:1', codec: jsonCodec })
    const unreadable = cwaClient({ url, codec: jsonCodec, ca: '-----BEGIN CERTIFICATE-----' })
    await Promise.all([untrusted, away, unreadable].map(async (each) => each.warmUp?.()))
    await expect(untrusted.command(SESSION, [])).rejects.toThrow('TLS to 127.0.0.1')
    await expect(away.command(SESSION, [])).rejects.toThrow('nothing listens there')
  })

  test('waits no longer than a third of a second; a command waits on for that connection', async () => {
    const clock = testClock()
    const silent = createServer()
    await once(silent.listen(0, '127.0.0.1'), 'listening')
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const cwa = cwaClient({ url: `https://127.0.0.1:${port}`, codec: jsonCodec, clock })
    onTestFinished(() => {
      cwa.close()
      silent.close()
    })
    const warm = cwa.warmUp?.()
    clock.advance(300)
    await warm
    const command = cwa.command(SESSION, []).catch((thrown: unknown) => thrown)
    await Promise.resolve()
    clock.advance(5_000)
    expect(await command).toMatchObject({
      kind: 'again',
      maybeDone: false,
      message: expect.stringContaining('5000 ms'),
    })
    expect(clock.waiting()).toBe(0)
  })
})

describe('a poll', () => {
  test('that is held ends when it is aborted, with the reason', async () => {
    const { server, cwa, held } = await holding()
    const abort = new AbortController()
    const poll = cwa.poll(SESSION, { ackId: 7, active: false, signal: abort.signal }).catch((thrown: unknown) => thrown)
    await held
    expect(server.asked[0]?.path).toBe('/cwa/AsyncDataChannel.ashx?Sid=42&AckID=7&UA=false')
    const [asked] = server.asked
    const closed = asked && once(asked.socket, 'close')
    const reason = new Error('the device went')
    abort.abort(reason)
    expect(await poll).toBe(reason)
    await closed
  })

  test('that is aborted before it begins asks nothing', async () => {
    const { server, cwa } = await started(() => answering())
    const signal = AbortSignal.abort(new Error('too late'))
    await expect(cwa.poll(SESSION, { ackId: 0, active: true, signal })).rejects.toThrow('too late')
    expect(server.asked).toEqual([])
  })

  test('that is held for too long is to be repeated', async () => {
    const clock = testClock()
    const { cwa, held } = await holding({ clock })
    const poll = cwa.poll(SESSION, { ackId: 0, active: true, holdMs: 30_000 }).catch((thrown: unknown) => thrown)
    await held
    clock.advance(29_999)
    clock.advance(1)
    expect(await poll).toMatchObject({ kind: 'again', message: expect.stringContaining('30000 ms') })
  })

  test('finds its events in an answer to a command, and the complaint of the server, too', async () => {
    const events = { ackId: 3, events: [] }
    const bodies = [
      jsonCodec.printResponses({ answers: [], events }),
      jsonCodec.printResponses({ answers: [{ answer: 'requestRejected', error: { code: 18100 } }] }),
      '',
    ]
    const { cwa } = await started(() => ({ body: bodies.shift() ?? '' }))
    const poll = () => cwa.poll(SESSION, { ackId: 0, active: true })
    expect(await poll()).toEqual({ ...events, ticket: 'ticket-1' })
    await expect(poll()).rejects.toMatchObject({ kind: 'sign-in' })
    await expect(poll()).rejects.toMatchObject({ kind: 'again' })
  })

  test('whose answer is cut off is to be repeated', async () => {
    const { cwa } = await started((_asked, response) => {
      response.writeHead(200, { 'Content-Length': '100' })
      response.write('{"cwaEvents":', () => response.destroy())
      return undefined
    })
    await expect(cwa.poll(SESSION, { ackId: 0, active: true })).rejects.toMatchObject({ kind: 'again' })
  })
})

test('the client refuses a URL that is not one of the web', () => {
  expect(() => cwaClient({ url: 'ftp://im.contoso.test', codec: jsonCodec })).toThrow(TypeError)
})

test('closing the client ends what is under way', async () => {
  const { cwa, held } = await holding()
  const poll = cwa.poll(SESSION, { ackId: 0, active: true }).catch((thrown: unknown) => thrown)
  await held
  cwa.close()
  expect(await poll).toMatchObject({ kind: 'again' })
})
