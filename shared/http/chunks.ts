import { HEAD_BYTES } from './head.ts'

/** What comes next of a body in chunks. */
type Next = 'size' | 'data' | 'line end' | 'trailers'

/**
 * RFC 9112, 7.1. Extensions and trailers are passed over.
 *
 * @returns reads the next piece; once the body is whole, it returns what is behind it. @throws SyntaxError
 */
export function chunks(add: (part: Buffer) => void): (piece: Buffer) => Buffer | undefined {
  let [next, left]: [Next, number] = ['size', 0]
  /** The beginning of a line. */
  let held: Buffer | undefined

  /** @returns what is behind the chunk's bytes */
  const data = (rest: Buffer): Buffer => {
    const own = rest.subarray(0, left)
    add(own)
    left -= own.length
    if (left === 0) next = 'line end'
    return rest.subarray(own.length)
  }
  /** @returns whether the body ends with that line */
  const line = (text: string): boolean => {
    if (next === 'line end') {
      if (text !== '') throw new SyntaxError('a chunk of the answer is too long')
      next = 'size'
    } else if (next === 'size') {
      left = sizeIn(text)
      next = left === 0 ? 'trailers' : 'data'
    } else return text === ''
    return false
  }
  return (piece) => {
    let rest = held === undefined ? piece : Buffer.concat([held, piece])
    held = undefined
    while (rest.length > 0) {
      if (next === 'data') {
        rest = data(rest)
        continue
      }
      const end = lineEnd(rest, next)
      if (end === undefined) {
        held = rest
        return undefined
      }
      const isEnd = line(rest.toString('latin1', 0, end))
      rest = rest.subarray(end + 2)
      if (isEnd) return rest
    }
    return undefined
  }
}

/** Where the first line ends; undefined: its end has not come. */
function lineEnd(rest: Buffer, next: Next): number | undefined {
  if (next === 'line end' && rest[0] !== 0x0d) throw new SyntaxError('a chunk of the answer is too long')
  const end = rest.indexOf('\r\n', 0, 'latin1')
  if ((end < 0 ? rest.length : end) > HEAD_BYTES) throw new SyntaxError('a line between chunks is too long')
  return end < 0 ? undefined : end
}

function sizeIn(text: string): number {
  const [, size] = /^0*([\da-f]{1,8})(?:;.*)?$/i.exec(text) ?? []
  if (size === undefined) throw new SyntaxError('a chunk of the answer has no length')
  return Number.parseInt(size, 16)
}
