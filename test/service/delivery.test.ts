import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { NewEvent } from '../../infra/standin/cwa/event-queue.ts'
import type { Character } from '../../infra/local/story.ts'
import { GATEWAY_LIMITS } from '../../shared/rules/aws/gateway-limits.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { logbook } from '../kit/logbook.ts'
import { rawDevice } from '../kit/raw-device.ts'
import { services, type Service, type ServiceOptions } from '../kit/service.ts'
import { keptTable } from '../kit/tables.ts'

const ANN = 'sip:ann@contoso.test'
const BOB = 'sip:bob@contoso.test'
const UPKEEP = 'Collaboration-upkeep'

const login = ({ device, person }: Character) => device.login(person.login, person.password)

const texts = ({ seen }: Pick<Character, 'seen'>): string[] =>
  seen.flatMap((event) => (event.kind === 'message' ? [event.text] : []))

const said = (content: string): NewEvent => ({
  event: 'messageReceived',
  confId: 9,
  sender: BOB,
  message: { format: 'text/plain', content },
})

const typing = (state: 'composing' | 'idle'): NewEvent => ({ event: 'composingState', confId: 9, sender: BOB, state })

const presence = (availability: number): NewEvent => ({
  event: 'userPresence',
  users: [{ uri: BOB, categories: [{ name: 'state', instance: 1, value: { type: 'aggregateState', availability } }] }],
})
const BUSY = 6_500
const AWAY = 15_500

const upTo = (count: number, text: string) => Array.from({ length: count }, (_, number) => `${text} ${number}`)

/** Ann's session, listened for, and its group. */
function deliveries() {
  const service = services()
  return async (options: ServiceOptions = {}) => {
    const book = logbook()
    const running = await service({ cwa: { pollWaitMs: 20 }, ...options, lambda: { log: book.log } })
    const { ann, cwa, lambda } = running
    const { session } = await login(ann)
    await cwa.control.untilListening(ANN)
    const group = listenerGroups(keptTable(running))
    return {
      ...running,
      session,
      group,
      book,
      /** Brings events to Ann's session, in a batch of their own, and resolves when they are kept and acknowledged. */
      brings: async (...events: readonly NewEvent[]) => {
        cwa.control.queueEvents(ANN, events)
        await acknowledged(running, ANN)
      },
      /** As if the machine of the listener had died, and its lease run out. */
      killListener: async () => {
        await lambda.killEnvironments(UPKEEP)
        const { listener } = await group.look(0, { consistent: true })
        if (listener !== undefined) await group.release(0, listener)
      },
      tick: () => lambda.invokeLater(UPKEEP, {}),
    }
  }
}

/** A GET is held again: what was queued before is kept, and acknowledged. */
async function acknowledged({ cwa }: Pick<Service, 'cwa'>, uri: string): Promise<void> {
  // Events leave with the end of the turn in which they were queued.
  await Promise.resolve()
  await Promise.resolve()
  await cwa.control.untilListening(uri)
}

describe('a device that was out of coverage', () => {
  const delivery = deliveries()

  it('gets all that was said, in order, the last presence of each contact, and no typing', async () => {
    const { ann, brings } = await delivery()
    ann.device.close()
    for (const text of upTo(5, 'message')) await brings(presence(BUSY), typing('composing'), said(text), presence(AWAY))
    const before = ann.seen.length

    expect(await ann.device.resume()).toEqual({ recovered: true })

    const news = ann.seen.slice(before)
    expect(texts({ seen: news })).toEqual(upTo(5, 'message'))
    expect(news.filter(({ kind }) => kind === 'typing')).toEqual([])
    expect(news.filter(({ kind }) => kind === 'presence')).toEqual([
      { kind: 'presence', uri: BOB, availability: 'away' },
    ])
  })

  it('for longer than the mailbox holds hears so, and gets the state of things and the newest messages', async () => {
    const { ann, brings, book } = await delivery({ settings: { mailboxBatches: 10 } })
    ann.device.close()
    await brings(presence(BUSY))
    await brings({
      event: 'imSessionReceived',
      confId: 9,
      inviter: { uri: BOB },
      message: { format: 'text/plain', content: 'Hello' },
    })
    for (const text of upTo(30, 'message')) await brings(said(text))
    expect(book.count('backlog bounded')).toBeGreaterThan(0)
    const before = ann.seen.length

    expect(await ann.device.resume()).toEqual({ recovered: false })

    const news = ann.seen.slice(before)
    expect(news.filter(({ kind }) => kind === 'gap')).toHaveLength(1)
    expect(news).toContainEqual({ kind: 'presence', uri: BOB, availability: 'busy' })
    expect(news).toContainEqual(expect.objectContaining({ kind: 'invitation', conversation: '9', from: BOB }))
    const heard = texts({ seen: news })
    expect(heard).toEqual(upTo(30, 'message').slice(-heard.length))
    expect(heard.length).toBeGreaterThanOrEqual(5)
    expect(heard.length).toBeLessThan(20)
  })

  it('gets more than one message of the gateway may hold, in several', async () => {
    const { ann, brings } = await delivery({ settings: { mailboxBytes: 524_288 } })
    ann.device.close()
    // Nothing of it can be compressed away.
    const long = Array.from({ length: 12 }, () => randomBytes(11_000).toString('base64'))
    expect(long.join('').length).toBeGreaterThan(GATEWAY_LIMITS.messageBytes)
    await brings(...long.map(said))

    expect(await ann.device.resume()).toEqual({ recovered: true })

    expect(texts(ann)).toEqual(long)
  })
})

const waited = ({ seen }: Pick<Character, 'seen'>) =>
  seen.flatMap((event) => (event.kind === 'missed' ? [event.text] : []))

describe('a device that logs in anew', () => {
  const delivery = deliveries()

  it.each(['replaced', 'signed-out'] as const)(
    'gets what waited unread in the session before, which was %s: once, marked as from before',
    async (because) => {
      const { ann, brings, book, cwa } = await delivery()
      ann.device.close()
      await brings(...upTo(20, 'unread').map(said))
      if (because === 'signed-out') {
        await cwa.control.endSessions(ANN)
        await book.until('session ended')
      }

      await login(ann)
      await ann.saw('the last of them', 'missed', ({ text }) => text === 'unread 19')
      expect(waited(ann)).toEqual(upTo(20, 'unread'))
      expect(texts(ann)).toEqual([])
      await ann.device.send({ kind: 'presence', availability: 'busy' })
      await login(ann)
      await ann.device.resume()
      expect(waited(ann)).toHaveLength(20)
    },
  )
})

describe('a device that comes on another connection', () => {
  const delivery = deliveries()

  it('gets its events over that one, although the old one still works', async () => {
    const { ann, brings, session, url, keys } = await delivery()
    const another = await rawDevice(url, 'ann-phone', keys.ann)
    another.send(await another.sealed('poll', { type: 'poll', session, after: 1 }, Date.now() + 60_000))
    expect(await another.answer()).toMatchObject({ type: 'events', recovered: true })
    for (const text of ['over the new one', 'over it alone']) {
      await brings(said(text))
      for (;;) if (JSON.stringify(await another.frame()).includes(text)) break
    }
    // The first may go over both: the listener learns of the new connection meanwhile.
    expect(texts(ann)).not.toContain('over it alone')
  })

  it('loses nothing when the gateway ends each connection after its time', async () => {
    const { ann, brings } = await delivery({ gateway: { limits: { ...GATEWAY_LIMITS, lifetimeMs: 5_000 } } })
    for (const text of upTo(2, 'message')) {
      const { length: before } = ann.seen
      await brings(said(text))
      await ann.saw('an end', 'state', (event) => event.state === 'connecting' && ann.seen.indexOf(event) >= before)
    }
    await ann.saw('the last message', 'message', ({ text }) => text === 'message 1')
    expect(texts(ann)).toEqual(upTo(2, 'message'))
  })
})

describe('upkeep that dies', () => {
  const delivery = deliveries()

  it('in the middle of a batch tells it once: what was kept is gone on from, what was not comes again', async () => {
    const kill: (() => void)[] = []
    const fault = (operation: string, body: unknown) => {
      if (operation === 'PutItem' && JSON.stringify(body).includes('"MAIL#')) kill.shift()?.()
      return undefined
    }
    const running = await delivery({ dynamo: { fault } })
    const { ann, cwa, killListener, tick } = running
    const dead = new Promise<void>((resolve) => kill.push(() => void killListener().then(resolve)))

    cwa.control.queueEvents(ANN, upTo(3, 'message').map(said))
    await dead
    cwa.control.queueEvents(ANN, [said('afterwards')])
    tick()
    await ann.saw('what came afterwards', 'message', ({ text }) => text === 'afterwards')
    await acknowledged(running, ANN)
    await ann.device.poll()

    expect(texts(ann)).toEqual([...upTo(3, 'message'), 'afterwards'])
  })

  it('before it posts what it kept leaves that to the next', async () => {
    const running = await delivery()
    const { ann, brings, cwa, killListener, tick } = running
    ann.device.close()
    await brings(said('kept'))
    await killListener()
    await ann.device.resume()
    tick()
    await cwa.control.untilListening(ANN)
    await brings(said('new'))
    await ann.saw('the new one', 'message', ({ text }) => text === 'new')
    expect(texts(ann)).toEqual(['kept', 'new'])
  })

  it('is started by two ticks at once: one listens, and the device gets everything once', async () => {
    const running = await delivery()
    const { ann, book, brings, cwa, killListener, tick } = running
    await killListener()
    tick()
    tick()
    await book.until('listening')
    await cwa.control.untilListening(ANN)
    for (const text of upTo(3, 'message')) await brings(said(text))
    await ann.saw('the last', 'message', ({ text }) => text === 'message 2')
    expect(texts(ann)).toEqual(upTo(3, 'message'))
    await cwa.control.untilListening(ANN)
    expect(cwa.control.sessions().filter(({ listening }) => listening)).toHaveLength(1)
  })
})

describe('a device that does not come back', () => {
  const delivery = deliveries()

  it('is woken once for what waits, until it says something, and never for presence', async () => {
    const { ann, brings, eventBridge, group, session } = await delivery({ settings: { wakeAfterMs: 1_500 } })
    const look = () => group.notify(0, Date.now())
    ann.device.close()
    await brings(presence(BUSY))
    await brings(said('one'), said('two'))
    await look()

    await eventBridge.untilTaken(1)
    await brings(said('three'))
    await look()
    expect(eventBridge.taken()).toMatchObject([{ detail: { device: 'ann-phone', session, count: 2 } }])
    await ann.device.resume()
    await ann.device.status(false)
    ann.device.close()
    await brings(said('four'))
    await look()

    // On a busy machine the device may be silent for that long before its status, too: then it is woken for what it has not acknowledged.
    let woken = await eventBridge.untilTaken(2)
    while (woken.at(-1)?.detail['count'] === 3) woken = await eventBridge.untilTaken(woken.length + 1)
    expect(woken.at(-1)).toMatchObject({ detail: { device: 'ann-phone', session, count: 1 } })
    expect(JSON.stringify(eventBridge.taken())).not.toContain('four')
  })

  it('is not shown as available to others', async () => {
    const { ann, bob, group } = await delivery()
    await login(bob)
    await ann.saw('Bob is here', 'presence', ({ uri, availability }) => uri === BOB && availability === 'available')
    const before = ann.seen.length
    bob.device.close()
    await group.notify(0, Date.now())

    const gone = await ann.saw(
      'Bob is gone',
      'presence',
      (event) => ann.seen.indexOf(event) >= before && event.uri === BOB,
    )
    expect(gone.availability).not.toBe('available')
  })
})
