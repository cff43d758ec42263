import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { taken } from '../../shared/device/inbox.ts'
import { backoffMs } from '../../shared/device/backoff.ts'
import { message } from './harness.ts'

const batches = (...seqs: number[]) => seqs.map((seq) => ({ seq, events: [message(seq)] }))
const pushed = { polled: false, recovered: true }
const polled = { polled: true, recovered: true }

describe('taken', () => {
  it.each([
    { why: 'the next', last: 4, seqs: [5], how: pushed, shows: [5], missing: 0, gap: false },
    { why: 'one it has', last: 4, seqs: [4], how: pushed, shows: [], missing: 0, gap: false },
    { why: 'one too far', last: 4, seqs: [6], how: pushed, shows: [], missing: 6, gap: false },
    {
      why: 'some it has and some new',
      last: 4,
      seqs: [3, 4, 5, 6],
      how: pushed,
      shows: [5, 6],
      missing: 0,
      gap: false,
    },
    { why: 'a hole inside', last: 4, seqs: [5, 7, 8], how: pushed, shows: [5], missing: 8, gap: false },
    { why: 'another order', last: 4, seqs: [6, 5], how: pushed, shows: [5, 6], missing: 0, gap: false },
    { why: 'a poll with a hole', last: 4, seqs: [6], how: polled, shows: [6], missing: 0, gap: true },
    {
      why: 'a cut backlog',
      last: 4,
      seqs: [9],
      how: { polled: true, recovered: false },
      shows: [9],
      missing: 0,
      gap: true,
    },
    {
      why: 'nothing left',
      last: 4,
      seqs: [],
      how: { polled: true, recovered: false },
      shows: [],
      missing: 0,
      gap: true,
    },
  ])('is right for $why', ({ last, seqs, how, shows, missing, gap }) => {
    expect(taken(last, { batches: batches(...seqs), ...how })).toEqual({
      last: shows.at(-1) ?? last,
      events: shows.map(message),
      missing,
      gap,
    })
  })

  it('shows each batch once and in order, whatever is pushed', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 4 })), (pushes) => {
        let last = 0
        const shown = pushes.flatMap((seqs) => {
          const news = taken(last, { batches: batches(...seqs), ...pushed })
          last = news.last
          return news.events
        })
        expect(shown).toEqual(Array.from({ length: last }, (_, index) => message(index + 1)))
      }),
    )
  })
})

describe('backoffMs', () => {
  it.each([
    { attempt: 0, random: 0, expected: 0 },
    { attempt: 0, random: 0.999_999, expected: 499 },
    { attempt: 3, random: 0.5, expected: 2_000 },
    { attempt: 7, random: 0.999_999, expected: 59_999 },
    { attempt: 5_000, random: 0.999_999, expected: 59_999 },
  ])('is $expected ms after $attempt failures when random says $random', ({ attempt, random, expected }) => {
    expect(backoffMs(attempt, () => random)).toBe(expected)
  })
})
