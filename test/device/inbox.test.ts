import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { taken, type Delivery } from '../../shared/device/session/inbox.ts'
import { backoffMs } from '../../shared/backoff.ts'
import { message, numbers, standingFor } from './harness.ts'

const batches = (...seqs: number[]) => seqs.map((seq) => ({ seq, events: [message(seq)] }))
const pushed = { polled: false, recovered: true }
const polled = { polled: true, recovered: true }
const cut = { polled: true, recovered: false }
const pushedCut = { polled: false, recovered: false }

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

  it.each([
    { why: 'the next few', last: 4, batch: [5, 9], how: pushed, takes: true, missing: 0, gap: false },
    { why: 'some it has all of', last: 9, batch: [5, 9], how: pushed, takes: false, missing: 0, gap: false },
    { why: 'some it has in part', last: 6, batch: [5, 9], how: pushed, takes: false, missing: 9, gap: false },
    { why: 'the last of several, not had', last: 8, batch: [5, 9], how: pushed, takes: false, missing: 9, gap: false },
    {
      why: 'an answer it has in part by now',
      last: 6,
      batch: [5, 9],
      how: polled,
      takes: false,
      missing: 9,
      gap: false,
    },
    { why: 'some too far', last: 3, batch: [5, 9], how: pushed, takes: false, missing: 9, gap: false },
    { why: 'what was cut', last: 4, batch: [5, 9], how: cut, takes: true, missing: 0, gap: true },
    {
      why: 'what was cut, of which it has a part',
      last: 6,
      batch: [5, 9],
      how: cut,
      takes: true,
      missing: 0,
      gap: true,
    },
    { why: 'what was cut, pushed', last: 4, batch: [5, 9], how: pushedCut, takes: true, missing: 0, gap: true },
    { why: 'what was cut, too far', last: 2, batch: [5, 9], how: pushedCut, takes: false, missing: 9, gap: false },
    { why: 'what was cut, too far, asked for', last: 2, batch: [5, 9], how: cut, takes: true, missing: 0, gap: true },
    {
      why: 'what was cut, all of which it has',
      last: 9,
      batch: [5, 9],
      how: cut,
      takes: false,
      missing: 0,
      gap: false,
    },
  ])('is right for a batch that stands for $why', ({ last, batch: [first = 0, seq = 0], how, takes, missing, gap }) => {
    expect(taken(last, { batches: [standingFor(first, seq)], ...how })).toEqual({
      last: takes ? seq : last,
      events: takes ? numbers(first, seq).map(message) : [],
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

/** How many messages there are: message N came with number N. */
const MESSAGES = 12

type Step =
  | { readonly does: 'push'; readonly from: number; readonly to: number }
  | { readonly does: 'ask' }
  | { readonly does: 'answer'; readonly upTo: number; readonly cutUpTo: number; readonly apart: boolean }

const place = fc.integer({ min: 1, max: MESSAGES })
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ does: fc.constant('push' as const), from: place, to: place }),
    fc.record({ does: fc.constant('ask' as const) }),
    fc.record({
      does: fc.constant('answer' as const),
      upTo: place,
      cutUpTo: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: place }),
      apart: fc.boolean(),
    }),
  ),
  { maxLength: 30 },
)

/** A service whose pushes are any of its messages, and whose answers begin where they were asked for, however late. */
function deviceAfter(script: readonly Step[]) {
  let last = 0
  const shown: number[] = []
  const asked: number[] = []
  let gaps = 0

  const take = (delivery: Delivery) => {
    const news = taken(last, delivery)
    if (news.last < last) throw new Error('it went back')
    last = news.last
    if (news.gap) gaps += 1
    shown.push(...news.events.map((event) => (event.kind === 'message' ? Number(event.text) : 0)))
    return news
  }
  const answer = (after: number, upTo: number, cutUpTo: number, apart: boolean) => {
    const kept = numbers(Math.max(after, cutUpTo) + 1, upTo)
    const [first, end] = [kept[0], kept.at(-1)]
    const rest = apart ? kept.map((seq) => standingFor(seq, seq)) : []
    const together = !apart && first !== undefined && end !== undefined ? [standingFor(first, end)] : []
    const snapshot = cutUpTo > after ? [{ first: after + 1, seq: cutUpTo, events: [] }] : []
    return take({ batches: [...snapshot, ...rest, ...together], polled: true, recovered: cutUpTo <= after })
  }

  for (const step of script) {
    if (step.does === 'ask') asked.push(last)
    else if (step.does === 'push') {
      const [from, to] = [Math.min(step.from, step.to), Math.max(step.from, step.to)]
      take({ batches: [standingFor(from, to)], polled: false, recovered: true })
    } else {
      const after = asked.shift()
      if (after !== undefined) answer(after, step.upTo, step.cutUpTo, step.apart)
    }
  }
  return { shown, last, gaps, poll: () => answer(last, MESSAGES, 0, false) }
}

describe('a device', () => {
  it('shows each message once and in order, and tells a gap when one is lost, whatever is collapsed and cut', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const { shown, last, gaps, poll } = deviceAfter(script)
        expect(shown).toEqual([...new Set(shown)].toSorted((a, b) => a - b))
        expect(gaps > 0).toBe(shown.length < last)

        const { last: end, missing } = poll()
        expect({ end, missing }).toEqual({ end: MESSAGES, missing: 0 })
        expect(shown.slice(-1)).toEqual(last === MESSAGES ? shown.slice(-1) : [MESSAGES])
      }),
      { numRuns: 2_000 },
    )
  })

  it('polls until it has what it heard of', () => {
    fc.assert(
      fc.property(fc.nat(MESSAGES), place, place, (last, one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)]
        const news = taken(last, { batches: [standingFor(from, to)], ...pushed })
        expect(news.missing > news.last || news.last >= to).toBe(true)
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
