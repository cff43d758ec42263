/** The head of a WebSocket frame (RFC 6455, 5.2). */
export interface FrameHead {
  readonly fin: boolean
  readonly opcode: number
  readonly payloadBytes: number
}

/**
 * Reads the frame heads out of a stream of bytes, however TCP cut it. The returned function takes the next chunk and
 * returns the heads that became complete with it, in order; payload is skipped, never kept. A head comes before its payload.
 */
export function frameHeads(): (chunk: Uint8Array) => FrameHead[] {
  let head: number[] = []
  let toSkip = 0
  return (chunk) => {
    const heads: FrameHead[] = []
    for (let at = 0; at < chunk.length;) {
      if (toSkip > 0) {
        const skipped = Math.min(toSkip, chunk.length - at)
        toSkip -= skipped
        at += skipped
        continue
      }
      head.push(chunk[at] ?? 0)
      at += 1
      if (head.length < 2 || head.length < headBytes(head)) continue
      const read = readHead(head)
      heads.push(read)
      toSkip = read.payloadBytes
      head = []
    }
    return heads
  }
}

/** The length of a head: two bytes say whether a 16- or 64-bit length and a mask of four bytes follow. */
function headBytes([, second = 0]: readonly number[]): number {
  return 2 + lengthBytes(second) + ((second & 0x80) === 0 ? 0 : 4)
}

function lengthBytes(second: number): number {
  const length = second & 0x7f
  if (length === 126) return 2
  return length === 127 ? 8 : 0
}

function readHead(head: readonly number[]): FrameHead {
  const [first = 0, second = 0] = head
  const extended = head.slice(2, 2 + lengthBytes(second))
  // Exact up to 2^53; beyond that it is far over any limit all the same.
  const payloadBytes = extended.length === 0 ? second & 0x7f : extended.reduce((length, byte) => length * 256 + byte, 0)
  return { fin: (first & 0x80) !== 0, opcode: first & 0x0f, payloadBytes }
}

/** Whether a message ends with this frame: it is final and no control frame (those have opcodes from 8). */
export function endsMessage({ fin, opcode }: FrameHead): boolean {
  return fin && opcode < 8
}
