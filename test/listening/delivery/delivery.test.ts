import { describe, expect, it } from 'vitest'
import type { Push } from '../../../functions/session/push.ts'
import { delivery } from '../../../functions/listening/delivery/delivery.ts'
import type { DeliveryParts } from '../../../functions/listening/delivery/outbox.ts'
import { unmeasured } from '../../../shared/rules/measures.ts'
import { configuration } from '../../../shared/store/configuration/configuration.ts'
import { mailbox } from '../../../shared/store/mailbox.ts'
import { seats as seatsOf } from '../../../shared/store/seats/seats.ts'
import { testClock } from '../../kit/clock.ts'
import { database } from '../../kit/database.ts'
import { testVault } from '../../kit/vault.ts'
import { aSigningIn, NOW } from '../../rules/sample-seats.ts'
import { afterDelivery, message, MOVED, poll, SEAT } from './device-reached.ts'

/** Every connection is gone. */
const unreachable: Push = async () => false

/** A message that waits for a device that is out of coverage, and listeners that may wake it, one after the other. */
async function waitedFor() {
  const { items } = await database()
  const seats = seatsOf(items)
  await seats.take(aSigningIn({ session: SEAT.session }), NOW)
  await seats.open({ ...SEAT, coverage: 'out' })
  let now = NOW
  const listener = async (wake: DeliveryParts['wake']) => {
    const seat = await seats.at(SEAT.number, { consistent: true })
    if (seat?.state !== 'open') throw new Error('there is no session')
    const [clock, vault] = [{ ...testClock(NOW), now: () => now }, testVault()]
    const parts = {
      clock,
      seats,
      mailbox: mailbox(items),
      configuration: configuration(items, vault),
      push: unreachable,
      measure: unmeasured,
    }
    const own = delivery(seat, { ...parts, wake, random: () => 0.5 })
    own.goOn([message(1)], 'now')
    own.moved(seat)
    return own
  }
  return {
    listener,
    passes: (ms: number) => {
      now += ms
    },
  }
}

describe('a device that is waited for', () => {
  const MINUTE_MS = 60_000

  it('is woken by the next listener where one noted that it wakes it, and died', async () => {
    const { listener, passes } = await waitedFor()
    const died = Promise.withResolvers<void>()
    passes(2 * MINUTE_MS)
    await listener(() => {
      died.resolve()
      return new Promise(() => {})
    })
    await died.promise
    let woken = 0
    const wake = async () => {
      woken += 1
    }
    for (let minutes = 0; minutes < 14; minutes += 1) {
      passes(MINUTE_MS)
      await (await listener(wake)).idle()
    }
    expect(woken).toBe(0)
    passes(2 * MINUTE_MS)
    await (await listener(wake)).idle()
    expect(woken).toBe(1)
  })

  it('is woken once, however long it is away', async () => {
    const { listener, passes } = await waitedFor()
    let woken = 0
    for (let day = 0; day < 30; day += 1) {
      passes(24 * 60 * MINUTE_MS)
      const own = await listener(async () => {
        woken += 1
      })
      await own.idle()
    }
    expect(woken).toBe(1)
  })
})

describe('a device that comes on another connection while its events go over the old one', () => {
  it('gets them over the new one, where its listener has seen that by then', async () => {
    const { own, seats, posted, kept, log } = await afterDelivery(async (connection, delivery) => {
      if (connection !== 'c1') return true
      await seats.heard(poll(11))
      delivery().moved(MOVED)
      return false
    })
    await log.append(SEAT.session, { seq: 1, upstream: '1.1', events: message(1).events }, NOW)

    own.kept([message(1)])
    await own.idle()

    expect(await kept()).toMatchObject({ coverage: 'in', connection: 'c2' })
    expect(own.seat()).toMatchObject({ coverage: 'in', connection: 'c2' })
    expect(posted.filter(({ to }) => to === 'c2').flatMap(({ seqs }) => seqs)).toContain(1)
  })

  it('gets them over the new one, where its listener has yet to see that', async () => {
    const { own, seats, posted, kept } = await afterDelivery(async (connection) => {
      if (connection !== 'c1') return true
      await seats.heard(poll(11))
      return false
    })

    own.kept([message(1)])
    await own.idle()

    expect(await kept()).toMatchObject({ coverage: 'in' })
    expect(own.seat()).toMatchObject({ coverage: 'in', connection: 'c2' })
    expect(posted).toEqual([
      { to: 'c1', seqs: [1] },
      { to: 'c2', seqs: [1] },
    ])
  })

  it('is out of coverage where it did not', async () => {
    const { own, posted, kept } = await afterDelivery(async () => false)
    own.kept([message(1)])
    own.kept([message(2)])
    await own.idle()
    expect(await kept()).toMatchObject({ coverage: 'out' })
    expect(own.seat()).toMatchObject({ coverage: 'out' })
    expect(posted).toHaveLength(1)
  })
})

describe('the time from an event to its device', () => {
  it('is measured of what is posted the first time, and not of what another listener left', async () => {
    const { own, posted, measured } = await afterDelivery(async () => true)
    own.goOn([{ ...message(1), at: NOW - 60_000 }], 'now')
    own.kept([{ ...message(2), at: NOW - 5 }])
    await own.idle()
    expect(posted.flatMap(({ seqs }) => seqs)).toEqual([1, 2])
    expect(measured()).toContainEqual({ name: 'EventToDevice', by: undefined, values: [5] })
  })
})

describe('a device that is back, which its listener has yet to see', () => {
  it('is posted to when a message comes, over its new connection', async () => {
    const { own, seats, posted, log } = await afterDelivery(async (connection) => connection === 'c2')
    for (const seq of [1, 2])
      await log.append(SEAT.session, { seq, upstream: `${seq}`, events: message(seq).events }, NOW)
    own.kept([message(1)])
    await own.idle()
    expect(own.seat()).toMatchObject({ coverage: 'out' })
    await seats.heard(poll(11))
    own.kept([message(2)])
    await own.idle()
    expect(own.seat()).toMatchObject({ coverage: 'in', connection: 'c2' })
    expect(posted.filter(({ to }) => to === 'c2').flatMap(({ seqs }) => seqs)).toEqual([1, 2])
  })

  it('costs a read for a message, and none for what is not waited for', async () => {
    let reads = 0
    const { own, seats } = await afterDelivery(
      async () => false,
      (seats) => ({
        ...seats,
        at: async (...asked) => {
          reads += 1
          return seats.at(...asked)
        },
      }),
    )
    await seats.outOfCoverage(SEAT.session, 'c1')
    own.moved({ ...SEAT, coverage: 'out' })
    own.kept([{ ...message(1), events: [{ kind: 'presence', uri: 'sip:bob@contoso.test', availability: 'busy' }] }])
    await own.idle()
    expect(reads).toBe(0)
    own.kept([message(2)])
    await own.idle()
    expect(reads).toBe(1)
  })
})
