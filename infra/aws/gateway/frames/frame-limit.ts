import type { Duplex } from 'node:stream'
import { endsMessage, frameHeads } from './frame-size.ts'

/**
 * Watches a WebSocket's incoming bytes for a frame over the limit and calls `onTooLarge` as soon as its head is there: the
 * WebSocket library limits whole messages only. The returned function is called once for each message that the library
 * emits: may it pass, or did it come with or after such a frame?
 *
 *     socket ─chunk─▶ ① heads are read here ─▶ ② the library emits messages ─▶ ③ the limit is enforced here
 *
 * so what was complete before the frame, even in the same chunk, still passes.
 */
export function frameLimit(socket: Duplex, frameBytes: number, onTooLarge: () => void): () => boolean {
  const heads = frameHeads()
  let [ended, emitted, tooLarge] = [0, 0, false]
  socket.prependListener('data', (chunk: Buffer) => {
    if (tooLarge) return
    for (const head of heads(chunk)) {
      if (head.payloadBytes > frameBytes) tooLarge = true
      if (!tooLarge && endsMessage(head)) ended += 1
    }
  })
  socket.on('data', () => {
    if (tooLarge) onTooLarge()
  })
  return () => {
    emitted += 1
    return !tooLarge || emitted <= ended
  }
}
