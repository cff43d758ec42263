import { describe, expect, it, test } from 'vitest'
import { anOpen, aSigningIn, NOW } from '../rules/sample-seats.ts'
import { heardFrom, seating } from './seated.ts'

const ELSEWHERE = 'M9TklcK4IAMCJQw='

describe('a device that speaks', () => {
  it('is in coverage, on the connection over which it spoke, and has the batches that it says', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen({ coverage: 'out', active: false }))
    const heard = { connection: ELSEWHERE, number: 12, acked: 8, at: NOW + 5 }
    expect(await seats.heard(heardFrom(seat, heard))).toEqual({ kept: true })
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
    { number: 11, kept: { kept: true } },
    { number: 999, kept: { kept: true } },
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
  ])('is told that the session is gone when %s', async (_, there, changes) => {
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
    const seat = await place(anOpen({ sent: 4, active: false, coverage: 'out' }))
    expect(await seats.sending(heardFrom(seat, { number: 12, acked: 8, at: NOW + 5 }), 5)).toEqual({ kept: true })
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
    const outcome = { number: 4, conversation: 2 }
    const seat = await place(anOpen({ sent: 4, sentAt: NOW, outcome }))
    const begun = await seats.sending(heardFrom(seat), sent)
    expect(begun).toMatchObject({ kept: false, because: 'out-of-order', found: seat })
    expect(await found(17)).toEqual(seat)
  })

  it('does not begin with a frame that was heard before', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen({ heard: 10, sent: 4 }))
    const begun = await seats.sending(heardFrom(seat, { number: 10 }), 5)
    expect(begun).toMatchObject({ kept: false, because: 'replayed', found: seat })
    expect(await found(17)).toEqual(seat)
  })

  it('says that the session is gone, and finds nothing, where nothing is', async () => {
    const { seats } = await seating()
    expect(await seats.sending(heardFrom(anOpen()), 1)).toStrictEqual({ kept: false, because: 'session-gone' })
  })

  test.each([
    { number: 5, conversation: 2 },
    { number: 5 },
    { number: 5, code: 'upstream-refused', reason: 'no such conversation' } as const,
  ])('is answered again from what was noted: %o', async (outcome) => {
    const { seats, place } = await seating()
    const seat = await place(anOpen({ sent: 4 }))
    await seats.sending(heardFrom(seat, { number: 11 }), 5)
    await seats.answered(seat.session, outcome)
    const again = await seats.sending(heardFrom(seat, { number: 12 }), 5)
    expect(again).toMatchObject({ kept: false, because: 'out-of-order' })
    expect(again.found?.outcome).toEqual(outcome)
  })

  it('may be tried again when it is certain that nothing was sent', async () => {
    const { seats, place } = await seating()
    const seat = await place(anOpen({ sent: 4 }))
    await seats.sending(heardFrom(seat, { number: 11 }), 5)
    await seats.unsent(seat.session, 5)
    expect(await seats.sending(heardFrom(seat, { number: 12 }), 5)).toEqual({ kept: true })
  })

  it('may be tried again at once when it is one at which the pace is looked at, and nothing was sent', async () => {
    const { seats, place } = await seating()
    const seat = await place(anOpen({ sent: 4 }))
    expect(await seats.sending(heardFrom(seat, { number: 11 }), 5, 4)).toEqual({ kept: true })
    await seats.unsent(seat.session, 5, 4)
    expect(await seats.sending(heardFrom(seat, { number: 12 }), 5, 4)).toEqual({ kept: true })
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
