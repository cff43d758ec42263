import { describe, expect, it, onTestFinished } from 'vitest'
import { Disowned, type Database } from '../../infra/web/kept/database.ts'
import { importedKeys, type Identity } from '../../infra/web/kept/identity.ts'
import { keeper } from '../../infra/web/kept/keeper.ts'
import { fromBefore, type Kept } from '../../infra/web/model/kept.ts'
import { NOTHING } from '../../infra/web/model/model.ts'
import { newTalk } from '../../infra/web/model/talk.ts'
import { idOfPerson } from '../../infra/web/model/talks.ts'
import { fetched, type FetchingOptions } from '../../infra/web/worker/fetching.ts'
import type { Command } from '../../shared/rules/messaging.ts'
import { events, refused, SESSION } from '../device/harness.ts'
import { DEVICE, scriptedService, TRANSPORT_KEY } from '../device/scripted-service.ts'
import { testClock } from '../kit/clock.ts'

const BOB = 'sip:bob@contoso.test'
const WITH_BOB = idOfPerson(BOB)
const LONG_MS = 10_000
const ASKED: Command = { kind: 'message', conversation: '1', text: 'On my way' }

/** A database in memory; `another` writes in it from then on, as a page that is opened does. */
function inMemory() {
  const records = new Map<string, unknown>()
  let writer: Database | undefined
  function database(): Database {
    const written = (write: () => void) =>
      writer === own ? Promise.resolve(write()) : Promise.reject(new Disowned('another tab writes now'))
    const own: Database = {
      get: (name) => Promise.resolve(structuredClone(records.get(name))),
      own: () => Promise.resolve(void (writer = own)),
      put: (all) =>
        written(() => Object.entries(all).forEach(([name, value]) => records.set(name, structuredClone(value)))),
      clear: () => written(() => records.clear()),
    }
    return own
  }
  return { database, another: () => database().own() }
}

/** A browser whose page was closed, with a session that it left after batch 6, in the conversation with Bob. */
async function left(session: Partial<NonNullable<Kept['session']>> | 'none' = {}) {
  const clock = testClock()
  const service = await scriptedService(clock)
  onTestFinished(() => service.stop())
  const disk = inMemory()
  const page = disk.database()
  await page.own()
  const identity: Identity = { url: service.url, device: DEVICE, ...(await importedKeys(TRANSPORT_KEY)) }
  const own = keeper(page)
  await own.setIdentity(identity)
  const talk = { ...newTalk(WITH_BOB, [BOB], false), live: { conversation: '1', state: 'connected' } as const }
  const kept = { session: SESSION, uri: 'sip:ann@contoso.test', statusIntervalMs: 240_000, capabilities: [], last: 6 }
  const before: Kept = {
    ...NOTHING,
    talks: [talk],
    reading: WITH_BOB,
    ...(session !== 'none' && { session: { ...kept, number: 3, isPerhapsTooHigh: false, ...session } }),
  }
  await own.keep(() => before, identity)
  const fetch = (more: Partial<FetchingOptions> = {}) =>
    fetched({ database: disk.database(), clock, withinMs: LONG_MS, ...more })
  const read = async () => (await keeper(disk.database()).kept(identity)) ?? { people: {}, talks: [] }
  return { clock, service, disk, fetch, read }
}

const textsIn = ({ talks }: Pick<Kept, 'talks'>) =>
  talks.flatMap(({ entries }) => entries.flatMap((entry) => (entry.kind === 'heard' ? [entry.text] : [])))
const newTexts = (found: Awaited<ReturnType<typeof fetched>>) =>
  found?.news.flatMap(({ entries }) => entries.map((entry) => (entry.kind === 'note' ? entry.note : entry.text)))

describe('what the service worker fetches', () => {
  it('is kept for the page, unread, before the service hears that it came', async () => {
    const { service, fetch, read } = await left()
    const fetching = fetch()
    const talk = await service.connection()
    const poll = await talk.hear('poll')
    expect(poll.frame).toEqual({ type: 'poll', session: SESSION, after: 6 })
    await poll.answer(events(7, 8))

    const acknowledging = await talk.hear('poll')
    expect(acknowledging.frame.after).toBe(8)
    const kept = await read()
    expect(textsIn(kept)).toEqual(['7', '8'])
    expect(kept).toMatchObject({ session: { last: 8 }, reading: WITH_BOB, talks: [{ unread: 2 }] })
    await acknowledging.answer(events())

    expect(newTexts(await fetching)).toEqual(['7', '8'])
    await talk.closed
  })

  it('is told once: a page that goes on, and a second push, begin after it', async () => {
    const { service, fetch, read } = await left()
    const first = fetch()
    const talk = await service.connection()
    await (await talk.hear('poll')).answer(events(7))
    await (await talk.hear('poll')).answer(events())
    await first

    const second = fetch()
    const again = await service.connection()
    const poll = await again.hear('poll')
    expect(poll.frame.after).toBe(7)
    await poll.answer(events())
    await (await again.hear('poll')).answer(events())
    expect(newTexts(await second)).toEqual([])
    expect(textsIn(fromBefore(await read()))).toEqual(['7'])
  })

  it('is not acknowledged where a page was opened meanwhile: that one fetches it', async () => {
    const { service, disk, fetch, read, clock } = await left()
    const fetching = fetch()
    const talk = await service.connection()
    const poll = await talk.hear('poll')
    await disk.another()
    await poll.answer(events(7))
    await talk.closed
    clock.advance(LONG_MS)

    expect(await fetching).toBeUndefined()
    expect(await read()).toMatchObject({ session: { last: 6 } })
    expect(textsIn(await read())).toEqual([])
  })

  it('is what came before the network went, and no more is acknowledged', async () => {
    const { service, fetch, read, clock } = await left()
    const fetching = fetch()
    const talk = await service.connection()
    await (await talk.hear('poll')).answer({ ...events(7), more: true })
    expect((await talk.hear('poll')).frame.after).toBe(7)
    service.refuse(503)
    talk.cut()
    await talk.closed
    clock.advance(LONG_MS)

    expect(newTexts(await fetching)).toEqual(['7'])
    expect(await read()).toMatchObject({ session: { last: 7 } })
  })

  it('leaves to the page what that was saying, under its number', async () => {
    const { service, fetch, read } = await left({ asked: ASKED, entry: 'e1' })
    // What the worker does then comes after what it would say.
    const fetching = fetch({ also: (phone) => phone.status(false) })
    const talk = await service.connection()
    await (await talk.hear('poll')).answer(events(7))
    await (await talk.hear('poll')).answer(events())
    await (await talk.hear('status')).answer({ type: 'heard', session: SESSION })
    await fetching
    expect(await read()).toMatchObject({ session: { asked: ASKED, entry: 'e1', number: 3, last: 7 } })
  })

  it('is nothing where the session is over: the page hears that itself, and why', async () => {
    const { service, fetch, read } = await left()
    const fetching = fetch()
    await (await (await service.connection()).hear('poll')).answer(refused('session-gone'))
    expect(await fetching).toBeUndefined()
    expect(await read()).toMatchObject({ session: { last: 6 } })
  })

  it('is nothing where the page left no session', async () => {
    const { fetch } = await left('none')
    expect(await fetch()).toBeUndefined()
  })
})
