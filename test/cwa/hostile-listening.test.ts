import { describe, expect, it } from 'vitest'
import { bringing, done, listening, SESSION } from './listening.ts'
import type { Reply } from './scripted-server.ts'

const html = (): Reply => ({ body: '<html><body>Sign in</body></html>' })

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

  it('about ackId, which goes back and then far ahead, has its events once and asks for what the server says', async () => {
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
    const batch = (eid: number): Reply => ({
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

  it('about its ticket goes on with the one that another function got', async () => {
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
    await sessions.renew(SESSION, {
      was: { public: '42', secret: 'first' },
      now: { public: '42', secret: 'second' },
    })
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
