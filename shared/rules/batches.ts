import type { ImEvent } from './messaging.ts'

/** Most JSON characters of events in one batch: sealed, it stays under the gateway's 32 KB unit of frames and bill. */
export const BATCH_CHARACTERS = 20_000

/** Most bytes of the batches in one answer, as JSON: sealed, even where nothing compresses, it stays under 128 KB. */
export const ANSWER_BYTES = 90_000

/** Most bytes of the batches in one frame that comes unasked, as JSON: one unit of the gateway's bill. */
export const PUSH_BYTES = 20_000

/** How far a session's events have come: the last batch, and the server's own cursor, which only its client reads. */
export interface Cursor {
  readonly seq: number
  readonly upstream: string
}

/** What one upstream event means for the device: nothing, one event, or several, which belong together. */
export interface Arrived {
  /** Where to listen from once these events are kept: whatever came before is kept, too. */
  readonly cursor: string
  readonly events: readonly ImEvent[]
}

/** A batch of events with the cursor that holds once it is kept. */
export interface Mail extends Cursor {
  readonly events: readonly ImEvent[]
}

/**
 * Splits what one wait brought into batches that each fit a frame, numbered on from the cursor.
 *
 * Only the last batch carries the answer's own cursor; each other one that of the last upstream event that is kept whole
 * with it: a crash in between asks upstream for the rest again. A single event is never torn; it is bounded where it is
 * made.
 *
 * @param upstream the cursor that holds once all of it is kept
 */
export function inBatches(arrived: readonly Arrived[], upstream: string, from: Cursor): Mail[] {
  const events = arrived.flatMap(({ cursor, events }) =>
    events.map((event, index) => ({ event, cursor: index === events.length - 1 ? cursor : undefined })),
  )
  let reached = from
  const batches = chunked(events, BATCH_CHARACTERS, ({ event }) => JSON.stringify(event).length).map((chunk) => {
    const whole = chunk.findLast(({ cursor }) => cursor !== undefined)?.cursor
    reached = { seq: reached.seq + 1, upstream: whole ?? reached.upstream }
    return { ...reached, events: chunk.map(({ event }) => event) }
  })
  const last = batches.at(-1)
  if (last !== undefined) batches[batches.length - 1] = { ...last, upstream }
  return batches
}

/** The batches that fit into one answer, or another frame, and whether some did not. The first always goes. */
export function fitting<B>(batches: readonly B[], bytes = ANSWER_BYTES): { batches: readonly B[]; more: boolean } {
  const first = chunked(batches, bytes, bytesOf)[0] ?? []
  return { batches: first, more: first.length < batches.length }
}

function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length
}

function chunked<T>(items: readonly T[], limit: number, sizeOf: (item: T) => number): T[][] {
  const chunks: T[][] = []
  let room = 0
  for (const item of items) {
    const size = sizeOf(item)
    const chunk = chunks.at(-1)
    if (chunk === undefined || size > room) {
      chunks.push([item])
      room = limit - size
    } else {
      chunk.push(item)
      room -= size
    }
  }
  return chunks
}
