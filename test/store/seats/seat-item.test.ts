import { describe, expect, it, onTestFinished, test } from 'vitest'
import { minuteOf } from '../../../shared/rules/pace.ts'
import { SHARD_SEATS, type Open, type SendOutcome } from '../../../shared/rules/seat.ts'
import { itemOf, OUTCOME_WORDS, randomOf } from '../../../shared/store/seats/seat-item.ts'
import { seats as seatsOf } from '../../../shared/store/seats/seats.ts'
import { countedTable } from '../../kit/counted-table.ts'
import { anOpen, aSigningIn, NOW, sessionOn } from '../../rules/sample-seats.ts'
import { heardFrom, seating } from './seated.ts'

/** A seat with everything that a session of some hours leaves on it. */
function aFullSeat(number: number, changes: Partial<Open> = {}): Open {
  return anOpen({
    number,
    device: 'ann-archer-phone',
    user: 'CONTOSO\\ann.archer',
    connection: 'L0SM9cOFvHcCIhw=',
    lastHeardAt: NOW + 123_457,
    heard: NOW + 123_457,
    acked: 1_234,
    active: false,
    coverage: 'out',
    sent: 142,
    sentAt: NOW + 111_113,
    milestoneMinute: minuteOf(NOW),
    outcome: { number: 142, conversation: '27' },
    ...changes,
  })
}

describe('a shard of 300 taken seats', () => {
  it('costs a login at most 5.5 read units for an eventually consistent look, 16.5 with a consistent one', async () => {
    const { items, counting, stop } = await countedTable()
    onTestFinished(stop)
    const seats = seatsOf(items)
    const all = Array.from({ length: SHARD_SEATS }, (_, number) => aFullSeat(number))
    await Promise.all(all.map((seat) => items.put({ ...itemOf(seat) })))

    const once = await counting(async () => seats.read(0))
    const again = await counting(async () => seats.read(0, { consistent: true }))

    expect([once.result, again.result]).toEqual([all, all])
    expect(once.units).toEqual({ reads: expect.closeTo(5.25, 0), writes: 0 })
    expect(once.units.reads).toBeLessThanOrEqual(5.5)
    expect(again.units).toEqual({ reads: 2 * once.units.reads, writes: 0 })
  })
})

describe('a seat as it is kept', () => {
  it('leaves out what is usual', () => {
    expect(Object.keys(itemOf(aSigningIn())).join(' ')).toBe('pk sk s d h l')
    expect(Object.keys(itemOf(anOpen())).join(' ')).toBe('pk sk s d u c t h k n')
    expect(Object.keys(itemOf(aFullSeat(0))).join(' ')).toBe('pk sk s d u c o t h k p n m g r')
  })

  test.each<{ outcome: SendOutcome; r: string }>([
    { outcome: { number: 5 }, r: '5' },
    { outcome: { number: 5, conversation: '2' }, r: '5 =2' },
    { outcome: { number: 5, conversation: '!r:x', message: '$m' }, r: '5 =!r:x $m' },
    { outcome: { number: 5, message: '$m' }, r: '5 = $m' },
    { outcome: { number: 5, code: 'unconfirmed', reason: '' }, r: '5 unconfirmed ' },
    { outcome: { number: 5, code: 'upstream-refused', reason: '7 of\n9 ' }, r: '5 upstream-refused 7 of\n9 ' },
  ])('has the outcome $outcome as $r, and gives it back', async ({ outcome, r }) => {
    const { place, found } = await seating()
    const seat = await place(aFullSeat(17, { outcome }))
    expect(itemOf(seat)).toMatchObject({ r })
    expect(await found(17)).toEqual(seat)
  })

  it('keeps no more words of a refused send than it may, and no half of a character', async () => {
    const { seats, place, found } = await seating()
    const { session } = await place(aFullSeat(17))
    const reason = `${'x'.repeat(OUTCOME_WORDS - 1)}😀 and more`
    await seats.answered(session, { number: 142, code: 'upstream-refused', reason })
    const kept = 'x'.repeat(OUTCOME_WORDS - 1)
    expect(await found(17)).toMatchObject({ outcome: { code: 'upstream-refused', reason: kept } })
  })

  test.each(['017-b0Jm3o2u9hQ5w1Zx', '17x-b0Jm3o2u9hQ5w1Zx', '+17-b0Jm3o2u9hQ5w1Zx', '17', '17.0-b0Jm3o2u9hQ5w1Zx'])(
    'is not the seat of a session that is written %s',
    async (session) => {
      const { seats, place, found } = await seating()
      const seat = await place(anOpen())
      expect(seat.session).toBe(sessionOn(17, randomOf(seat.session)))
      expect(await seats.heard(heardFrom({ ...seat, session }))).toEqual({ kept: false, because: 'session-gone' })
      expect(await seats.free(session)).toBeUndefined()
      expect(await found(17)).toEqual(seat)
    },
  )
})
