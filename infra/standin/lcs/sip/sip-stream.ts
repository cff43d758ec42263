import { parseHead, SipError } from './sip.ts'
import type { SipHead, SipMessage } from './sip.ts'
import { message } from './sip-message.ts'

export interface SipStreamLimits {
  /** Most bytes before the empty line. */
  readonly headBytes: number
  readonly bodyBytes: number
}

/** Headers have room for the first message of a session, which travels in one (`Ms-Text-Format`). */
export const SIP_LIMITS: SipStreamLimits = { headBytes: 96 * 1024, bodyBytes: 96 * 1024 }

const END_OF_HEAD = Buffer.from('\r\n\r\n')

/** A message that is none. Where `isLost`, it is not known where the next one begins, and nothing after it is read. */
export interface Unreadable {
  readonly refused: SipError
  readonly head: SipHead
  readonly isLost: boolean
}

/**
 * Cuts a byte stream into SIP messages by Content-Length (RFC 3261, 18.3), however it was chunked. Line breaks between
 * messages are keep-alives and ignored (7.5). A message that cannot be read comes as an `Unreadable` in its place.
 * Throws a `SipError` for what is no SIP at all: the owner closes the connection.
 */
export function sipStream(limits: SipStreamLimits = SIP_LIMITS): (chunk: Uint8Array) => (SipMessage | Unreadable)[] {
  let pending: Buffer = Buffer.alloc(0)
  let head: SipHead | undefined
  let isLost = false

  function readHead(): SipHead | undefined {
    let start = 0
    while (pending[start] === 0x0d || pending[start] === 0x0a) start += 1
    pending = pending.subarray(start)
    const end = pending.indexOf(END_OF_HEAD)
    if (end > limits.headBytes || (end === -1 && pending.length > limits.headBytes)) {
      throw new SipError(513, `a message has more than ${limits.headBytes} bytes of headers`)
    }
    if (end === -1) return undefined
    const read = parseHead(decode(pending.subarray(0, end), 400))
    if ((read.contentLength ?? 0) > limits.bodyBytes) {
      throw new SipError(513, `a message has more than ${limits.bodyBytes} bytes of body`)
    }
    pending = pending.subarray(end + END_OF_HEAD.length)
    return read
  }

  /** The next message, or undefined when not all of it is there. */
  function next(): SipMessage | Unreadable | undefined {
    if (isLost) return undefined
    head ??= readHead()
    if (head === undefined) return undefined
    const current = head
    if (current.contentLength === undefined) {
      isLost = true
      const refused = new SipError(400, 'a message over a stream has exactly one Content-Length')
      return { refused, head: current, isLost }
    }
    if (pending.length < current.contentLength) return undefined
    const body = pending.subarray(0, current.contentLength)
    pending = pending.subarray(current.contentLength)
    head = undefined
    try {
      return message(current, decode(body, 415))
    } catch (thrown) {
      if (!(thrown instanceof SipError)) throw thrown
      return { refused: thrown, head: current, isLost: false }
    }
  }

  return (chunk) => {
    pending = Buffer.concat([pending, chunk])
    const messages: (SipMessage | Unreadable)[] = []
    for (let each = next(); each !== undefined; each = next()) messages.push(each)
    return messages
  }
}

function decode(bytes: Uint8Array, status: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new SipError(status, 'a message is UTF-8 text')
  }
}
