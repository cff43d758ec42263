import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { freeSeats, idleFirst } from '../../../shared/rules/admission.ts'
import { isMilestone, minuteOf, sendWaitMs } from '../../../shared/rules/pace.ts'
import { SHARD_SEATS, isFree, type Open } from '../../../shared/rules/seat.ts'
import type { Heard } from '../../../shared/store/seats/seat-frames.ts'
import type { Seats } from '../../../shared/store/seats/seats.ts'
import { anOpen, aSigningIn, NOW, sessionOn } from '../../rules/sample-seats.ts'
import { casesHere } from '../../kit/database.ts'
import { judgesRaces } from '../../kit/races.ts'
import { heardFrom, seating } from './seated.ts'

/** Starts `count` of these at once. */
function atOnce<T>(count: number, start: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => start(index)))
}

/** What may happen to a session between the moment it is read and the moment it is to go; true: its device spoke. */
type Step = (seats: Seats, seat: Open) => Promise<boolean>

function silently(write: (seats: Seats, seat: Open) => Promise<unknown>): Step {
  return async (seats, seat) => {
    await write(seats, seat)
    return false
  }
}

const isTrue = (outcome: boolean) => outcome

describe('DynamoDB and the rules agree', () => {
  it('that a seat is taken exactly when it is free', async () => {
    const { seats, place, found } = await seating()
    const closeMs = fc.integer({ min: -2, max: 2 })
    const before = fc.oneof(
      fc.constant(undefined),
      closeMs.map((ms) => aSigningIn({ leaseUntil: NOW + ms })),
      fc
        .record({
          lastHeardAt: closeMs.map((ms) => NOW + ms),
          coverage: fc.constantFrom('in' as const, 'out' as const),
        })
        .map(anOpen),
    )
    let number = 0
    await fc.assert(
      fc.asyncProperty(before, closeMs, async (sample, ms) => {
        number += SHARD_SEATS
        const former = sample && { ...sample, number, session: sessionOn(number, 'the-former-login') }
        const next = aSigningIn({ number, session: sessionOn(number, 'the-login-to-come') })
        if (former) await place(former)
        expect(await seats.take(next, NOW + ms)).toBe(isFree(former, NOW + ms))
        expect(await found(number)).toEqual(isFree(former, NOW + ms) ? next : former)
      }),
      { numRuns: casesHere(100) },
    )
  })

  it('that a send waits exactly when it is one too many', async () => {
    const { seats, place, found } = await seating()
    let number = 0
    const closeS = fc.integer({ min: -2, max: 2 })
    const sends = fc.record({ sent: fc.integer({ min: 1, max: 7 }), perMinute: fc.integer({ min: 2, max: 4 }), closeS })
    await fc.assert(
      fc.asyncProperty(sends, fc.boolean(), async ({ sent, perMinute, closeS }, isNoted) => {
        number += SHARD_SEATS
        const noted = isNoted ? { milestoneMinute: minuteOf(NOW) } : {}
        const answered = sent > 1 ? { outcome: { number: sent - 1 } } : {}
        const seat = await place(anOpen({ number, sent: sent - 1, ...answered, ...noted }))
        const at = NOW + 60_000 + closeS * 500
        const retryAfterMs = sendWaitMs(seat, sent, perMinute, at)

        const begun = await seats.sending(heardFrom(seat, { at }), sent, perMinute)

        expect(begun).toMatchObject(retryAfterMs === 0 ? { kept: true } : { because: 'too-many', retryAfterMs })
        const milestoneMinute = isMilestone(sent, perMinute) ? minuteOf(at) : noted.milestoneMinute
        const after = retryAfterMs === 0 ? { sent, milestoneMinute } : { sent: sent - 1, ...noted }
        expect(await found(number)).toMatchObject(JSON.parse(JSON.stringify(after)))
      }),
      { numRuns: casesHere(100) },
    )
  })

  const frames: fc.Arbitrary<Partial<Heard>> = fc.record(
    { number: fc.integer({ min: 9, max: 13 }), active: fc.boolean(), acked: fc.nat(5) },
    { requiredKeys: ['number'] },
  )
  const elsewhere = fc.constantFrom('Llf4ceE2NjMCF7w=', 'M9TklcK4IAMCJQw=')
  const steps: fc.Arbitrary<Step> = fc.oneof(
    frames.map(
      (frame): Step =>
        async (seats, seat) =>
          (await seats.heard(heardFrom(seat, frame))).kept,
    ),
    fc.tuple(frames, fc.integer({ min: 1, max: 3 })).map(
      ([frame, sent]): Step =>
        async (seats, seat) =>
          (await seats.sending(heardFrom(seat, frame), sent)).kept,
    ),
    elsewhere.map((connection) => silently((seats, { session }) => seats.outOfCoverage(session, connection))),
    fc.nat(3).map((number) => silently((seats, { session }) => seats.answered(session, { number }))),
    fc.nat(3).map((number) => silently((seats, { session }) => seats.unsent(session, number))),
  )

  it.each<[string, (seats: Seats, seat: Open) => Promise<boolean>]>([
    [
      'evicted',
      async (seats, seat) => {
        const { number } = seat
        const next = aSigningIn({ number, session: sessionOn(number, 'the-login-to-come') })
        return (await seats.takeFrom(seat, next)) !== undefined
      },
    ],
    ['ended', (seats, seat) => seats.end(seat)],
  ])('that a session as it was read is %s exactly when its device did not speak meanwhile', async (_, remove) => {
    const { seats, place, found } = await seating()
    let number = 0
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 3 }), async (meanwhile) => {
        number += SHARD_SEATS
        const seat = await place(anOpen({ number }))
        let spoke = false
        for (const step of meanwhile) spoke = (await step(seats, seat)) || spoke
        expect(await remove(seats, seat)).toBe(!spoke)
        expect((await found(number))?.session === seat.session).toBe(spoke)
      }),
      { numRuns: casesHere(60) },
    )
  })
})

describe('at once', () => {
  it('50 logins for 10 seats get exactly 10', async (context) => {
    judgesRaces(context)
    const { seats } = await seating()
    const limits = { maximumSessions: 10, persistentConnections: 5_000 }
    const login = async (index: number): Promise<string | undefined> => {
      const free = freeSeats(0, await seats.read(0), limits, NOW)
      for (const number of [...free.slice(index % 10), ...free.slice(0, index % 10)]) {
        const session = sessionOn(number, `login-${String(index).padStart(10, '0')}`)
        if (await seats.take(aSigningIn({ number, session, leaseUntil: NOW + 45_000 }), NOW)) return session
      }
      return undefined
    }

    const admitted = (await atOnce(50, login)).filter((session) => session !== undefined)

    expect(admitted).toHaveLength(10)
    const taken = await seats.read(0, { consistent: true })
    expect(taken.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(taken.map(({ session }) => session).sort()).toEqual(admitted.sort())
  })

  it('20 logins evict a session once', async (context) => {
    judgesRaces(context)
    const { seats, place, found } = await seating()
    await place(anOpen({ number: 0, lastHeardAt: NOW - 1_000 }))
    const limits = { maximumSessions: 1, idleTimeoutMs: 999, persistentConnections: 5_000 }
    const evict = async (index: number) => {
      const [idle] = idleFirst(await seats.read(0), limits, NOW)
      const session = sessionOn(0, `login-${String(index).padStart(10, '0')}`)
      return idle !== undefined && (await seats.takeFrom(idle, aSigningIn({ number: 0, session }))) !== undefined
    }

    const evicted = await atOnce(20, evict)

    expect(evicted.filter(isTrue)).toHaveLength(1)
    const winner = sessionOn(0, `login-${String(evicted.indexOf(true)).padStart(10, '0')}`)
    expect(await found(0)).toMatchObject({ session: winner })
  })

  it('a login that evicts and a device that speaks do not both have their way', async (context) => {
    judgesRaces(context)
    const { seats, place } = await seating()
    const outcomes = await atOnce(20, async (number) => {
      const seat = await place(anOpen({ number }))
      const next = aSigningIn({ number, session: sessionOn(number, 'the-login-to-come') })
      return Promise.all([
        seats.takeFrom(seat, next).then((former) => former !== undefined),
        seats.heard(heardFrom(seat)).then(({ kept }) => kept),
        seats.end(seat),
      ])
    })
    expect(outcomes.map((all) => all.filter(isTrue).length)).toEqual(outcomes.map(() => 1))
  })

  it('20 copies of a frame count once', async (context) => {
    judgesRaces(context)
    const { seats, place } = await seating()
    const seat = await place(anOpen())
    const heard = await atOnce(20, () => seats.heard(heardFrom(seat)))
    expect(heard.filter(({ kept }) => kept)).toHaveLength(1)
  })

  it('20 frames with the same send begin it once', async (context) => {
    judgesRaces(context)
    const { seats, place } = await seating()
    const seat = await place(anOpen())
    const begun = await atOnce(20, (index) => seats.sending(heardFrom(seat, { number: 11 + index }), 1))
    expect(begun.filter(({ kept }) => kept)).toHaveLength(1)
  })
})
