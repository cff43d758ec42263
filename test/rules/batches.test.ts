import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  ANSWER_BYTES,
  type Arrived,
  BATCH_CHARACTERS,
  type Cursor,
  fitting,
  inBatches,
} from '../../shared/rules/batches.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'

const CURSOR: Cursor = { seq: 4, upstream: 'after 20' }

function said(text: string): ImEvent {
  return { kind: 'message', conversation: '1', from: 'sip:bob@contoso.test', text }
}

/** An event of exactly so many JSON characters. */
function sized(characters: number): ImEvent {
  return said('x'.repeat(characters - JSON.stringify(said('')).length))
}

/** A value of exactly so many bytes of JSON. */
function weighing(bytes: number): string {
  return 'x'.repeat(bytes - 2)
}

const sizes = fc.oneof(
  fc.integer({ min: 100, max: 400 }),
  fc.integer({ min: 6_000, max: BATCH_CHARACTERS + 1_000 }),
  fc.constantFrom(BATCH_CHARACTERS / 2, BATCH_CHARACTERS / 2 + 1, BATCH_CHARACTERS - 1, BATCH_CHARACTERS),
)

/** What one wait may bring: upstream events, each with its cursor, and with none, one, or several events for the device. */
const arrivals: fc.Arbitrary<Arrived[]> = fc
  .array(fc.array(sizes.map(sized), { maxLength: 4 }), { maxLength: 8 })
  .map((all) => all.map((events, index) => ({ cursor: `after ${21 + index}`, events })))

const characters = (events: readonly ImEvent[]) =>
  events.reduce((total, event) => total + JSON.stringify(event).length, 0)

/** The cursor up to which every upstream event is whole in the first `count` events. */
function wholeUpTo(arrived: readonly Arrived[], count: number): string {
  let { upstream: cursor } = CURSOR
  let seen = 0
  for (const each of arrived.filter(({ events }) => events.length > 0)) {
    seen += each.events.length
    if (seen > count) return cursor
    cursor = each.cursor
  }
  return cursor
}

describe('events in batches', () => {
  it('are the events that arrived, in order, each whole', () => {
    fc.assert(
      fc.property(arrivals, (arrived) => {
        const batches = inBatches(arrived, 'all', CURSOR)
        expect(batches.flatMap(({ events }) => events)).toEqual(arrived.flatMap(({ events }) => events))
        expect(batches.every(({ events }) => events.length > 0)).toBe(true)
      }),
    )
  })

  it('are numbered on from the cursor, without gaps', () => {
    fc.assert(
      fc.property(arrivals, (arrived) => {
        const batches = inBatches(arrived, 'all', CURSOR)
        expect(batches.map(({ seq }) => seq)).toEqual(batches.map((_, index) => CURSOR.seq + 1 + index))
      }),
    )
  })

  it('fit a batch, unless one event alone does not, and no batch ends before it must', () => {
    fc.assert(
      fc.property(arrivals, (arrived) => {
        const batches = inBatches(arrived, 'all', CURSOR)
        const withNext = (at: number) => [
          ...(batches[at]?.events ?? []),
          ...(batches[at + 1]?.events.slice(0, 1) ?? []),
        ]
        const isLast = (at: number) => at === batches.length - 1
        expect(batches.filter(({ events }) => events.length > 1 && characters(events) > BATCH_CHARACTERS)).toEqual([])
        expect(batches.filter((_, at) => !isLast(at) && characters(withNext(at)) <= BATCH_CHARACTERS)).toEqual([])
      }),
    )
  })

  it('acknowledge the answer in the last batch only: before it, a crash asks for the whole answer again', () => {
    fc.assert(
      fc.property(arrivals, (arrived) => {
        const cursors = inBatches(arrived, 'all', CURSOR).map(({ upstream }) => upstream)
        expect(cursors.slice(0, -1)).not.toContain('all')
        expect(cursors.at(-1)).toBe(cursors.length > 0 ? 'all' : undefined)
      }),
    )
  })

  it('say of each batch which upstream events are whole by then, so that a repeat is dropped, and nothing else', () => {
    fc.assert(
      fc.property(arrivals, (arrived) => {
        const batches = inBatches(arrived, 'all', CURSOR)
        let count = 0
        for (const { events, upstream } of batches.slice(0, -1)) {
          count += events.length
          expect(upstream).toBe(wholeUpTo(arrived, count))
        }
      }),
    )
  })

  it('are none where nothing that arrived means anything to a device', () => {
    expect(inBatches([], 'all', CURSOR)).toEqual([])
    expect(inBatches([{ cursor: 'after 21', events: [] }], 'all', CURSOR)).toEqual([])
  })

  it('have one of their own for what was lost upstream, in its place, with nothing in it', () => {
    const arrived: Arrived[] = [
      { cursor: 'after 21', events: [sized(100)] },
      { cursor: 'after 22', events: [], lost: true },
      { cursor: 'after 23', events: [sized(100)] },
      { cursor: 'after 24', events: [sized(100)], lost: true },
    ]
    expect(inBatches(arrived, 'all', CURSOR)).toEqual([
      { seq: 5, upstream: 'after 21', events: arrived[0]?.events },
      { seq: 6, upstream: 'after 22', events: [], cut: true },
      { seq: 7, upstream: 'after 23', events: arrived[2]?.events },
      { seq: 8, upstream: 'after 23', events: [], cut: true },
      { seq: 9, upstream: 'all', events: arrived[3]?.events },
    ])
  })

  test.each([
    { second: BATCH_CHARACTERS - 1_000, batches: [2] },
    { second: BATCH_CHARACTERS - 999, batches: [1, 1] },
  ])('of 1000 and $second characters make batches of $batches', ({ second, batches }) => {
    const arrived = [{ cursor: 'after 21', events: [sized(1_000), sized(second)] }]
    expect(inBatches(arrived, 'all', CURSOR).map(({ events }) => events.length)).toEqual(batches)
  })

  it('never tear one that is larger than a batch, and let it go alone', () => {
    const arrived = [
      { cursor: 'after 21', events: [sized(100)] },
      { cursor: 'after 22', events: [sized(BATCH_CHARACTERS + 1)] },
      { cursor: 'after 23', events: [sized(100)] },
    ]
    expect(inBatches(arrived, 'all', CURSOR)).toEqual([
      { seq: 5, upstream: 'after 21', events: arrived[0]?.events },
      { seq: 6, upstream: 'after 22', events: arrived[1]?.events },
      { seq: 7, upstream: 'all', events: arrived[2]?.events },
    ])
  })
})

describe('the batches of an answer', () => {
  test.each([
    { weights: [], goes: 0, more: false },
    { weights: [10], goes: 1, more: false },
    { weights: [1_000, ANSWER_BYTES - 1_000], goes: 2, more: false },
    { weights: [1_000, ANSWER_BYTES - 999], goes: 1, more: true },
    { weights: [30_000, 30_000, 30_000], goes: 3, more: false },
    { weights: [30_000, 30_000, 30_000, 2], goes: 3, more: true },
    { weights: [ANSWER_BYTES + 1], goes: 1, more: false },
    { weights: [ANSWER_BYTES + 1, 2], goes: 1, more: true },
  ])('of $weights bytes are $goes, and more: $more', ({ weights, goes, more }) => {
    const batches = weights.map(weighing)
    expect(fitting(batches)).toEqual({ batches: batches.slice(0, goes), more })
  })

  it('are weighed as they are sent: a Chinese character is three bytes', () => {
    const chinese = '漢'.repeat((ANSWER_BYTES - 6) / 6)
    expect(fitting([chinese, chinese])).toMatchObject({ more: false })
    expect(fitting([chinese, `${chinese}漢`])).toMatchObject({ more: true })
  })
})
