import { message, parseHead, SipError } from './sip.ts'
import type { SipHead, SipMessage } from './sip.ts'

export interface SipStreamLimits {
  /** Most bytes before the empty line. */
  readonly headBytes: number
  readonly bodyBytes: number
}

/** Headers have room for the first message of a session, which travels in one (`Ms-Text-Format`). */
export const SIP_LIMITS: SipStreamLimits = { headBytes: 96 * 1024, bodyBytes: 96 * 1024 }

const END_OF_HEAD = Buffer.from('\r\n\r\n')

/**
 * Cuts a byte stream into SIP messages by Content-Length (RFC 3261, 18.3), however it was chunked. Line breaks between
 * messages are keep-alives and ignored (7.5). Throws a `SipError` for what cannot be read: the stream has lost its
 * frame then, and its owner closes the connection.
 */
export function sipStream(limits: SipStreamLimits = SIP_LIMITS): (chunk: Uint8Array) => SipMessage[] {
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  let pending: Buffer = Buffer.alloc(0)
  let head: SipHead | undefined

  function decode(bytes: Uint8Array): string {
    try {
      return utf8.decode(bytes)
    } catch (cause) {
      throw new SipError(400, `a message is UTF-8 text: ${String(cause)}`)
    }
  }

  function readHead(): SipHead | undefined {
    let start = 0
    while (pending[start] === 0x0d || pending[start] === 0x0a) start += 1
    pending = pending.subarray(start)
    const end = pending.indexOf(END_OF_HEAD)
    if (end > limits.headBytes || (end === -1 && pending.length > limits.headBytes)) {
      throw new SipError(513, `a message has more than ${limits.headBytes} bytes of headers`)
    }
    if (end === -1) return undefined
    const read = parseHead(decode(pending.subarray(0, end)))
    if (read.contentLength > limits.bodyBytes) {
      throw new SipError(513, `a message has more than ${limits.bodyBytes} bytes of body`)
    }
    pending = pending.subarray(end + END_OF_HEAD.length)
    return read
  }

  return (chunk) => {
    pending = Buffer.concat([pending, chunk])
    const messages: SipMessage[] = []
    for (;;) {
      head ??= readHead()
      if (head === undefined || pending.length < head.contentLength) return messages
      messages.push(message(head, decode(pending.subarray(0, head.contentLength))))
      pending = pending.subarray(head.contentLength)
      head = undefined
    }
  }
}
