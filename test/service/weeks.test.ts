import { describe, expect, it } from 'vitest'
import type { NewEvent } from '../../infra/standin/cwa/event-queue.ts'
import type { Character } from '../../infra/local/story.ts'
import type { Mail } from '../../shared/rules/batches.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { rawDevice } from '../kit/raw-device.ts'
import { type Service, services } from '../kit/service.ts'
import { keptTable } from '../kit/tables.ts'

const ANN = 'sip:ann@contoso.test'
const BOB = 'sip:bob@contoso.test'
const UPKEEP = 'Collaboration-upkeep'
const DAY_S = 24 * 60 * 60

const said = (content: string): NewEvent => ({
  event: 'messageReceived',
  confId: 9,
  sender: BOB,
  message: { format: 'text/plain', content },
})

const texts = ({ seen }: Pick<Character, 'seen'>): string[] =>
  seen.flatMap((event) => (event.kind === 'message' ? [event.text] : []))

/** Ann's session. Its functions have the machine's clock: days pass as everything that is kept grows older by them. */
function weeks() {
  const service = services()
  return async () => {
    const running = await service({ cwa: { pollWaitMs: 20 } })
    const { ann, cwa, lambda, dynamo } = running
    const items = keptTable(running)
    const { session } = await ann.device.login(ann.person.login, ann.person.password)
    await cwa.control.untilListening(ANN)

    const stopListening = async () => {
      await lambda.killEnvironments(UPKEEP)
      const { listener } = await listenerGroups(items).look(0, { consistent: true })
      if (listener !== undefined) await listenerGroups(items).release(0, listener)
    }
    const grow = async (days: number, partitions: readonly string[]) => {
      for (const pk of partitions) {
        for (const item of await items.query<Kept>(pk, { consistent: true })) {
          const { at, expiresAtS } = item
          if (expiresAtS === undefined) continue
          const older = { ...item, expiresAtS: expiresAtS - days * DAY_S }
          await items.put(at === undefined ? older : { ...older, at: at - 1_000 * days * DAY_S })
        }
      }
    }
    const allOf = [`SESSION#${session}`, `MAIL#${session}`, 'DEVICE#ann-phone']
    return {
      ...running,
      session,
      items,
      brings: async (...events: readonly NewEvent[]) => {
        cwa.control.queueEvents(ANN, events)
        await acknowledged(running)
      },
      /** Three days in which the listener is handed over once. What has expired by then is deleted at once. */
      daysPass: async () => {
        await stopListening()
        await grow(3, allOf)
        await dynamo.sweep()
        lambda.invokeLater(UPKEEP, {})
        await cwa.control.untilListening(ANN)
      },
      /** Days in which nothing runs. */
      nothingRuns: async (days: number) => {
        await stopListening()
        await grow(days, allOf)
      },
    }
  }
}

interface Kept {
  readonly pk: string
  readonly sk: string
  readonly at?: number
  readonly expiresAtS?: number
}

async function acknowledged({ cwa }: Pick<Service, 'cwa'>): Promise<void> {
  // Events leave with the end of the turn in which they were queued.
  await Promise.resolve()
  await Promise.resolve()
  await cwa.control.untilListening(ANN)
}

describe('a session that lasts for weeks', () => {
  const begins = weeks()

  it('goes on, and its numbers with it, while DynamoDB deletes all that has expired', async () => {
    const { ann, brings, daysPass, items, session } = await begins()
    const numbers = new Set<number>()
    for (let day = 0; day < 18; day += 3) {
      if (day % 9 === 0) {
        await brings(said(`on day ${day}`))
        await ann.saw('it', 'message', ({ text }) => text === `on day ${day}`)
        await ann.device.status(true)
        for (const { seq } of await items.query<{ seq: number }>(`MAIL#${session}`, { last: 1 })) numbers.add(seq)
      }
      await daysPass()
    }
    // All mail has been deleted by now.
    expect(await items.query(`MAIL#${session}`, { consistent: true })).toEqual([])
    await brings(said('at last'))
    await ann.saw('it', 'message', ({ text }) => text === 'at last')
    const [last] = await items.query<{ seq: number }>(`MAIL#${session}`, { last: 1, consistent: true })
    expect(last?.seq).toBeGreaterThan(Math.max(...numbers))
    expect(texts(ann)).toEqual(['on day 0', 'on day 9', 'at last'])
  })

  it('keeps for a device that is away for 18 days what it has not read', async () => {
    const { ann, brings, daysPass } = await begins()
    ann.device.close()
    await brings(said('one'), said('two'))
    for (let day = 0; day < 18; day += 3) await daysPass()

    expect(await ann.device.resume()).toEqual({ recovered: true })

    await brings(said('three'))
    await ann.saw('it', 'message', ({ text }) => text === 'three')
    expect(texts(ann)).toEqual(['one', 'two', 'three'])
  })

  it('tells a device what is lost, where mail is deleted that it has not read', async () => {
    const { ann, brings, items, session } = await begins()
    ann.device.close()
    await brings(said('one'))
    await brings(said('two'))
    await brings(said('three'))
    // In no order: of three that wait, it is the second.
    const mail = await items.query<Kept & Mail>(`MAIL#${session}`, { consistent: true })
    const deleted = mail.filter(({ events }) =>
      events.some((event) => event.kind === 'message' && event.text === 'two'),
    )
    expect(deleted).toHaveLength(1)
    for (const { pk, sk } of deleted) await items.remove({ pk, sk })

    expect(await ann.device.resume()).toEqual({ recovered: false })

    expect(texts(ann)).toEqual(['three'])
    expect(ann.seen.filter(({ kind }) => kind === 'gap')).toHaveLength(1)
  })

  it('is over where nothing ran for eight days, though DynamoDB never deletes it, and its device gets a refusal', async () => {
    const { ann, brings, nothingRuns, items, session } = await begins()
    ann.device.close()
    await brings(said('one'))
    await nothingRuns(8)
    for (const { pk, sk } of await items.query<Kept>(`MAIL#${session}`)) await items.remove({ pk, sk })

    await expect(ann.device.resume()).rejects.toMatchObject({ code: 'session-gone', next: 'login' })

    await expect(ann.device.login(ann.person.login, ann.person.password)).resolves.toMatchObject({ type: 'accepted' })
  })
})

describe('a device that says it has a batch that there is not', () => {
  const begins = weeks()

  it('is refused where it polls after that, and goes on where it does not', async () => {
    const { ann, brings, session, url, keys } = await begins()
    ann.device.close()
    await brings(said('one'))
    const device = await rawDevice(url, 'ann-phone', keys.ann)
    let number = Date.now() + 60_000
    const says = async (action: 'poll' | 'status', frame: Parameters<typeof device.sealed>[1], answer: string) => {
      device.send(await device.sealed(action, frame, (number += 1)))
      // What waits for the device is pushed to it meanwhile.
      for (;;) {
        const received = await device.frame()
        if (received.type === answer) return received
      }
    }
    const after = 1_000
    const refused = await says('poll', { type: 'poll', session, after }, 'refused')
    expect(refused).toMatchObject({ code: 'session-gone', next: 'login' })
    await says('status', { type: 'status', session, ack: 1_000, active: true, answer: true }, 'heard')
    const polled = await says('poll', { type: 'poll', session, after: 1 }, 'events')
    expect(polled).toMatchObject({ recovered: true })
    expect(JSON.stringify(polled)).toContain('"text":"one"')
  })
})
