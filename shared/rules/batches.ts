import type { ImEvent } from './messaging.ts'

/** Most JSON characters of events in one batch: sealed, it stays under the gateway's 32 KB unit of frames and bill. */
export const BATCH_CHARACTERS = 20_000

/** Most bytes of the batches in one answer, as JSON: sealed, even where nothing compresses, it stays under 128 KB. */
export const ANSWER_BYTES = 90_000

/** Most bytes of the batches in one frame that comes unasked, as JSON: one unit of the gateway's bill. */
export const PUSH_BYTES = 20_000

/** How far upstream events have come: `ackId` for the next GET, `eid` of the last event, `seq` of the last batch. */
export interface Cursor {
  readonly seq: number
  readonly ackId: number
  readonly eid: number
}

/** What one upstream event means for the device: nothing, one event, or several. */
export interface Arrived {
  readonly eid: number
  readonly events: readonly ImEvent[]
}

/** A batch of events with the cursor that holds once it is kept. */
export interface Mail extends Cursor {
  readonly events: readonly ImEvent[]
}

/**
 * Splits what one GET brought into batches that each fit a frame, numbered on from the cursor.
 *
 * Only the last batch carries the answer's `ackId`: a crash in between asks upstream for the whole answer again, and
 * what is already kept is dropped by its `eid`. A single event is never torn; it is bounded where it is made.
 */
export function inBatches(arrived: readonly Arrived[], ackId: number, cursor: Cursor): Mail[] {
  const events = arrived.flatMap(({ eid, events }) =>
    events.map((event, index) => ({ event, eid: index === events.length - 1 ? eid : undefined })),
  )
  let { seq, eid } = cursor
  const batches = chunked(events, BATCH_CHARACTERS, ({ event }) => JSON.stringify(event).length).map((chunk) => {
    seq += 1
    eid = chunk.reduce((last, entry) => entry.eid ?? last, eid)
    return { seq, eid, ackId: cursor.ackId, events: chunk.map(({ event }) => event) }
  })
  const last = batches.at(-1)
  if (last !== undefined) batches[batches.length - 1] = { ...last, ackId, eid: lastEid(arrived, eid) }
  return batches
}

export function lastEid(arrived: readonly Arrived[], before: number): number {
  return arrived.reduce((last, { eid }) => Math.max(last, eid), before)
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
