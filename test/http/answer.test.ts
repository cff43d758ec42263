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
    return { statusCode, headers: { ...headers }, body: await buffer(response) }
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

function seen({ statusCode, headers, body }: Answer): Read {
  return { statusCode, headers: { ...headers }, body: Buffer.from(body) }
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
  'is cut in its head': 'HTTP/1.1 200 OK\r\ncontent-le',
  'is cut in its body': 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{}',
  'is cut in a chunk': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}',
  'is cut before its last chunk': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n',
  'has a head without an end': `HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(20_000)}`,
}

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

  it('ends its socket where the server says so, is older, or writes more than its answer', () => {
    expect(isLast('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')).toBe(false)
    expect(isLast('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nConnection: close\r\n\r\n{}')).toBe(true)
    expect(isLast('HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}')).toBe(true)
    expect(isLast('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n')).toBe(true)
    expect(isLast('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1')).toBe(true)
  })
})
