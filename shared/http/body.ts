import { chunks } from './chunks.ts'
import type { Framing } from './head.ts'

export interface BodyReader {
  /** @returns once the body is whole, what is behind it */
  readonly push: (piece: Buffer) => Buffer | undefined
  /** What has come. */
  readonly whole: () => Buffer
}

/** @param most bytes that are read. @throws (push) RangeError for more; SyntaxError for chunks that are none */
export function bodyReader(framing: Framing, most: number): BodyReader {
  const { add, whole }: Gathered = gathered(most)
  if (framing === 'chunks') return { push: chunks(add), whole }
  if (framing === 'until the end') return { push: (piece) => (add(piece), undefined), whole }
  if (framing > most) throw tooLong()
  let left = framing
  return {
    push(piece) {
      const own = piece.subarray(0, left)
      add(own)
      left -= own.length
      return left > 0 ? undefined : piece.subarray(own.length)
    },
    whole,
  }
}

interface Gathered extends Pick<BodyReader, 'whole'> {
  readonly add: (part: Buffer) => void
}

/** Bytes one after the other, in a room that doubles: a server may send each in a piece of its own. */
function gathered(most: number): Gathered {
  let [room, length]: [Buffer, number] = [Buffer.alloc(0), 0]
  return {
    add(part) {
      const needed = length + part.length
      if (needed > most) throw tooLong()
      if (length === 0) room = part
      else if (needed > room.length) room = Buffer.concat([room], Math.max(needed, 2 * length))
      if (length > 0) part.copy(room, length)
      length = needed
    },
    whole: () => room.subarray(0, length),
  }
}

const tooLong = (): RangeError => new RangeError('the body of the answer is too long')
