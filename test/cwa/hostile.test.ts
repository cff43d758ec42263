import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { cwaClient } from '../../shared/cwa/client.ts'
import { POLL_WAIT_MS, pollWait } from '../../shared/cwa/poll-wait.ts'
import type { CwaCodec } from '../../shared/cwa/codec.ts'
import { LONGEST_RETRY_AFTER_MS } from '../../shared/cwa/faults.ts'
import { WORDS_CHARACTERS } from '../../shared/upstream/one-line.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import type { CwaEvent, CwaEvents, CwaMethod } from '../../shared/cwa/model.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import { testClock } from '../kit/clock.ts'
import { clientOf } from '../kit/upstream.ts'
import { lyingServer, type Lie } from './lying-server.ts'
import { scriptedServer, type Reply } from './scripted-server.ts'

/** A named fault: of CWA, or of the way to it. */
const A_FAULT = expect.stringMatching(/^(?:Cwa|Upstream)Fault$/)

const SESSION = { sid: '42', ticket: 'ticket-1' }
const SEND: CwaMethod = { method: 'acceptImSession', rid: '7', confId: 3 }
const MB = 1024 * 1024

/** What is asked of a server that lies, and what comes of it: the answer, or the fault by its kind and words. */
async function outcomes(url: string, codec: CwaCodec) {
  const client = clientOf(url, codec, undefined)
  const command = await client.command(SESSION, [SEND]).catch((fault: unknown) => fault)
  const poll = await client.poll(SESSION, { ackId: 5, active: true }).catch((fault: unknown) => fault)
  return { command, poll }
}

interface Case {
  readonly lie: string
  readonly reply: Reply | ((codec: CwaCodec) => Reply)
  readonly kind: 'again' | 'give-up'
  /** Whether a command may have been carried out. A GET may be repeated whatever it is. */
  readonly maybeDone: boolean
  readonly words: RegExp
}

const other = (codec: CwaCodec): CwaCodec => (codec === jsonCodec ? xmlCodec : jsonCodec)
const answered = (codec: CwaCodec): string =>
  codec.printResponses({ answers: [{ answer: 'requestAccepted', rid: '7' }] })
const deep = { json: `${'{"cwaEvents":'.repeat(5_000)}1${'}'.repeat(5_000)}`, xml: '<cwaEvents>'.repeat(5_000) }

const LIES: readonly Case[] = [
  {
    lie: 'HTML',
    reply: { headers: { 'Content-Type': 'text/html' }, body: '<!DOCTYPE html><html><body>Sign in</body></html>' },
    kind: 'give-up',
    maybeDone: true,
    words: /cwa(Responses|Events)/,
  },
  {
    lie: 'in the other codec',
    reply: (codec) => ({ body: answered(other(codec)) }),
    kind: 'give-up',
    maybeDone: true,
    words: /not XML or HTML|well-formed XML/,
  },
  { lie: 'with an empty body', reply: { body: '' }, kind: 'again', maybeDone: true, words: /the answer is empty/ },
  { lie: 'with nothing but blanks', reply: { body: ' \r\n' }, kind: 'again', maybeDone: true, words: /is empty/ },
  { lie: '204', reply: { status: 204 }, kind: 'again', maybeDone: true, words: /the answer is empty/ },
  {
    lie: '302 to a page',
    reply: { status: 302, headers: { Location: 'https://elsewhere.test/' }, body: '<html/>' },
    kind: 'give-up',
    maybeDone: false,
    words: /HTTP 302/,
  },
  { lie: '500', reply: { status: 500, body: '<html/>' }, kind: 'give-up', maybeDone: true, words: /HTTP 500/ },
  {
    lie: 'cut off in the middle, in a frame that says it is whole',
    reply: (codec) => ({ body: answered(codec).slice(0, -8) }),
    kind: 'give-up',
    maybeDone: true,
    words: /(JSON|XML) is not readable/,
  },
  {
    lie: 'compressed, unasked',
    reply: (codec) => ({ headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(answered(codec)).toString('latin1') }),
    kind: 'give-up',
    maybeDone: true,
    words: /not readable/,
  },
  {
    lie: 'in UTF-16',
    reply: (codec) => ({ body: Buffer.from(answered(codec), 'utf16le').toString('latin1') }),
    kind: 'give-up',
    maybeDone: true,
    words: /not readable/,
  },
  {
    lie: 'nested five thousand deep',
    reply: (codec) => ({ body: deep[codec.name] }),
    kind: 'give-up',
    maybeDone: true,
    words: /not readable/,
  },
  {
    lie: 'with an entity that grows',
    reply: { body: '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><cwaEvents ackId="1">&b;</cwaEvents>' },
    kind: 'give-up',
    maybeDone: true,
    words: /not readable/,
  },
  {
    lie: 'with 3 MB of noise',
    reply: { body: 'x'.repeat(3 * MB) },
    kind: 'give-up',
    maybeDone: true,
    words: /not readable/,
  },
  {
    lie: 'with more than is read',
    reply: { body: 'x'.repeat(5 * MB) },
    kind: 'give-up',
    maybeDone: true,
    words: /the answer is larger than 4194304 bytes/,
  },
  {
    lie: '503, come back in a year',
    reply: { status: 503, headers: { 'Retry-After': '31536000' } },
    kind: 'again',
    maybeDone: false,
    words: /HTTP 503/,
  },
]

describe.each([jsonCodec, xmlCodec])('a server asked in $name', (codec) => {
  it.each(LIES)('that answers $lie is found out', async ({ reply, kind, maybeDone, words }) => {
    const { url } = await scriptedServer(() => (typeof reply === 'function' ? reply(codec) : reply))

    const { command, poll } = await outcomes(url, codec)

    expect(command).toMatchObject({ name: A_FAULT, kind, maybeDone, message: expect.stringMatching(words) })
    expect(poll).toMatchObject({ name: A_FAULT, kind, message: expect.stringMatching(words) })
  })

  it('that names another content type is believed for what it says', async () => {
    const headers = { 'Content-Type': 'image/png' }
    const { url } = await scriptedServer(({ method }) => ({
      headers,
      body: method === 'POST' ? answered(codec) : codec.printEvents({ ackId: 6, events: [] }),
    }))

    const { command, poll } = await outcomes(url, codec)

    expect(command).toMatchObject({ answers: [{ answer: 'requestAccepted', rid: '7' }] })
    expect(poll).toMatchObject({ ackId: 6, events: [] })
  })

  it.each([
    { of: 'no method', answers: [] },
    { of: 'another method', answers: [{ answer: 'requestAccepted', rid: '8' }] as const },
  ])('that answers $of leaves open what became of this one', async ({ answers }) => {
    const { url } = await scriptedServer(() => ({ body: codec.printResponses({ answers }) }))

    await expect(clientOf(url, codec, undefined).command(SESSION, [SEND])).rejects.toMatchObject({
      kind: 'give-up',
      maybeDone: true,
      message: 'a command: the answer says nothing of acceptImSession',
    })
  })

  it('may answer in an event beside the answers', async () => {
    const events: CwaEvents = {
      ackId: 1,
      events: [{ event: 'initiateImSessionAccepted', eid: 1, confId: 9, rid: '7' }],
    }
    const { url } = await scriptedServer(() => ({ body: codec.printResponses({ answers: [], events }) }))
    const start: CwaMethod = { method: 'initiateImSession', rid: '7', confId: 7, uris: [], message: { content: 'hi' } }

    const { answers } = await clientOf(url, codec, undefined).command(SESSION, [start])

    expect(answers).toEqual([{ answer: 'initiateImSessionAccepted', rid: '7', confId: 9 }])
  })

  it('that puts markup and control characters into its reasons is quoted in one short line', async () => {
    const reason = `<script>alert(1)</script>\u001B[2J\r\nX-Injected: yes\u202E${'z'.repeat(MB)}`
    // XML cannot carry the escape character; JSON can.
    const said = codec === xmlCodec ? reason.replace('\u001B', '') : reason
    const body = codec.printResponses({ answers: [{ answer: 'error', error: { code: 18_102, reason: said } }] })
    const { url } = await scriptedServer(() => ({ body }))

    const { command, poll } = await outcomes(url, codec)

    for (const fault of [command, poll]) {
      expect(fault).toMatchObject({ kind: 'give-up', message: expect.stringContaining('<script>alert(1)</script>') })
      const words = fault instanceof Error ? fault.message : ''
      expect(words).not.toMatch(/\p{Cc}|\p{Cf}/u)
      expect(words.length).toBeLessThan(WORDS_CHARACTERS + 50)
    }
  })
})

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
const again = { kind: 'again', maybeDone: true }
const notHttp = { kind: 'give-up', maybeDone: true, message: expect.stringContaining('what it answers is not HTTP') }

const LIES_BELOW: readonly { readonly it: string; readonly lie: Lie; readonly fault: object }[] = [
  { it: 'drops the connection before the status line', lie: (socket) => socket.destroy(), fault: again },
  { it: 'resets the connection', lie: (socket) => socket.resetAndDestroy(), fault: again },
  { it: 'ends in the status line', lie: (socket) => socket.end('HTTP/1.1 20'), fault: again },
  {
    it: 'drops the connection after the status line',
    lie: (socket) => socket.end('HTTP/1.1 200 OK\r\n'),
    fault: again,
  },
  {
    it: 'drops the connection in the middle of the body',
    lie: (socket) => socket.end(`${HEAD}Content-Length: 100\r\n\r\n{"cwaEvents":`),
    fault: again,
  },
  {
    it: 'drops the connection in the middle of a chunk',
    lie: (socket) => socket.end(`${HEAD}Transfer-Encoding: chunked\r\n\r\nff\r\n{"cwaEv`),
    fault: again,
  },
  { it: 'speaks something else', lie: (socket) => socket.write('220 smtp.contoso.test ESMTP\r\n'), fault: notHttp },
  { it: 'sends headers without end', lie: (socket) => socket.write(`${HEAD}X: ${'x'.repeat(MB)}`), fault: notHttp },
  {
    it: 'says two lengths',
    lie: (socket) => socket.write(`${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`),
    fault: notHttp,
  },
  {
    it: 'wants to speak another protocol from now on',
    lie: (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'),
    fault: { kind: 'give-up', maybeDone: true, message: expect.stringContaining('another protocol (HTTP 101)') },
  },
]

describe('a server', () => {
  it.each(LIES_BELOW)('that $it is found out', async ({ lie, fault }) => {
    const { url } = await lyingServer(lie)

    const { command, poll } = await outcomes(url, jsonCodec)

    expect(command).toMatchObject({ name: A_FAULT, ...fault })
    expect(poll).toMatchObject({ name: A_FAULT, ...fault })
  })

  it.each<{ it: string; lie: Lie }>([
    { it: 'holds a GET for ever', lie: () => {} },
    { it: 'holds it after the headers', lie: (socket) => socket.write(`${HEAD}Content-Length: 9\r\n\r\n`) },
    {
      it: 'sends one informational answer and no other',
      lie: (socket) => socket.write('HTTP/1.1 102 Processing\r\n\r\n'),
    },
  ])('that $it is asked again after the time that this side waits', async ({ lie }) => {
    const clock = testClock()
    const { url, asked } = await lyingServer(lie)
    const client = cwaClient({ url, codec: jsonCodec, clock })

    const poll = client.poll(SESSION, { ackId: 5, active: true, holdMs: 90_000 }).catch((fault: unknown) => fault)
    await asked
    clock.advance(89_999)
    expect(clock.waiting()).toBe(1)
    clock.advance(1)

    expect(await poll).toMatchObject({
      kind: 'again',
      message: expect.stringMatching(/did not answer within 90000 ms$/),
    })
    expect(clock.waiting()).toBe(0)
    client.close()
  })
})

const succeeded = (eid: number): CwaEvent => ({ event: 'requestSucceeded', eid, rid: String(eid) })

describe.each([jsonCodec, xmlCodec])('events in $name', (codec) => {
  const polled = async (events: CwaEvents) => {
    const { url } = await scriptedServer(() => ({ body: codec.printEvents(events) }))
    return clientOf(url, codec, undefined).poll(SESSION, { ackId: 5, active: true })
  }

  it('that come twice in one answer are there once, and those out of order in theirs', async () => {
    const { events } = await polled({ ackId: 8, events: [8, 6, 6, 7, 8, 7].map(succeeded) })

    expect(events).toEqual([6, 7, 8].map(succeeded))
  })

  it.each([0, 3, 1_000_000])('are acknowledged with the server’s own ackId, be it %i', async (ackId) => {
    expect(await polled({ ackId, events: [succeeded(6)] })).toMatchObject({ ackId })
  })

  it('with an ackId that no request can carry are asked for again', async () => {
    await expect(polled({ ackId: -1, events: [succeeded(6)] })).rejects.toMatchObject({
      kind: 'again',
      message: 'fetching events: ackId -1 acknowledges nothing',
    })
  })

  it('of another session are not let through', async () => {
    await expect(polled({ sid: '43', ackId: 6, events: [succeeded(6)] })).rejects.toMatchObject({
      kind: 'again',
      message: 'fetching events: the server answers with those of another session',
    })
    await expect(polled({ sid: '42', ackId: 6, events: [succeeded(6)] })).resolves.toMatchObject({ ackId: 6 })
  })

  it('of 3 MB are read', async () => {
    const content = 'x'.repeat(3 * MB)
    const { events } = await polled({
      ackId: 6,
      events: [{ event: 'messageReceived', eid: 6, confId: 1, sender: 'sip:bob@contoso.test', message: { content } }],
    })

    expect(events).toMatchObject([{ event: 'messageReceived', message: { content } }])
  })
})

describe('a wait that a server asks for', () => {
  it.each([
    { said: undefined, waits: POLL_WAIT_MS.unsaid },
    { said: 1_000, waits: 1_000 },
    { said: 365 * 24 * 3_600_000, waits: POLL_WAIT_MS.most },
    { said: 0, waits: POLL_WAIT_MS.least },
    { said: -5_000, waits: POLL_WAIT_MS.least },
  ])('before the next GET, $said ms, is $waits ms', async ({ said, waits }) => {
    const accepted = { answer: 'requestAccepted', sid: '42', uri: 'sip:ann@contoso.test' } as const
    const answers = [{ ...accepted, ...(said !== undefined && { pollWaitTime: said }) }]
    const { url } = await scriptedServer(() => ({ body: jsonCodec.printResponses({ answers }) }))

    expect(pollWait(said)).toBe(waits)
    await expect(clientOf(url, jsonCodec, undefined).initiateSession(SESSION)).resolves.toMatchObject({
      pollWaitMs: waits,
    })
  })

  it.each([
    { said: 'a year', after: '31536000' },
    { said: 'no number that there is', after: '9'.repeat(400) },
    { said: 'a date', after: 'Fri, 01 Jan 2100 00:00:00 GMT' },
  ])('before it is asked again, $said, is bounded', async ({ after }) => {
    const { url } = await scriptedServer(() => ({ status: 503, headers: { 'Retry-After': after } }))

    await expect(clientOf(url, jsonCodec, undefined).command(SESSION, [SEND])).rejects.toMatchObject({
      kind: 'again',
      retryAfterMs: LONGEST_RETRY_AFTER_MS,
    })
  })
})
