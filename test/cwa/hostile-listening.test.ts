import { describe, expect, it, onTestFinished } from 'vitest'
import { follow, type FollowingParts } from '../../functions/parts/following.ts'
import { lambdaClock } from '../../functions/parts/pause.ts'
import { cwaClient } from '../../shared/cwa/client.ts'
import { jsonCodec } from '../../shared/cwa/json.ts'
import type { CwaEvent, CwaEvents } from '../../shared/cwa/model.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'
import type { Open } from '../../shared/rules/seat.ts'
import { configuration, configurationWriter } from '../../shared/store/configuration.ts'
import { mailbox } from '../../shared/store/mailbox.ts'
import { seats } from '../../shared/store/seats.ts'
import { sessions } from '../../shared/store/sessions.ts'
import { database } from '../kit/database.ts'
import { testVault } from '../kit/vault.ts'
import { scriptedServer, type Told } from './scripted-server.ts'

const SESSION = '0-AAAAAAAAAAAAAAAA'
const KNOWN = { session: SESSION, device: 'ann-phone', user: 'CONTOSO\\ann', uri: 'sip:ann@contoso.test', openedAt: 0 }
/** Nobody is to be told: what is kept is looked at in the mailbox. */
const SEAT: Open = {
  state: 'open',
  number: 0,
  session: SESSION,
  device: 'ann-phone',
  user: 'CONTOSO\\ann',
  coverage: 'out',
  connection: 'none',
  lastHeardAt: 0,
  heard: 0,
  acked: 0,
  active: true,
  sent: 0,
}

const done = (eid: number): CwaEvent => ({ event: 'requestSucceeded', eid, rid: String(eid) })
const bringing = (events: CwaEvents): Told => ({ body: jsonCodec.printEvents({ pollWaitTime: 0, ...events }) })

const html = (): Told => ({ body: '<html><body>Sign in</body></html>' })

/** A listener on a session, upstream a server that answers each GET as a test says; the last one it holds. */
async function listening(answers: readonly ((ackId: number, ticket: string) => Told | Promise<Told>)[]) {
  const held = Promise.withResolvers<number>()
  const asked: number[] = []
  const server = await scriptedServer(({ path, headers }, response) => {
    const ackId = Number(new URLSearchParams(path.split('?')[1]).get('AckID'))
    const answer = answers[asked.length]
    asked.push(ackId)
    if (answer === undefined) held.resolve(ackId)
    else
      void Promise.resolve(answer(ackId, String(headers['cwa-ticket']))).then(({ status = 200, headers, body }) =>
        response.writeHead(status, headers).end(body),
      )
    return undefined
  })
  const { items } = await database()
  const vault = testVault()
  const stores = { seats: seats(items), sessions: sessions(items, vault), mailbox: mailbox(items) }
  const cursor = { seq: 0, ackId: 5, eid: 5 }
  await stores.sessions.open({ ...KNOWN, sid: '42', ticket: 'first', cursor }, Date.now())
  await configurationWriter(items, vault).putDevice(KNOWN.device, { state: 'active' })
  const cwa = cwaClient({ url: server.url, codec: jsonCodec })
  onTestFinished(cwa.close)
  const parts: FollowingParts = {
    ...stores,
    cwa,
    clock: lambdaClock,
    wake: async () => {},
    configuration: configuration(items, vault),
    push: async () => false,
    random: Math.random,
  }
  const following = follow(SEAT, parts)
  onTestFinished(following.stop)
  const numbers = async (): Promise<number[]> => {
    const mail = await stores.mailbox.after(SESSION, 0)
    return mail.flatMap(({ events }) =>
      events.flatMap((event: ImEvent) => (event.kind === 'done' ? [event.number] : [])),
    )
  }
  return { ...stores, following, numbers, asked, untilHeld: held.promise, ended: following.ended }
}

describe('a session whose server lies', () => {
  it('by repeating every event has each of them once', async () => {
    const events = [6, 7].map(done)
    const { numbers, untilHeld } = await listening([
      () => bringing({ ackId: 6, events: [done(6), done(6)] }),
      () => bringing({ ackId: 7, events: [...events, ...events] }),
      () => bringing({ ackId: 8, events: [...events, done(8)] }),
    ])

    expect(await untilHeld).toBe(8)
    expect(await numbers()).toEqual([6, 7, 8])
  })

  it('about ackId, which goes back and then far ahead, has its events once and asks as it is told', async () => {
    const { numbers, asked, untilHeld } = await listening([
      () => bringing({ ackId: 8, events: [6, 7, 8].map(done) }),
      () => bringing({ ackId: 5, events: [] }),
      () => bringing({ ackId: 6, events: [6, 7, 8, 9].map(done) }),
      () => bringing({ ackId: 1_000, events: [done(10)] }),
    ])

    expect(await untilHeld).toBe(1_000)
    expect(asked).toEqual([5, 8, 5, 6, 1_000])
    expect(await numbers()).toEqual([6, 7, 8, 9, 10])
  })

  it('about the order of events loses none that comes late', async () => {
    const { numbers, untilHeld } = await listening([
      () => bringing({ ackId: 9, events: [done(9), done(6)] }),
      () => bringing({ ackId: 9, events: [done(8), done(6)] }),
      () => bringing({ ackId: 9, events: [done(7), done(9)] }),
      () => bringing({ ackId: 10, events: [done(7), done(10)] }),
    ])

    await untilHeld
    expect(await numbers()).toEqual([6, 9, 8, 7, 10])
  })

  it('once, by HTML or half an answer, goes on where it was', async () => {
    const { numbers, asked, untilHeld } = await listening([
      () => bringing({ ackId: 6, events: [done(6)] }),
      () => ({ body: '<html><body>Please wait</body></html>' }),
      () => ({ status: 500, body: '<html/>' }),
      () => bringing({ ackId: 7, events: [done(7)] }),
      () => ({ body: '{"cwaEvents":' }),
    ])

    expect(await untilHeld).toBe(7)
    expect(asked).toEqual([5, 6, 6, 6, 7, 7])
    expect(await numbers()).toEqual([6, 7])
  })

  it('three times in a row is over, and it is said why', async () => {
    const { ended, numbers } = await listening([() => bringing({ ackId: 6, events: [done(6)] }), html, html, html])

    expect(await ended).toBe(
      'fetching events: the JSON is not readable: the document should be {"cwaEvents": …}, not XML or HTML',
    )
    expect(await numbers()).toEqual([6])
  })

  it('about what an event is keeps the others of the answer: none is acknowledged that was not kept', async () => {
    const large = 'x'.repeat(300_000)
    const contacts = Array.from({ length: 3_000 }, (_, at) => ({
      uri: `sip:user-${at}@contoso.test`,
      name: large.slice(0, 100),
      groups: [],
    }))
    const { mailbox, untilHeld, numbers } = await listening([
      () =>
        bringing({
          ackId: 9,
          events: [
            done(6),
            { event: 'messageReceived', eid: 7, confId: 1, sender: 'sip:b@c.test', message: { content: large } },
            { event: 'contactGroup', eid: 8, fullList: true, groups: [], contacts },
            done(9),
          ],
        }),
    ])

    expect(await untilHeld).toBe(9)
    expect(await numbers()).toEqual([6, 9])
    const events = (await mailbox.after(SESSION, 0)).flatMap((batch) => batch.events)
    const lists = events.flatMap((event) => (event.kind === 'contacts' ? [event] : []))
    expect(lists.map(({ whole }) => whole)).toEqual([true, ...lists.slice(1).map(() => false)])
    expect(lists.flatMap((list) => list.contacts.map(({ uri }) => uri))).toEqual(contacts.map(({ uri }) => uri))
    expect(events.find(({ kind }) => kind === 'message')).toMatchObject({ text: expect.stringMatching(/^x+…$/) })
    for (const event of events) expect(JSON.stringify(event).length).toBeLessThan(20_000)
  })

  it('about parts of events goes on, and has the rest: a desktop client’s state for as long as it is published', async () => {
    const meeting = { name: 'state', instance: 1, value: { type: 'calendarState', availability: 6_500 } }
    const batch = (eid: number): Told => ({
      body: JSON.stringify({
        cwaEvents: {
          ackId: eid + 1,
          pollWaitTime: 0,
          events: [{ event: 'selfPresence', eid, categories: [meeting] }, done(eid + 1)],
        },
      }),
    })
    const { untilHeld, numbers, asked } = await listening([6, 8, 10, 12].map((eid) => () => batch(eid)))

    expect(await untilHeld).toBe(13)
    expect(asked).toEqual([5, 7, 9, 11, 13])
    expect(await numbers()).toEqual([7, 9, 11, 13])
  })

  it('about its ticket goes on with the one that another function was told', async () => {
    const [asked, kept] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const tickets: string[] = []
    const { sessions, untilHeld } = await listening([
      async (_, ticket) => {
        tickets.push(ticket)
        asked.resolve()
        await kept.promise
        return { status: 401 }
      },
      (_, ticket) => {
        tickets.push(ticket)
        return bringing({ ackId: 6, events: [done(6)] })
      },
    ])
    await asked.promise
    await sessions.renew(SESSION, { was: 'first', now: 'second' })
    kept.resolve()

    expect(await untilHeld).toBe(6)
    expect(tickets).toEqual(['first', 'second'])
  })

  it('with a refused ticket, and no newer one, is over at once', async () => {
    const { ended, asked } = await listening([() => ({ status: 401 })])

    expect(await ended).toBe('fetching events: the server answered HTTP 401: the ticket is not accepted')
    expect(asked).toEqual([5])
  })
})
