import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { formerOf, SHARD_SEATS } from '../../../shared/rules/seat.ts'
import { anOpen, aSigningIn, NOW, sessionOn } from '../../rules/sample-seats.ts'
import { heardFrom, seating } from './seated.ts'

const ANOTHER = sessionOn(17, 'another-session-')

describe('a shard', () => {
  it('gives back exactly the seats that were put', async () => {
    const { seats, place } = await seating()
    const text = fc.string({ unit: 'binary', maxLength: 12 })
    const some = fc.record(
      {
        sentAt: fc.maxSafeNat(),
        outcome: fc.oneof(
          fc.record({ number: fc.maxSafeNat() }),
          fc.record({ number: fc.maxSafeNat(), conversation: fc.stringMatching(/^[!-~]{1,40}$/) }),
          fc.record({ number: fc.maxSafeNat(), code: fc.constant('unconfirmed' as const), reason: text }),
        ),
      },
      { requiredKeys: [], noNullPrototype: true },
    )
    const changes = fc.record({
      device: text,
      user: text,
      connection: text,
      lastHeardAt: fc.maxSafeNat(),
      heard: fc.maxSafeNat(),
      acked: fc.maxSafeNat(),
      sent: fc.maxSafeNat(),
      active: fc.boolean(),
      coverage: fc.constantFrom('in' as const, 'out' as const),
    })
    let shard = 0
    await fc.assert(
      fc.asyncProperty(changes, some, fc.maxSafeNat(), async (all, few, leaseUntil) => {
        shard += 1
        const first = shard * SHARD_SEATS
        const open = await place(anOpen({ number: first, ...all, ...few }))
        const signingIn = await place(aSigningIn({ number: first + 1, device: all.device, leaseUntil }))
        expect(await seats.read(shard)).toEqual([open, signingIn])
        expect(await seats.read(shard, { consistent: true })).toEqual([open, signingIn])
      }),
      { numRuns: 15 },
    )
  })

  it('has its own seats only, by their numbers', async () => {
    const { seats, place } = await seating()
    for (const number of [599, 301, 0, 300, 299, 9, 10, 99_999]) await place(anOpen({ number }))
    const numbers = async (shard: number) => (await seats.read(shard)).map(({ number }) => number)
    expect(await numbers(0)).toEqual([0, 9, 10, 299])
    expect(await numbers(1)).toEqual([300, 301, 599])
    expect(await numbers(2)).toEqual([])
    expect(await numbers(333)).toEqual([99_999])
  })
})

describe('taking a seat', () => {
  it('is possible while it is free, once', async () => {
    const { seats, found } = await seating()
    const first = aSigningIn({ leaseUntil: NOW + 45_000 })
    expect(await seats.take(first, NOW)).toBe(true)
    expect(await seats.take({ ...first, session: ANOTHER }, NOW)).toBe(false)
    expect(await found(17)).toEqual(first)
  })

  test.each([
    { leftMs: 1, taken: false },
    { leftMs: 0, taken: true },
    { leftMs: -1, taken: true },
  ])('is $taken with $leftMs ms left of the lease of a login that died', async ({ leftMs, taken }) => {
    const { seats, place } = await seating()
    await place(aSigningIn({ leaseUntil: NOW + leftMs }))
    expect(await seats.take(aSigningIn({ session: ANOTHER }), NOW)).toBe(taken)
  })

  it('does not refuse its own success when the answer is lost', async () => {
    const { seatsWithAnswerLost, found } = await seating()
    const seat = aSigningIn()
    expect(await seatsWithAnswerLost().take(seat, NOW)).toBe(true)
    expect(await found(17)).toEqual(seat)
  })

  it('is possible again when it was given back', async () => {
    const { seats, place } = await seating()
    const seat = await place(anOpen())
    expect(await seats.free(seat.session)).toEqual(seat)
    expect(await seats.take(aSigningIn({ session: ANOTHER }), NOW)).toBe(true)
  })
})

describe('taking a seat from a session', () => {
  const next = aSigningIn({ session: ANOTHER, device: 'bob-phone' })

  it('lets the new one have it, when the old one is as it was read', async () => {
    const { seats, place, found } = await seating()
    const former = await place(anOpen())
    expect(await seats.takeFrom(former, next)).toEqual(former)
    expect(await found(17)).toEqual({ ...next, former: formerOf(former) })
  })

  it('tells who had it at that moment: a login that was read under way, and is open by then', async () => {
    const { seats, place } = await seating()
    const asRead = await place(aSigningIn())
    const opened = anOpen({ session: asRead.session })
    await seats.open(opened)
    expect(await seats.takeFrom(asRead, next)).toEqual(opened)
  })

  it('is refused when the device spoke meanwhile', async () => {
    const { seats, place, found } = await seating()
    const former = await place(anOpen())
    expect(await seats.heard(heardFrom(former))).toEqual({ kept: true, moved: false })
    expect(await seats.takeFrom(former, next)).toBeUndefined()
    expect(await found(17)).toMatchObject({ session: former.session })
  })

  it('is refused when the session is on another connection', async () => {
    const { seats, place } = await seating()
    const former = await place(anOpen())
    await seats.open({ ...former, connection: 'M9TklcK4IAMCJQw=' })
    expect(await seats.takeFrom(former, next)).toBeUndefined()
  })

  it('is refused when another session has the seat', async () => {
    const { seats, place, found } = await seating()
    const now = await place(anOpen({ session: sessionOn(17, 'the-one-after-it') }))
    expect(await seats.takeFrom({ ...now, session: sessionOn(17) }, next)).toBeUndefined()
    expect(await found(17)).toEqual(now)
  })

  it('is refused when the seat was given back', async () => {
    const { seats, place } = await seating()
    const former = await place(anOpen())
    await seats.free(former.session)
    expect(await seats.takeFrom(former, next)).toBeUndefined()
  })

  it('is possible from a login under way: a second login of the device goes before the first', async () => {
    const { seats, place, found } = await seating()
    const former = await place(aSigningIn())
    expect(await seats.takeFrom({ ...former, session: sessionOn(17, 'not-the-one-here') }, next)).toBeUndefined()
    expect(await seats.takeFrom(former, next)).toEqual(former)
    expect(await found(17)).toEqual(next)
  })

  it('does not refuse its own success when the answer is lost', async () => {
    const { place, seatsWithAnswerLost } = await seating()
    const former = await place(anOpen())
    expect(await seatsWithAnswerLost().takeFrom(former, next)).toEqual(former)
  })
})

describe('opening a session', () => {
  it('is refused when its lease was over and another login has the seat', async () => {
    const { seats, place, found } = await seating()
    await place(aSigningIn({ leaseUntil: NOW }))
    const next = aSigningIn({ session: ANOTHER })
    await seats.take(next, NOW)
    expect(await seats.open(anOpen())).toBe(false)
    expect(await found(17)).toEqual(next)
  })

  it('is refused when the seat was given back', async () => {
    const { seats, found } = await seating()
    expect(await seats.open(anOpen())).toBe(false)
    expect(await found(17)).toBeUndefined()
  })

  it('does not refuse its own success when the answer is lost', async () => {
    const { place, seatsWithAnswerLost, found } = await seating()
    await place(aSigningIn())
    expect(await seatsWithAnswerLost().open(anOpen())).toBe(true)
    expect(await found(17)).toEqual(anOpen())
  })
})

describe('ending a session', () => {
  it('is done once, while it is as it was read', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen())
    expect(await seats.end(seat)).toBe(true)
    expect(await found(17)).toBeUndefined()
    expect(await seats.end(seat)).toBe(false)
  })

  it('is refused when the device spoke meanwhile', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen())
    await seats.heard(heardFrom(seat))
    expect(await seats.end(seat)).toBe(false)
    expect(await found(17)).toMatchObject({ session: seat.session })
  })
})

describe('a later login of a device', () => {
  it('takes the seat of an earlier one away, under way or open, with what it was', async () => {
    const { seats, place, found } = await seating()
    for (const earlier of [aSigningIn({ heard: 10 }), anOpen({ heard: 10 })]) {
      await place(earlier)
      expect(await seats.overtake(earlier.session, 11)).toEqual({ done: true, former: earlier })
      expect(await found(17)).toBeUndefined()
      expect(await seats.overtake(earlier.session, 11)).toEqual({ done: true })
    }
  })

  it('leaves a session whose device spoke in it since, and says which frame that was', async () => {
    const { seats, place, found } = await seating()
    const seat = await place(anOpen({ heard: 10 }))
    await seats.heard(heardFrom(seat, { number: 12 }))
    for (const number of [11, 12])
      expect(await seats.overtake(seat.session, number)).toEqual({ done: false, heard: 12 })
    expect(await found(17)).toMatchObject({ session: seat.session })
    expect(await seats.overtake(seat.session, 13)).toMatchObject({ done: true, former: { heard: 12 } })
  })

  it('takes nothing from another that has the seat by now', async () => {
    const { seats, place, found } = await seating()
    const owner = await place(anOpen({ session: ANOTHER, heard: 1 }))
    expect(await seats.overtake(sessionOn(17), 11)).toEqual({ done: true })
    expect(await found(17)).toEqual(owner)
  })
})

describe('a session that lost its seat', () => {
  const former = anOpen({ sent: 4 })
  // As alike as another session can be: only its id differs, and what the device says next is new to it.
  const owner = anOpen({ session: ANOTHER, sent: 4 })

  it('writes nothing on it any more, and hears so', async () => {
    const { seats, place, found } = await seating()
    await place(owner)
    const { session, connection } = former
    const gone = { kept: false, because: 'session-gone' }
    expect(await seats.heard(heardFrom(former))).toEqual(gone)
    expect(await seats.sending(heardFrom(former), 5)).toMatchObject(gone)
    expect(await seats.outOfCoverage(session, connection)).toBe(false)
    expect(await seats.open(former)).toBe(false)
    expect(await seats.end(former)).toBe(false)
    expect(await seats.free(session)).toBeUndefined()
    await seats.answered(session, { number: 4, conversation: '1' })
    await seats.unsent(session, 4)
    expect(await found(17)).toEqual(owner)
  })

  it('leaves no trace on a free seat', async () => {
    const { seats, found } = await seating()
    await seats.heard(heardFrom(former))
    await seats.sending(heardFrom(former), 5)
    await seats.outOfCoverage(former.session, former.connection)
    await seats.answered(former.session, { number: 4 })
    await seats.unsent(former.session, 4)
    expect(await found(17)).toBeUndefined()
  })
})
