import { bodyReader, type BodyReader } from './body.ts'
import { headIn, type Head } from './head.ts'

/** An answer of HTTP/1.1, whole. */
export interface Answer extends Pick<Head, 'statusCode' | 'headers' | 'cookies'> {
  readonly body: Buffer
  /** Whether the socket ends with it: the server said so, or something else than this answer came over it. */
  readonly isLast: boolean
}

/** Reads one answer from the pieces in which a socket brings it. */
export interface AnswerReader {
  /**
   * @returns undefined: there is more to come
   * @throws SyntaxError for what is not HTTP/1.1, in words that quote none of it; RangeError for a body that is too long
   */
  push(piece: Buffer): Answer | undefined
  /** The server has ended the connection. @returns undefined: in the middle */
  end(): Answer | undefined
}

/**
 * RFC 9112 as a client reads it; test/http/answer.test.ts holds it to Node's client. Its work grows with the bytes of the
 * answer, not with bytes times pieces.
 *
 * @param bodyBytes the longest body that is read
 */
export function answerReader(bodyBytes = Infinity): AnswerReader {
  let before: Buffer | undefined
  let known: { readonly head: Head; readonly body: BodyReader } | undefined

  /** @returns what is behind the head */
  const headFrom = (piece: Buffer): Buffer | undefined => {
    const read = before === undefined ? piece : Buffer.concat([before, piece])
    const head = headIn(read)
    if (head === undefined) {
      before = read
      return undefined
    }
    known = { head, body: bodyReader(head.framing, bodyBytes) }
    return read.subarray(head.bytes)
  }
  const answer = (isLast: boolean): Answer | undefined => {
    if (known === undefined) return undefined
    const { statusCode, headers, cookies } = known.head
    return { statusCode, headers, cookies, body: known.body.whole(), isLast: isLast || known.head.isLast }
  }
  return {
    push(piece) {
      const rest = known === undefined ? headFrom(piece) : piece
      const behind = rest && known?.body.push(rest)
      return behind && answer(!isBlank(behind))
    },
    end: () => (known?.head.framing === 'until the end' ? answer(true) : undefined),
  }
}

/** Empty lines that a server writes behind its answer are no other answer: Node's parser passes over them, too. */
export function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x0d || byte === 0x0a)
}
