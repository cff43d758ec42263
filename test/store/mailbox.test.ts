import { describe, expect, it } from 'vitest'
import type { Mail } from '../../shared/rules/batches.ts'
import { mailbox as mailboxOf } from '../../shared/store/mailbox.ts'
import { ITEM_LIFE_MS } from '../../shared/store/sessions.ts'
import type { Table } from '../../shared/store/table.ts'
import { database } from '../kit/database.ts'
import { judgesRaces } from '../kit/races.ts'
import { NOW, sessionOn } from '../rules/sample-seats.ts'

const SESSION = sessionOn(17)
const ANOTHER = sessionOn(17, 'another-session-')

function mail(seq: number, text = `message ${seq}`): Mail {
  return {
    seq,
    upstream: `${100 + seq}.${200 + seq}`,
    events: [{ kind: 'message', conversation: '1', from: 'sip:b@c', text }],
  }
}

/** A batch that stands for itself, as its device gets it. */
function asBatch({ seq, events }: Mail) {
  return { first: seq, seq, at: NOW, events }
}

const numbers = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => first + at)

/** What stands for batches that are not kept any more. */
const upTo = (first: number, seq: number) => ({ first, seq, at: NOW, events: [], cut: true })

async function opened() {
  const { items } = await database()
  const mailbox = mailboxOf(items)
  const after = async (seq: number, session = SESSION) => (await mailbox.after(session, seq)).map(({ seq }) => seq)
  return { items, mailbox, after }
}

describe('a mailbox', () => {
  it('gives back what was appended, with the cursor inside', async () => {
    const { mailbox } = await opened()
    const events = [
      { kind: 'own-presence', availability: 'available' },
      { kind: 'message', conversation: '1', from: 'sip:bob@contoso.test', text: 'päßchen ☃' },
    ] as const
    expect(await mailbox.append(SESSION, { ...mail(1), events }, NOW)).toBe(true)
    expect(await mailbox.after(SESSION, 0)).toEqual([asBatch({ ...mail(1), events })])
    expect(await mailbox.last(SESSION)).toMatchObject({ ...mail(1), events })
  })

  it('gives what came after a batch, in order, and of its session only', async () => {
    const { mailbox, after } = await opened()
    for (const seq of numbers(1, 101)) await mailbox.append(SESSION, mail(seq), NOW)
    await mailbox.append(ANOTHER, mail(1), NOW)
    expect(await after(0)).toEqual(numbers(1, 101))
    expect(await after(9)).toEqual(numbers(10, 101))
    expect(await after(100)).toEqual([101])
    expect(await after(101)).toEqual([])
    expect(await after(0, ANOTHER)).toEqual([1])
    expect((await mailbox.last(SESSION))?.seq).toBe(101)
  })

  it('has no last batch when it is empty', async () => {
    const { mailbox, after } = await opened()
    expect(await mailbox.last(SESSION)).toBeUndefined()
    expect(await after(0)).toEqual([])
  })

  it('takes a number once: the first to write it stays', async () => {
    const { mailbox } = await opened()
    expect(await mailbox.append(SESSION, mail(5, 'of listener A'), NOW)).toBe(true)
    expect(await mailbox.append(SESSION, mail(5, 'of listener B'), NOW)).toBe(false)
    expect(await mailbox.after(SESSION, 4)).toEqual([asBatch(mail(5, 'of listener A'))])
  })

  it('lets one of 20 listeners write a number', async (context) => {
    judgesRaces(context)
    const { mailbox } = await opened()
    const written = Array.from({ length: 20 }, (_, listener) => mail(5, `of listener ${listener}`))
    const won = await Promise.all(written.map((each) => mailbox.append(SESSION, each, NOW)))
    expect(won.filter((done) => done)).toHaveLength(1)
    expect(await mailbox.after(SESSION, 4)).toEqual(written.filter((_, listener) => won[listener]).map(asBatch))
  })

  it('gives more than a megabyte, whole and in order', async () => {
    const { mailbox } = await opened()
    const large = Array.from({ length: 25 }, (_, at) => mail(at + 1, `${at} ${'漢'.repeat(19_000)}`))
    for (const each of large) await mailbox.append(SESSION, each, NOW)
    expect(await mailbox.after(SESSION, 0)).toEqual(large.map(asBatch))
    expect(await mailbox.after(SESSION, 2)).toEqual(large.slice(2).map(asBatch))
    expect(await mailbox.last(SESSION)).toMatchObject(mail(25, `24 ${'漢'.repeat(19_000)}`))
  })

  it('gives a digest in place of what it stands for, and what came after it', async () => {
    const { mailbox } = await opened()
    for (const seq of [4, 5, 6]) await mailbox.append(SESSION, mail(seq), NOW)
    const digest = [
      { first: 4, seq: 5, at: NOW, events: mail(5).events },
      { first: 6, seq: 7, at: NOW, events: mail(7).events, cut: true as const },
    ]
    await mailbox.append(SESSION, mail(7), NOW, digest)
    await mailbox.append(SESSION, mail(8), NOW)

    expect(await mailbox.after(SESSION, 3)).toEqual([...digest, asBatch(mail(8))])
    // A device that has some of it gets the rest of the digest, from where it is.
    expect(await mailbox.after(SESSION, 4)).toEqual([{ ...digest[0], first: 5 }, digest[1], asBatch(mail(8))])
    expect(await mailbox.after(SESSION, 5)).toEqual([digest[1], asBatch(mail(8))])
    expect(await mailbox.after(SESSION, 7)).toEqual([asBatch(mail(8))])
  })

  it('gives the batches themselves to a device that lacks more than a digest stands for', async () => {
    const { mailbox } = await opened()
    for (const seq of [1, 2, 3]) await mailbox.append(SESSION, mail(seq), NOW)
    await mailbox.append(SESSION, mail(4), NOW, [{ first: 3, seq: 4, at: NOW, events: mail(4).events }])
    expect(await mailbox.after(SESSION, 0)).toEqual([1, 2, 3, 4].map((seq) => asBatch(mail(seq))))
  })

  it('is read back to the newest digest that will do, and no further, however long it is', async () => {
    const { items, mailbox } = await opened()
    const read: number[] = []
    const counting: Table = {
      ...items,
      async query<Item>(pk: string, options?: Parameters<Table['query']>[1]) {
        const found = await items.query<Item>(pk, options)
        read.push(found.length)
        return found
      },
    }
    for (let seq = 1; seq <= 110; seq += 1) await mailbox.append(SESSION, mail(seq), NOW)
    const digest = [{ first: 1, seq: 111, at: NOW, events: [] }]
    await mailbox.append(SESSION, mail(111), NOW, digest)
    expect(await mailboxOf(counting).after(SESSION, 0)).toEqual(digest)
    expect(read).toEqual([100])
    // Without one it is read on.
    expect(await mailboxOf(counting).after(ANOTHER, 0)).toEqual([])
    await mailbox.append(SESSION, mail(112), NOW, [{ first: 100, seq: 112, at: NOW, events: [] }])
    expect((await mailboxOf(counting).after(SESSION, 0)).at(0)).toEqual(digest[0])
  })

  it('says what is lost where DynamoDB has deleted some, in whatever order', async () => {
    const { items, mailbox } = await opened()
    for (const seq of [1, 2, 3, 4, 5]) await mailbox.append(SESSION, mail(seq), NOW)
    const deletes = (seq: number) => items.remove({ pk: `MAIL#${SESSION}`, sk: String(seq).padStart(10, '0') })
    await deletes(3)
    expect(await mailbox.after(SESSION, 0)).toEqual([upTo(1, 3), asBatch(mail(4)), asBatch(mail(5))])
    expect(await mailbox.after(SESSION, 3)).toEqual([asBatch(mail(4)), asBatch(mail(5))])
    await deletes(4)
    await deletes(1)
    expect(await mailbox.after(SESSION, 1)).toEqual([upTo(2, 4), asBatch(mail(5))])
  })

  it('gives a digest to a device that lacks more than that stands for, where the batches themselves are gone', async () => {
    const { items, mailbox } = await opened()
    for (const seq of [4, 5, 6]) await mailbox.append(SESSION, mail(seq), NOW)
    const digest = [{ first: 4, seq: 7, at: NOW, events: mail(7).events }]
    await mailbox.append(SESSION, mail(7), NOW, digest)
    await mailbox.append(SESSION, mail(8), NOW)
    await items.remove({ pk: `MAIL#${SESSION}`, sk: '0000000005' })
    expect(await mailbox.after(SESSION, 0)).toEqual([upTo(1, 3), ...digest, asBatch(mail(8))])
  })

  it('knows since when the oldest is kept that a device lacks: a digest as long as its own item', async () => {
    const { mailbox } = await opened()
    const since = async (seq: number) => (await mailbox.backlog(SESSION, seq)).since
    expect(await since(0)).toBeUndefined()
    for (const seq of [1, 2, 3]) await mailbox.append(SESSION, mail(seq), NOW + seq)
    expect([await since(0), await since(2)]).toEqual([NOW + 1, NOW + 3])
    await mailbox.append(SESSION, mail(4), NOW + 4, [{ first: 2, seq: 4, at: NOW + 2, events: [] }])
    expect([await since(0), await since(1)]).toEqual([NOW + 1, NOW + 4])
  })

  it('outlives its last use by the life of an item, in whole seconds', async () => {
    const { items, mailbox } = await opened()
    await mailbox.append(SESSION, mail(1), NOW + 1)
    const kept = await items.query<{ expiresAtS: number }>(`MAIL#${SESSION}`)
    expect(kept.map(({ expiresAtS }) => expiresAtS)).toEqual([(NOW + ITEM_LIFE_MS) / 1_000 + 1])
  })
})
