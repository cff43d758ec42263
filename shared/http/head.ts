/** Bytes of a body, or how its end is found. */
export type Framing = number | 'chunks' | 'until the end'

/** What an answer says before its body. */
export interface Head {
  readonly statusCode: number
  /** Names in small letters. What came more than once is joined by a comma; of what can be there once, the first counts. */
  readonly headers: Readonly<Record<string, string>>
  /** Each `Set-Cookie` as it came: a comma may be a part of one (RFC 9110, 5.3). */
  readonly cookies: readonly string[]
  /** Of its own bytes, those before it included. */
  readonly bytes: number
  readonly isLast: boolean
  readonly framing: Framing
}

/** Longest head, in bytes; Node's client takes no longer one. */
export const HEAD_BYTES = 16 * 1024

/** Empty lines before it and interim answers (RFC 9110, 15.2) are passed over. */
export function headIn(read: Buffer): Head | undefined {
  for (let from = afterBlanks(read, 0); ;) {
    const end = read.indexOf('\r\n\r\n', from, 'latin1')
    if ((end < 0 ? read.length : end) - from > HEAD_BYTES) throw new SyntaxError('the head of the answer is too long')
    if (end < 0) return hasBegun(read, from)
    const head = headOf(read.toString('latin1', from, end), end + 4)
    if (head.statusCode >= 200 || head.statusCode === 101) return head
    from = afterBlanks(read, head.bytes)
  }
}

function afterBlanks(read: Buffer, from: number): number {
  let at = from
  while (read[at] === 0x0d || read[at] === 0x0a) at += 1
  return at
}

/** What is no HTTP need not have an end: it is known by its first line. */
function hasBegun(read: Buffer, from: number): undefined {
  const line = read.toString('latin1', from, Math.min(from + 9, read.length))
  if (!'HTTP/1.1 '.startsWith(line) && !'HTTP/1.0 '.startsWith(line)) throw new SyntaxError(NOT_HTTP)
}

const NOT_HTTP = 'the answer is not HTTP/1.1'
const STATUS = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: .*)?$/
const HEADER = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/
/** Those of an answer; node:http has the same list. */
const ONCE = /^(?:age|content-type|etag|expires|last-modified|location|retry-after|server)$/

function headOf(text: string, bytes: number): Head {
  const [status = '', ...lines] = text.split('\r\n')
  const [, minor, code] = STATUS.exec(status) ?? []
  if (code === undefined) throw new SyntaxError(NOT_HTTP)
  const headers: Record<string, string> = Object.create(null)
  const cookies: string[] = []
  for (const line of lines) {
    const [, written, value = ''] = HEADER.exec(line) ?? []
    if (written === undefined) throw new SyntaxError('a header of the answer is none')
    const name = written.toLowerCase()
    const before = headers[name]
    if (name === 'set-cookie') cookies.push(value)
    else if (before === undefined) headers[name] = value
    else if (!ONCE.test(name)) headers[name] = `${before}, ${value}`
  }
  const statusCode = Number(code)
  const connection = headers['connection'] ?? ''
  const isLast =
    statusCode === 101 || (minor === '0' ? !/\bkeep-alive\b/i.test(connection) : /\bclose\b/i.test(connection))
  return { statusCode, headers, cookies, bytes, isLast, framing: framingOf(statusCode, headers) }
}

/** RFC 9112, 6.3. What says its length twice may be two answers: it is refused. */
function framingOf(statusCode: number, headers: Head['headers']): Framing {
  const { 'transfer-encoding': encoding, 'content-length': length } = headers
  if (statusCode < 200 || statusCode === 204 || statusCode === 304) return 0
  if (encoding !== undefined) {
    if (length !== undefined) throw new SyntaxError('the answer has a length of two kinds')
    return /(?:^|,)[ \t]*chunked$/i.test(encoding) ? 'chunks' : 'until the end'
  }
  if (length === undefined) return 'until the end'
  if (!/^\d{1,15}$/.test(length)) throw new SyntaxError('the answer has no length')
  return Number(length)
}
