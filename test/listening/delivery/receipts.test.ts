import { describe, expect, it } from 'vitest'
import { RECEIPT_WAITS_MS, type Stretch } from '../../../shared/rules/backlog.ts'
import type { ImEvent } from '../../../shared/rules/messaging.ts'
import { NOW } from '../../rules/sample-seats.ts'
import { afterDelivery, message, MOVED, poll, SEAT } from './device-reached.ts'

const FIRST = 1
const DORMANT = { ...SEAT, active: false }

const batch = (seq: number, ...events: ImEvent[]): Stretch => ({ first: seq, seq, at: NOW, events })
const receipt = (seq: number, conversation = '1') => batch(seq, { kind: 'delivered', conversation, number: seq })
const typing = (seq: number) => batch(seq, { kind: 'typing', conversation: '1', typing: true })
const presence = (seq: number) =>
  batch(seq, { kind: 'presence', uri: 'sip:bob@contoso.test', availability: 'available' })

/** A device that has heard that conversation 1 is connected, by the receipt of batch 1. */
async function reached(reach: Parameters<typeof afterDelivery>[0] = async () => true) {
  const device = await afterDelivery(reach)
  const { own, posted, log } = device
  const keep = async (...stretches: readonly Stretch[]) => {
    for (const { seq, events, at } of stretches) {
      await log.append(SEAT.session, { seq, upstream: `${seq}`, events }, at)
    }
    for (const stretch of stretches) own.kept([stretch])
    await own.idle()
  }
  await keep(receipt(FIRST))
  return { ...device, keep, frames: () => posted.slice(1).map(({ seqs }) => seqs) }
}

describe('the first receipt of a conversation', () => {
  it('goes at once: it may be all that says that the conversation is connected', async () => {
    const { posted, keep, frames } = await reached()
    expect(posted).toEqual([{ to: 'c1', seqs: [FIRST] }])
    await keep(receipt(2, '2'))
    expect(frames()).toEqual([[2]])
  })
})

describe('a receipt', () => {
  it.each([
    ['a reply', message(3)],
    ['somebody who types', typing(3)],
    ['a presence', presence(3)],
    ['a message that was not delivered', batch(3, { kind: 'not-delivered', conversation: '1', reason: 'no' })],
    ['a command that failed', batch(3, { kind: 'failed', number: 3, reason: 'no' })],
    ['a command that is done', batch(3, { kind: 'done', number: 3 })],
  ])('waits, and goes with %s in one frame, before it', async (_, next) => {
    const { clock, keep, frames } = await reached()
    await keep(receipt(2))
    expect(frames()).toEqual([])
    await keep(next)
    expect(frames()).toEqual([[2, 3]])
    expect(clock.waiting()).toBe(0)
  })

  it('takes nothing from what it goes with: somebody types is heard', async () => {
    const heard: ImEvent[] = []
    const { own } = await afterDelivery(
      async () => true,
      undefined,
      ({ batches }) => heard.push(...batches.flatMap(({ events }) => events)),
    )
    own.kept([receipt(1)])
    own.kept([receipt(2)])
    own.kept([typing(3)])
    await own.idle()
    expect(heard.map(({ kind }) => kind)).toEqual(['delivered', 'delivered', 'typing'])
  })

  it('goes alone after two seconds, counted from the first of several', async () => {
    const { clock, own, keep, frames } = await reached()
    await keep(receipt(2))
    clock.advance(RECEIPT_WAITS_MS - 1)
    await keep(receipt(3))
    expect(frames()).toEqual([])
    clock.advance(1)
    await own.idle()
    expect(frames()).toEqual([[2, 3]])
    expect(clock.waiting()).toBe(0)
  })

  it('goes after two seconds to a device that its user does not look at, with what is quiet', async () => {
    const { clock, own, keep, frames } = await reached()
    own.moved(DORMANT)
    await keep(presence(2), receipt(3), presence(4))
    expect(frames()).toEqual([])
    clock.advance(RECEIPT_WAITS_MS)
    await own.idle()
    // The first presence is void by the last, and batch 3 stands for it.
    expect(frames()).toEqual([[3, 4]])
  })

  it('waits on where a look finds the device as it was', async () => {
    const { own, keep, frames } = await reached()
    await keep(receipt(2))
    own.moved({ ...SEAT, heard: 11, lastHeardAt: NOW + 1 })
    await own.idle()
    expect(frames()).toEqual([])
  })

  it('in a batch with something else goes as that does', async () => {
    const { keep, frames } = await reached()
    await keep(batch(2, ...receipt(2).events, ...typing(2).events))
    await keep(batch(3, ...receipt(3).events, ...message(3).events))
    expect(frames()).toEqual([[2], [3]])
  })
})

describe('a receipt that waits', () => {
  it('goes at once, and once, to a device that comes on another connection', async () => {
    const { clock, own, seats, posted, keep } = await reached()
    await keep(receipt(2))
    await seats.heard(poll(11))
    own.moved({ ...MOVED, acked: FIRST })
    await own.idle()
    clock.advance(RECEIPT_WAITS_MS)
    await own.idle()
    expect(posted.slice(1)).toEqual([{ to: 'c2', seqs: [2] }])
    expect(clock.waiting()).toBe(0)
  })

  it('goes at once where its listener stops: the next one may have begun before it was kept', async () => {
    const { clock, own, keep, frames } = await reached()
    await keep(receipt(2))
    await own.stop()
    expect(frames()).toEqual([[2]])
    expect(clock.waiting()).toBe(0)
  })

  it.each(['its time comes', 'its listener stops'] as const)(
    'waits on where another listener kept the next batch, and goes with that when %s',
    async (when) => {
      const { clock, own, log, keep, frames } = await reached()
      await keep(receipt(2))
      await log.append(SEAT.session, { seq: 3, upstream: '3', events: receipt(3).events }, NOW)
      own.goOn([receipt(2), receipt(3)], 'later')
      own.moved({ ...SEAT, acked: FIRST })
      await own.idle()
      expect(frames()).toEqual([])
      if (when === 'its time comes') clock.advance(RECEIPT_WAITS_MS)
      await (when === 'its time comes' ? own.idle() : own.stop())
      expect(frames()).toEqual([[2, 3]])
      expect(clock.waiting()).toBe(0)
    },
  )

  it('goes with all that is posted again', async () => {
    const { clock, own, keep, frames } = await reached()
    await keep(message(2))
    clock.advance(20_000)
    await keep(receipt(3))
    own.moved({ ...SEAT, acked: FIRST, lastHeardAt: clock.now() })
    await own.idle()
    clock.advance(RECEIPT_WAITS_MS)
    await own.idle()
    expect(frames()).toEqual([[2], [2, 3]])
  })

  it('is not posted to a device that is away: its next poll has it', async () => {
    const { clock, own, keep, frames } = await reached()
    await keep(receipt(2))
    own.moved({ ...SEAT, coverage: 'out' })
    clock.advance(RECEIPT_WAITS_MS)
    await own.idle()
    expect(frames()).toEqual([])
    expect(clock.waiting()).toBe(0)
  })

  it('leaves quiet things where they are at the end: they cost no post', async () => {
    const { own, keep, frames } = await reached()
    own.moved(DORMANT)
    await keep(presence(2))
    await own.stop()
    expect(frames()).toEqual([])
  })
})

describe('a receipt for a device that is out of coverage', () => {
  it('waits for nothing, and finds a device that is back', async () => {
    const { clock, own, seats, posted, keep } = await reached()
    await seats.outOfCoverage(SEAT.session, 'c1')
    own.moved({ ...SEAT, acked: FIRST, coverage: 'out' })
    await keep(receipt(2))
    expect(clock.waiting()).toBe(0)
    expect(posted).toHaveLength(1)
    await seats.heard(poll(11))
    await keep(receipt(3))
    expect(posted.slice(1)).toEqual([{ to: 'c2', seqs: [2, 3] }])
  })
})

describe('the time from an event to its device', () => {
  it('is that of what the receipts went with: they wait on purpose', async () => {
    const { own, measured, keep, frames } = await reached()
    await keep({ ...receipt(2), at: NOW - 1_900 }, { ...message(3), at: NOW - 5 })
    await keep({ ...receipt(4), at: NOW - 1_900 })
    await own.stop()
    expect(frames()).toEqual([[2, 3], [4]])
    expect(measured()).toContainEqual({ name: 'EventToDevice', by: undefined, values: [5] })
  })
})
