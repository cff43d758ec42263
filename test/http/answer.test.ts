import { once } from 'node:events'
import { request } from 'node:http'
import { createServer, type Server } from 'node:net'
import { buffer } from 'node:stream/consumers'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerReader, type Answer } from '../../shared/http/answer.ts'

/** What the server writes as its answer, byte for byte. */
let answer = Buffer.alloc(0)
let server: Server

beforeAll(async () => {
  server = createServer((socket) => {
    socket.once('data', () => socket.end(answer))
    socket.on('error', () => {})
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterAll(() => server.close())

type Read = Omit<Answer, 'isLast'> | 'refused'

/** As Node's own client reads it. */
async function byNode(): Promise<Read> {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const sent = request({ host: '127.0.0.1', port, agent: false }).end()
  // What comes after the head is its reader's to find.
  sent.on('error', () => {})
  try {
    const [response] = await once(sent, 'response')
    const { statusCode, headers } = response
    const { 'set-cookie': cookies = [], ...joined } = headers
    return { statusCode, headers: joined, cookies, body: await buffer(response) }
  } catch {
    return 'refused'
  }
}

/** As it is read here, in pieces that end at these places. */
function inPieces(places: readonly number[]): Read {
  const reader = answerReader()
  const ends = [...new Set([...places.map((each) => each % (answer.length + 1)), answer.length])].toSorted(
    (a, b) => a - b,
  )
  try {
    let from = 0
    for (const end of ends) {
      const found = reader.push(answer.subarray(from, end))
      from = end
      if (found !== undefined) return seen(found)
    }
    const found = reader.end()
    return found === undefined ? 'refused' : seen(found)
  } catch {
    return 'refused'
  }
}

function seen({ statusCode, headers, cookies, body }: Answer): Read {
  return { statusCode, headers: { ...headers }, cookies, body: Buffer.from(body) }
}

const token = fc.stringMatching(/^x-[a-zA-Z0-9_!-]{1,12}$/)
const value = fc.stringMatching(/^[ \t]{0,2}(?:[\x21-\x7e](?:[\x20-\x7e]{0,20}[\x21-\x7e])?)?[ \t]{0,2}$/)
const headers = fc.uniqueArray(fc.tuple(token, value), { maxLength: 5, selector: ([name]) => name.toLowerCase() })
const body = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 4 })

/** Its framing with the bytes behind the head. */
const framed = fc.oneof(
  body.map((bytes) => [`content-length: ${bytes.length}\r\n`, bytes] as const),
  body.map((bytes) => ['connection: close\r\n', bytes] as const),
  fc.tuple(chunks, fc.constantFrom('', ';x=y'), fc.constantFrom('', 'x-after: 1\r\n')).map(chunked),
)

function chunked([parts, extension, trailer]: [Uint8Array[], string, string]) {
  const written = parts.map((part) =>
    Buffer.concat([Buffer.from(`${part.length.toString(16)}${extension}\r\n`), part, Buffer.from('\r\n')]),
  )
  return ['Transfer-Encoding: chunked\r\n', Buffer.concat([...written, Buffer.from(`0\r\n${trailer}\r\n`)])] as const
}

const written = fc
  .tuple(fc.boolean(), fc.constantFrom(200, 201, 400, 404, 500, 503), fc.constantFrom('OK', '', 'a b'), headers, framed)
  .map(([isInterim, status, reason, named, [framing, bytes]]) => {
    const lines = named.map(([name, text]) => `${name}:${text}\r\n`).join('')
    const interim = isInterim ? 'HTTP/1.1 100 Continue\r\n\r\n' : ''
    return Buffer.concat([Buffer.from(`${interim}HTTP/1.1 ${status} ${reason}\r\n${lines}${framing}\r\n`), bytes])
  })

/** What is no answer, or no whole one. */
const REFUSED: Readonly<Record<string, string>> = {
  'is of another protocol': 'HTTP/2 200 OK\r\ncontent-length: 0\r\n\r\n',
  'is no HTTP': '<html>captive portal</html>\r\n\r\n',
  'has a header that is none': 'HTTP/1.1 200 OK\r\nno header\r\n\r\n',
  'has a header with a space in its name': 'HTTP/1.1 200 OK\r\ncontent-length : 2\r\n\r\n{}',
  'has a length that is none': 'HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\n{}',
  'has two lengths': 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}}',
  'has a length of two kinds': 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'has a chunk without a length': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n',
  'has a chunk that is longer than it says':
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n',
  'says its length twice': 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\n{}',
  'has an empty length': 'HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n{}',
  'has another encoding and a length': 'HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\ncontent-length: 2\r\n\r\n{}',
  'ends its lines otherwise': 'HTTP/1.1 200 OK\ncontent-length: 2\n\n{}',
  'goes on with a header in the next line': 'HTTP/1.1 200 OK\r\nx-a: a\r\n b\r\ncontent-length: 2\r\n\r\n{}',
  'has a control character in a header': 'HTTP/1.1 200 OK\r\nx-a: a\u0001b\r\ncontent-length: 2\r\n\r\n{}',
  'has a carriage return in a header': 'HTTP/1.1 200 OK\r\nx-a: a\rb\r\ncontent-length: 2\r\n\r\n{}',
  'has a status of four digits': 'HTTP/1.1 2000 OK\r\ncontent-length: 2\r\n\r\n{}',
  'has a blank behind the size of a chunk':
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2 \r\n{}\r\n0\r\n\r\n',
  'is cut in its head': 'HTTP/1.1 200 OK\r\ncontent-le',
  'is cut in its body': 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{}',
  'is cut in a chunk': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}',
  'is cut before its last chunk': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n',
  'has a head without an end': `HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(20_000)}`,
}

/** What old servers, and what stands before them, write. */
const ODD: Readonly<Record<string, string>> = {
  'has empty lines before it': '\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}',
  'has an empty line behind it': 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}\r\n',
  'has no reason': 'HTTP/1.1 200\r\ncontent-length: 2\r\n\r\n{}',
  'is in Latin-1': 'HTTP/1.1 200 grün\r\nx-a: Bär\r\ncontent-length: 2\r\n\r\n{}',
  'has several cookies':
    'HTTP/1.1 200 OK\r\nSet-Cookie: a=1; expires=Sun, 29 Nov\r\nset-cookie: b=2\r\ncontent-length: 2\r\n\r\n{}',
  'says twice what there can be once':
    'HTTP/1.1 503 No\r\nRetry-After: 1\r\nRetry-After: 2\r\nServer: a\r\nServer: b\r\nLocation: a\r\nLocation: b\r\nContent-Type: a\r\nContent-Type: b\r\nAge: 1\r\nAge: 2\r\nETag: a\r\nETag: b\r\nExpires: a\r\nExpires: b\r\nLast-Modified: a\r\nLast-Modified: b\r\ncontent-length: 2\r\n\r\n{}',
  'says twice what there can be more than once':
    'HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\nVary: a\r\nVary: b\r\nCWA-Ticket: a\r\nCWA-Ticket: b\r\ncontent-length: 2\r\n\r\n{}',
  'has headers that an object has': 'HTTP/1.1 200 OK\r\nconstructor: a\r\nvalueOf: b\r\ncontent-length: 2\r\n\r\n{}',
  'has an empty header': 'HTTP/1.1 200 OK\r\nx-a:\r\ncontent-length: 2\r\n\r\n{}',
  'has tabs about a value': 'HTTP/1.1 200 OK\r\nx-a:\t a\t b \t\r\ncontent-length: 2\r\n\r\n{}',
  'pads the size of a chunk': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0000000002\r\n{}\r\n000;x\r\n\r\n',
  'is of HTTP/1.0': 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}',
  'is of HTTP/1.0 and has no length': 'HTTP/1.0 200 OK\r\n\r\n{}',
  'has an encoding of its own': 'HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\n{}',
  'is chunked at last': 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  'is chunked, and something else then': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, gzip\r\n\r\n{}',
  'comes after two interim ones':
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nx-a: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}',
  'is 204 and says a length': 'HTTP/1.1 204 OK\r\ncontent-length: 2\r\n\r\n',
  'is 304 and says a length': 'HTTP/1.1 304 OK\r\ncontent-length: 2\r\n\r\n',
  'has a head that is nearly too long': `HTTP/1.1 200 OK\r\nx-a: ${'x'.repeat(16_300)}\r\ncontent-length: 2\r\n\r\n{}`,
}

/** Of 512 bytes: 16 MB. */
const PIECES = 32_768

const reading = (text: string) => () => answerReader(4).push(Buffer.from(text))

const isLast = (text: string): boolean | undefined => answerReader().push(Buffer.from(text))?.isLast

describe('an answer', () => {
  it("is read as Node's client reads it, however it is cut into pieces", async () => {
    await fc.assert(
      fc.asyncProperty(written, fc.array(fc.nat(), { maxLength: 6 }), async (bytes, places) => {
        answer = bytes
        expect(inPieces(places)).toEqual(await byNode())
      }),
      { numRuns: 100 },
    )
  })

  it.each(Object.entries(REFUSED))("that %s is refused, as Node's client refuses it", async (_, text) => {
    answer = Buffer.from(text)
    expect([inPieces([]), inPieces([9, 30, 60]), await byNode()]).toEqual(['refused', 'refused', 'refused'])
  })

  it.each(Object.entries(ODD))("that %s is read, as Node's client reads it", async (_, text) => {
    answer = Buffer.from(text, 'latin1')
    const read = await byNode()
    expect(read).not.toBe('refused')
    const byteForByte = Array.from({ length: Math.min(answer.length, 600) }, (__, at) => at)
    expect([inPieces([]), inPieces(byteForByte)]).toEqual([read, read])
  })

  it('is read in a time that grows with its bytes, in however many pieces it comes', () => {
    const piece = Buffer.alloc(512, 'x')
    const chunk = Buffer.concat([Buffer.from('200\r\n'), piece, Buffer.from('\r\n')])
    const read = (head: string, each: Buffer, last: string): number | undefined => {
      const reader = answerReader()
      reader.push(Buffer.from(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`))
      for (let at = 0; at < PIECES; at += 1) if (reader.push(each)) return PIECES * piece.length
      return (reader.push(Buffer.from(last)) ?? reader.end())?.body.length
    }
    const startedAt = performance.now()
    const lengths = [
      read(`content-length: ${PIECES * piece.length}`, piece, ''),
      read('transfer-encoding: chunked', chunk, '0\r\n\r\n'),
      read('connection: close', piece, ''),
    ]
    expect(lengths).toEqual(lengths.map(() => PIECES * piece.length))
    // Each piece with all before it would be 275 GB to copy.
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })

  it('that is too long is not read to its end', () => {
    const head = 'HTTP/1.1 200 OK\r\n'
    expect(reading(`${head}content-length: 5\r\n\r\n`)).toThrow(RangeError)
    expect(reading(`${head}\r\n12345`)).toThrow(RangeError)
    expect(reading(`${head}transfer-encoding: chunked\r\n\r\n3\r\n123\r\n3\r\n456`)).toThrow(RangeError)
    expect(reading(`${head}content-length: 4\r\n\r\n1234`)()).toMatchObject({ statusCode: 200 })
  })

  it('ends its socket where the server says so, is older, or writes more than its answer', () => {
    expect(isLast('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')).toBe(false)
    expect(isLast('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nConnection: close\r\n\r\n{}')).toBe(true)
    expect(isLast('HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}')).toBe(true)
    expect(isLast('HTTP/1.0 200 OK\r\ncontent-length: 2\r\nConnection: Keep-Alive\r\n\r\n{}')).toBe(false)
    expect(isLast('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}\r\n')).toBe(false)
    expect(isLast('HTTP/1.1 101 Switching Protocols\r\n\r\n')).toBe(true)
    expect(isLast('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n')).toBe(true)
    expect(isLast('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1')).toBe(true)
  })
})
