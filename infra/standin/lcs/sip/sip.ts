/** SIP messages (RFC 3261) as values, and their text. The body is UTF-8 text: nothing here sends anything else. */

export type SipHeaders = readonly (readonly [name: string, value: string])[]

export interface SipRequest {
  readonly method: string
  readonly uri: string
  /** In order, under their long names; `Content-Length` is not among them: the printer counts. */
  readonly headers: SipHeaders
  readonly body: string
}

export interface SipResponse {
  readonly status: number
  readonly reason: string
  readonly headers: SipHeaders
  readonly body: string
}

export type SipMessage = SipRequest | SipResponse

/** What cannot be read as SIP. The status is the answer it deserves, where an answer is possible. */
export class SipError extends Error {
  override readonly name = 'SipError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** RFC 3261, 7.3.3, and RFC 6665, 8.2.1 (Event, Allow-Events). */
const COMPACT: Readonly<Record<string, string>> = {
  i: 'Call-ID',
  m: 'Contact',
  e: 'Content-Encoding',
  l: 'Content-Length',
  c: 'Content-Type',
  f: 'From',
  s: 'Subject',
  k: 'Supported',
  t: 'To',
  v: 'Via',
  o: 'Event',
  u: 'Allow-Events',
}

const TOKEN = /^[\w\-.!%*+`'~]+$/

export const isRequest = (message: SipMessage): message is SipRequest => 'method' in message

/** The value of a header that comes at most once. Names are compared without regard to case. */
export function header(message: { readonly headers: SipHeaders }, name: string): string | undefined {
  return message.headers.find(([given]) => given.toLowerCase() === name.toLowerCase())?.[1]
}

/** All values of a list header, whether they came in one line or several (RFC 3261, 7.3.1). */
export function listHeader(message: { readonly headers: SipHeaders }, name: string): string[] {
  return message.headers
    .filter(([given]) => given.toLowerCase() === name.toLowerCase())
    .flatMap(([, value]) => splitOutside(value, ','))
}

/** The headers without those of a name. */
export function without(headers: SipHeaders, ...names: readonly string[]): SipHeaders {
  const gone = new Set(names.map((name) => name.toLowerCase()))
  return headers.filter(([name]) => !gone.has(name.toLowerCase()))
}

/** Splits at a separator that stands outside of quotes and angle brackets, and trims the parts. */
export function splitOutside(value: string, separator: ',' | ';'): string[] {
  const parts: string[] = []
  let part = ''
  let quoted = false
  let bracketed = false
  for (let at = 0; at < value.length; at += 1) {
    const character = value.charAt(at)
    if (quoted && character === '\\') {
      part += character + value.charAt(++at)
      continue
    }
    if (character === '"') quoted = !quoted
    else if (!quoted && character === '<') bracketed = true
    else if (!quoted && character === '>') bracketed = false
    if (character === separator && !quoted && !bracketed) {
      parts.push(part.trim())
      part = ''
    } else part += character
  }
  if (quoted || bracketed) throw new SipError(400, 'a header value ends inside quotes or angle brackets')
  return [...parts, part.trim()]
}

/** The text of a message, ready to be written. `Content-Length` is the body's length in bytes. */
export function printSip(message: SipMessage): Buffer {
  const start = isRequest(message)
    ? `${message.method} ${message.uri} SIP/2.0`
    : `SIP/2.0 ${message.status} ${message.reason}`
  const lines = [start, ...message.headers.map(([name, value]) => `${name}: ${value}`)]
  if (lines.some((line) => /[\r\n]/.test(line))) throw new TypeError('a SIP header holds a line break; encode it first')
  const body = Buffer.from(message.body, 'utf8')
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n`, 'utf8'), body])
}

/** What stands before the body, and how long the body is. */
export interface SipHead {
  readonly start: string
  readonly headers: SipHeaders
  /** Undefined where it is not said, or not to be understood: over a stream such a message has no end (RFC 3261, 18.3). */
  readonly contentLength: number | undefined
}

/** Reads everything up to the empty line (which is not part of `text`). Folded lines are joined, compact names spelled out. */
export function parseHead(text: string): SipHead {
  const [start = '', ...lines] = text.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')
  const headers = lines.map(parseLine)
  const lengths = headers.filter(([name]) => name === 'Content-Length').map(([, value]) => value)
  const [length] = lengths
  const isKnown = length !== undefined && lengths.length === 1 && /^\d{1,9}$/.test(length)
  return { start, headers: without(headers, 'Content-Length'), contentLength: isKnown ? Number(length) : undefined }
}

/** A line that is none gets no name, so that the check of the message refuses it, and the next one is found. */
function parseLine(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(0, colon)).trimEnd()
  if (!TOKEN.test(name) || line.includes('\r') || line.includes('\n')) {
    return ['', line]
  }
  const spelled = COMPACT[name.toLowerCase()] ?? CANONICAL.get(name.toLowerCase()) ?? name
  return [spelled, line.slice(colon + 1).trim()]
}

const CANONICAL = new Map(
  [
    'From',
    'To',
    'Call-ID',
    'CSeq',
    'Via',
    'Content-Length',
    'Content-Type',
    'Contact',
    'Route',
    'Record-Route',
    'Max-Forwards',
    'Expires',
    'Event',
  ].map((name): [string, string] => [name.toLowerCase(), name]),
)
