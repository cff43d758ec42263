/** An answer of HTTP/1.1, whole. */
export interface Answer {
  readonly statusCode: number
  /** Names in small letters; what came more than once is joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Whether the socket ends with it: the server said so, or something else than this answer came over it. */
  readonly isLast: boolean
}

/** Reads one answer from the pieces in which a socket brings it. */
export interface AnswerReader {
  /** @returns undefined: there is more to come. @throws SyntaxError for what is not HTTP/1.1 */
  push(piece: Buffer): Answer | undefined
  /** The server has ended the connection. @returns undefined: in the middle */
  end(): Answer | undefined
}

/** Longest head, in bytes; Node's client takes no longer one. */
const HEAD_BYTES = 16 * 1024

interface Head extends Pick<Answer, 'statusCode' | 'headers'> {
  /** Of its own bytes, those before it included. */
  readonly bytes: number
  readonly isLast: boolean
  /** Bytes of the body, or how its end is found. */
  readonly body: number | 'chunks' | 'until the end'
}

/** RFC 9112 as a client reads it; test/http/answer.test.ts holds it to Node's client. */
export function answerReader(): AnswerReader {
  let read: Buffer = Buffer.alloc(0)
  let head: Head | undefined
  const answer = (known: Head, body: Buffer, isLast: boolean): Answer => {
    const { statusCode, headers } = known
    return { statusCode, headers, body, isLast: isLast || known.isLast }
  }
  return {
    push(piece) {
      read = read.length === 0 ? piece : Buffer.concat([read, piece])
      head ??= headIn(read)
      if (head === undefined || head.body === 'until the end') return undefined
      const rest = read.subarray(head.bytes)
      if (head.body === 'chunks') {
        const found = unchunked(rest)
        return found && answer(head, found.body, found.bytes < rest.length)
      }
      return rest.length < head.body ? undefined : answer(head, rest.subarray(0, head.body), rest.length > head.body)
    },
    end: () => (head?.body === 'until the end' ? answer(head, read.subarray(head.bytes), true) : undefined),
  }
}

/** Interim answers (RFC 9110, 15.2) are passed over. */
function headIn(read: Buffer): Head | undefined {
  for (let from = 0; ;) {
    const end = read.indexOf('\r\n\r\n', from, 'latin1')
    if ((end < 0 ? read.length : end) - from > HEAD_BYTES) throw new SyntaxError('the head of the answer is too long')
    if (end < 0) return undefined
    const head = headOf(read.toString('latin1', from, end), end + 4)
    if (head.statusCode >= 200) return head
    from = head.bytes
  }
}

const STATUS = /^HTTP\/1\.([01]) (\d{3})(?: .*)?$/
const HEADER = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*?)[ \t]*$/

function headOf(text: string, bytes: number): Head {
  const [status = '', ...lines] = text.split('\r\n')
  const [, minor, code] = STATUS.exec(status) ?? []
  if (code === undefined) throw new SyntaxError('the answer is not HTTP/1.1')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const [, written, value = ''] = HEADER.exec(line) ?? []
    if (written === undefined) throw new SyntaxError('a header of the answer is none')
    const name = written.toLowerCase()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  const statusCode = Number(code)
  const isLast = minor === '0' || /\bclose\b/i.test(headers['connection'] ?? '')
  return { statusCode, headers, bytes, isLast, body: bodyOf(statusCode, headers) }
}

/** RFC 9112, 6.3. What says its length twice is no answer of AWS: it is refused. */
function bodyOf(statusCode: number, headers: Answer['headers']): Head['body'] {
  const { 'transfer-encoding': encoding, 'content-length': length } = headers
  if (statusCode < 200 || statusCode === 204 || statusCode === 304) return 0
  if (encoding !== undefined) {
    if (encoding.toLowerCase() !== 'chunked' || length !== undefined)
      throw new SyntaxError('the answer has a length of two kinds')
    return 'chunks'
  }
  if (length === undefined) return 'until the end'
  if (!/^\d{1,15}$/.test(length)) throw new SyntaxError('the answer has no length')
  return Number(length)
}

/** RFC 9112, 7.1. Trailers are passed over. */
function unchunked(read: Buffer): { readonly body: Buffer; readonly bytes: number } | undefined {
  const parts: Buffer[] = []
  for (let from = 0; ;) {
    const end = read.indexOf('\r\n', from, 'latin1')
    if (end < 0) return undefined
    const [, size] = /^([\da-f]{1,8})(?:;.*)?$/i.exec(read.toString('latin1', from, end)) ?? []
    if (size === undefined) throw new SyntaxError('a chunk of the answer has no length')
    const [begin, bytes] = [end + 2, Number.parseInt(size, 16)]
    if (bytes === 0) return afterTrailers(read, begin, Buffer.concat(parts))
    from = begin + bytes + 2
    if (read.length < from) return undefined
    if (read.toString('latin1', from - 2, from) !== '\r\n') throw new SyntaxError('a chunk of the answer is too long')
    parts.push(read.subarray(begin, begin + bytes))
  }
}

function afterTrailers(read: Buffer, from: number, body: Buffer) {
  if (read.toString('latin1', from, from + 2) === '\r\n') return { body, bytes: from + 2 }
  const end = read.indexOf('\r\n\r\n', from, 'latin1')
  return end < 0 ? undefined : { body, bytes: end + 4 }
}
