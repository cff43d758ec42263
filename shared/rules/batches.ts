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
  /** Before these events there were others that the server holds and this session never gets: its device hears so. */
  readonly lost?: true
}

/** A batch of events with the cursor that holds once it is kept. */
export interface Mail extends Cursor {
  readonly events: readonly ImEvent[]
  /** It stands for what the server left out, and holds nothing: the device gets `recovered: false`. */
  readonly cut?: true
}

/**
 * Splits what one wait brought into batches that each fit a frame, numbered on from the cursor.
 *
 * Only the last batch carries the answer's own cursor; each other one that of the last upstream event that is kept whole
 * with it: a crash in between asks upstream for the rest again. A single event is never torn; it is bounded where it is
 * made. What was lost upstream has a batch of its own, in its place.
 *
 * @param upstream the cursor that holds once all of it is kept
 */
export function inBatches(arrived: readonly Arrived[], upstream: string, from: Cursor): Mail[] {
  let reached = from
  const batches = chunked(arrived.flatMap(partsOf), BATCH_CHARACTERS, sizeOf).map((chunk): Mail => {
    const whole = chunk.findLast(({ cursor }) => cursor !== undefined)?.cursor
    reached = { seq: reached.seq + 1, upstream: whole ?? reached.upstream }
    const events = chunk.flatMap(({ event }) => event ?? [])
    return events.length === 0 ? { ...reached, events, cut: true } : { ...reached, events }
  })
  const last = batches.at(-1)
  if (last !== undefined) batches[batches.length - 1] = { ...last, upstream }
  return batches
}

/** An event, or what stands for those that were lost; with the cursor where that holds once this is kept. */
interface Part {
  readonly event?: ImEvent
  readonly cursor: string | undefined
}

function partsOf({ cursor, events, lost }: Arrived): Part[] {
  const parts = events.map((event, index) => ({ event, cursor: index === events.length - 1 ? cursor : undefined }))
  return lost ? [{ cursor: events.length === 0 ? cursor : undefined }, ...parts] : parts
}

/** What stands for those that were lost fills a batch, and more. */
function sizeOf({ event }: Part): number {
  return event === undefined ? Infinity : JSON.stringify(event).length
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
