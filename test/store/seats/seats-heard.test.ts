import { describe, expect, it, test } from 'vitest'
import { WAKING_MS } from '../../../shared/rules/seat.ts'
import { anOpen, aSigningIn, NOW, sessionOn } from '../../rules/sample-seats.ts'
import { judgesRaces } from '../../kit/races.ts'
import { heardFrom, seating } from './seated.ts'

const ELSEWHERE = 'M9TklcK4IAMCJQw='

describe('a device that speaks', () => {
  it('is in coverage, on the connection over which it spoke, and has the batches that it says', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen({ coverage: 'out', active: false }))
    const heard = { connection: ELSEWHERE, number: 12, acked: 8, at: NOW + 5 }
    expect(await seats.heard(heardFrom(seat, heard))).toEqual({ kept: true, moved: true })
    expect(await found(17)).toEqual({
      ...seat,
      coverage: 'in',
      connection: ELSEWHERE,
      heard: 12,
      acked: 8,
      lastHeardAt: NOW + 5,
    })
  })

  test.each([
    { was: true, says: undefined, is: true },
    { was: false, says: undefined, is: false },
    { was: true, says: false, is: false },
    { was: false, says: true, is: true },
  ])('is active: $is, when it was $was and says $says', async ({ was, says, is }) => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen({ active: was }))
    await seats.heard(heardFrom(seat, says === undefined ? {} : { active: says }))
    expect(await found(17)).toMatchObject({ active: is })
  })

  test.each<{ number: number; kept: object }>([
    { number: 9, kept: { kept: false, because: 'replayed', heard: 10 } },
    { number: 10, kept: { kept: false, because: 'replayed', heard: 10 } },
    { number: 11, kept: { kept: true, moved: false } },
    { number: 999, kept: { kept: true, moved: false } },
  ])('after its frame 10 is heard with frame $number: $kept', async ({ number, kept }) => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen({ heard: 10 }))
    expect(await seats.heard(heardFrom(seat, { number }))).toEqual(kept)
    expect(await found(17)).toMatchObject({ heard: Math.max(10, number) })
  })

  test.each([
    ['there is none', undefined, {}],
    ['it is the session of another device', anOpen(), { device: 'bob-phone' }],
    ['its login is still under way', aSigningIn(), {}],
  ])('hears that the session is gone when %s', async (_, there, changes) => {
    const { seats, place, found } = await seating()
    if (there !== undefined) await place(there)
    const gone = { kept: false, because: 'session-gone' }
    expect(await seats.heard(heardFrom(anOpen(), changes))).toEqual(gone)
    expect(await seats.sending(heardFrom(anOpen(), changes), 1)).toMatchObject(gone)
    expect(await found(17)).toEqual(there)
  })
})

describe('a send', () => {
  it('begins when it follows the last one', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen({ sent: 4, outcome: { number: 4 }, active: false, coverage: 'out' }))
    expect(await seats.sending(heardFrom(seat, { number: 12, acked: 8, at: NOW + 5 }), 5)).toEqual({
      kept: true,
      moved: true,
    })
    expect(await found(17)).toEqual({
      ...seat,
      coverage: 'in',
      active: true,
      heard: 12,
      acked: 8,
      lastHeardAt: NOW + 5,
      sent: 5,
      sentAt: NOW + 5,
    })
  })

  test.each([
    { sent: 3, what: 'long past' },
    { sent: 4, what: 'a repeat of the last one' },
    { sent: 6, what: 'before its elder' },
  ])('after send 4 is out of order when it is send $sent, $what', async ({ sent }) => {
    const { seats, place, found } = await seating()
    const outcome = { number: 4, conversation: '2' }
    const seat = await place(anOpen({ sent: 4, sentAt: NOW, outcome }))
    const begun = await seats.sending(heardFrom(seat), sent)
    expect(begun).toMatchObject({ kept: false, because: 'out-of-order', found: seat })
    expect(await found(17)).toEqual(seat)
  })

  test.each([
    { before: 'is not answered yet', changes: {}, kept: false },
    {
      before: 'was answered, with words',
      changes: { outcome: { number: 4, code: 'upstream-refused', reason: 'no' } as const },
      kept: true,
    },
    { before: 'was answered, with a conversation', changes: { outcome: { number: 4, conversation: '2' } }, kept: true },
    { before: 'is not answered, only the one before', changes: { outcome: { number: 3 } }, kept: false },
    { before: 'was not answered, and its function can run no more', changes: { sentAt: NOW - 28_000 }, kept: true },
    { before: 'was not answered, and its function may still run', changes: { sentAt: NOW - 27_999 }, kept: false },
  ])('begins when the one before is answered or over: it $before', async ({ changes, kept }) => {
    const { seats, place } = await seating()
    const seat = await place(anOpen({ sent: 4, sentAt: NOW, ...changes }))
    const begun = await seats.sending(heardFrom(seat), 5)
    expect(begun).toMatchObject(kept ? { kept } : { kept, because: 'out-of-order', found: seat })
  })

  it('has no outcome of a send that is not the last one any more', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen({ sent: 5 }))
    await seats.answered(seat.session, { number: 4, conversation: '2' })
    expect(await found(17)).toEqual(seat)
  })

  it('does not begin with a frame that was heard before', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen({ heard: 10, sent: 4, outcome: { number: 4 } }))
    const begun = await seats.sending(heardFrom(seat, { number: 10 }), 5)
    expect(begun).toMatchObject({ kept: false, because: 'replayed', found: seat })
    expect(await found(17)).toEqual(seat)
  })

  it('says that the session is gone, and finds nothing, where nothing is', async () => {
    const { seats } = await seating()
    expect(await seats.sending(heardFrom(anOpen()), 1)).toStrictEqual({ kept: false, because: 'session-gone' })
  })

  test.each([
    { number: 5, conversation: '2' },
    { number: 5 },
    { number: 5, code: 'upstream-refused', reason: 'no such conversation' } as const,
  ])('is answered again from what was noted: %o', async (outcome) => {
    const { seats, place } = await seating()
    const seat = await place(anOpen({ sent: 4, outcome: { number: 4 } }))
    await seats.sending(heardFrom(seat, { number: 11 }), 5)
    await seats.answered(seat.session, outcome)
    const again = await seats.sending(heardFrom(seat, { number: 12 }), 5)
    expect(again).toMatchObject({ kept: false, because: 'out-of-order' })
    expect(again.found?.outcome).toEqual(outcome)
  })

  it('may be tried again when it is certain that nothing was sent', async () => {
    const { seats, place } = await seating()
    const seat = await place(anOpen({ sent: 4, outcome: { number: 4 } }))
    await seats.sending(heardFrom(seat, { number: 11 }), 5)
    await seats.unsent(seat.session, 5)
    expect(await seats.sending(heardFrom(seat, { number: 12 }), 5)).toEqual({ kept: true, moved: false })
  })

  it('may be tried again at once when it is one at which the pace is looked at, and nothing was sent', async () => {
    const { seats, place } = await seating()
    const seat = await place(anOpen({ sent: 4, outcome: { number: 4 } }))
    expect(await seats.sending(heardFrom(seat, { number: 11 }), 5, 4)).toEqual({ kept: true, moved: false })
    await seats.unsent(seat.session, 5, 4)
    expect(await seats.sending(heardFrom(seat, { number: 12 }), 5, 4)).toEqual({ kept: true, moved: false })
    await seats.unsent(seat.session, 5)
    expect(await seats.sending(heardFrom(seat, { number: 13 }), 5, 4)).toMatchObject({ because: 'too-many' })
  })

  test.each([5, 7])('is not taken back when the last one that began is 6, and it is %i', async (number) => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen({ sent: 6 }))
    await seats.unsent(seat.session, number)
    expect(await found(17)).toEqual(seat)
  })
})

describe('a connection that is gone', () => {
  it('takes its session out of coverage, and nothing else of it', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen())
    expect(await seats.outOfCoverage(seat.session, seat.connection)).toBe(true)
    expect(await found(17)).toEqual({ ...seat, coverage: 'out' })
  })

  it('says nothing where the device already has another connection', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen())
    await seats.heard(heardFrom(seat, { connection: ELSEWHERE }))
    expect(await seats.outOfCoverage(seat.session, seat.connection)).toBe(false)
    expect(await found(17)).toMatchObject({ coverage: 'in', connection: ELSEWHERE })
  })

  it('says nothing of a login under way', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(aSigningIn())
    expect(await seats.outOfCoverage(seat.session, 'Llf4ceE2NjMCF7w=')).toBe(false)
    expect(await found(17)).toEqual(seat)
  })
})

describe('a device that is to be woken', () => {
  it('is woken once, until it says something', async (context) => {
    judgesRaces(context)
    const { seats, place, found } = await seating()
    const seat = await place(anOpen())
    const moments = [0.1, 0.3, 0.5, 0.7, 0.9].map((fraction) => NOW + fraction)
    const woken = await Promise.all(moments.map((at) => seats.waking(seat, at)))
    expect(woken.filter((done) => done)).toHaveLength(1)
    const wokenAt = moments[woken.indexOf(true)] ?? 0
    expect(await found(17)).toEqual({ ...seat, wokenAt })
    // Who had no answer asks again, as the SDK does.
    expect(await seats.waking(seat, wokenAt)).toBe(true)

    expect(await seats.heard(heardFrom(seat))).toMatchObject({ kept: true })
    expect(await found(17)).not.toHaveProperty('wokenAt')
  })

  it('is woken by another where who noted it did not live to, once that is certain', async (context) => {
    judgesRaces(context)
    const { seats, place, found } = await seating()
    const seat = await place(anOpen())
    expect(await seats.waking(seat, NOW)).toBe(true)
    expect(await seats.waking(seat, NOW + WAKING_MS - 1)).toBe(false)
    const again = [0.2, 0.4, 0.6].map((fraction) => NOW + WAKING_MS + fraction)
    const woken = await Promise.all(again.map((at) => seats.waking(seat, at)))
    expect(woken.filter((done) => done)).toHaveLength(1)
    expect(await found(17)).toEqual({ ...seat, wokenAt: again[woken.indexOf(true)] })
  })

  it('is not woken again once it was, however long it is away', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen())
    await seats.waking(seat, NOW)
    // Another's word counts for nothing.
    await seats.woken(seat.session, NOW + 1)
    expect(await found(17)).toEqual({ ...seat, wokenAt: NOW })
    await seats.woken(seat.session, NOW)
    expect(await found(17)).toEqual({ ...seat, wokenAt: NOW, woken: true })
    expect(await seats.waking(seat, NOW + 30 * 24 * 60 * 60_000)).toBe(false)
    await seats.heard(heardFrom(seat))
    expect(await found(17)).not.toHaveProperty('woken')
  })

  it('is left alone when it said something since its seat was read, or its session is gone', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen())
    await seats.heard(heardFrom(seat))
    expect(await seats.waking(seat, NOW)).toBe(false)
    await seats.free(seat.session)
    expect(await seats.waking(seat, NOW)).toBe(false)
    expect(await found(17)).toBeUndefined()
  })

  it('can be woken again later where its push service did not take the event', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen())
    await seats.waking(seat, NOW)
    await seats.woken(seat.session, NOW)
    // Of an event before this one.
    await seats.notReached(seat.session, NOW - 1)
    expect(await found(17)).toEqual({ ...seat, wokenAt: NOW, woken: true })
    await seats.notReached(seat.session, NOW)
    await seats.notReached(seat.session, NOW)
    expect(await found(17)).toEqual({ ...seat, wokenAt: NOW })
    expect(await seats.waking(seat, NOW + WAKING_MS - 1)).toBe(false)
    expect(await seats.waking(seat, NOW + WAKING_MS)).toBe(true)
  })

  it('leaves a seat alone that another session has, or that is free', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen())
    await seats.waking(seat, NOW)
    await seats.woken(seat.session, NOW)
    await seats.notReached(sessionOn(17, 'another-session'), NOW)
    expect(await found(17)).toHaveProperty('woken')
    await seats.free(seat.session)
    await seats.notReached(seat.session, NOW)
    expect(await found(17)).toBeUndefined()
  })

  it('can be woken again where the event did not reach the bus', async () => {
    const { seats, place } = await seating()
    const seat = await place(anOpen())
    await seats.waking(seat, NOW)
    // Another one's waking is not taken back.
    await seats.notWoken(seat.session, NOW + 1)
    expect(await seats.waking(seat, NOW + 2)).toBe(false)
    await seats.notWoken(seat.session, NOW)
    expect(await seats.waking(seat, NOW + 2)).toBe(true)
  })
})

describe('a device that moved', () => {
  test.each([
    ['on the same connection', {}, {}, false],
    ['on another connection', {}, { connection: ELSEWHERE }, true],
    ['back into coverage', { coverage: 'out' as const }, {}, true],
  ])('differs from one that did not: %s', async (_, was, says, moved) => {
    const { seats, place } = await seating()
    const seat = await place(anOpen(was))
    expect(await seats.heard(heardFrom(seat, says))).toEqual({ kept: true, moved })
  })
})
