import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ANN, BOB, company, invite, story } from './company.ts'
import type { Company } from './company.ts'
import type { Visitor } from './visitor.ts'

const COMPOSING = { method: 'notifyComposing', rid: 'c', confId: 1, state: 'composing' } as const

let office: Company
let ann: Visitor

beforeEach(async () => {
  office = await company()
  ann = await office.enter('ann')
})
afterEach(() => office.stop())

describe('several sessions of one user', () => {
  let desk: Visitor
  let phone: Visitor
  beforeEach(async () => {
    desk = await office.enter('bob')
    phone = await office.enter('bob', { active: false })
  })

  it('have a queue each', async () => {
    office.cwa.control.queueEvents(BOB, [{ event: 'requestSucceeded', rid: 'r' }])
    const [one, two] = [await desk.until('requestSucceeded'), await phone.until('requestSucceeded')]
    expect([one.rid, two.rid]).toEqual(['r', 'r'])
    await desk.post({ method: 'terminateSession', rid: 't' })
    office.cwa.control.queueEvents(BOB, [{ event: 'requestSucceeded', rid: 's' }])

    expect(await phone.until('requestSucceeded')).toMatchObject({ rid: 's' })
  })

  it('are all rung at, and after 7 seconds the most active one accepts by itself', async () => {
    await ann.post(invite(BOB))
    await desk.until('imSessionReceived')
    await phone.until('imSessionReceived')
    office.clock.advance(6999)
    expect(story((await desk.get(0)).events)).toEqual(['imSessionReceived', 'incoming'])
    office.clock.advance(1)
    await desk.until('imSessionState', ({ state }) => state === 'connected')
    await phone.until('imSessionState', ({ state }) => state === 'terminated')

    await ann.until('imSessionState', ({ state }) => state === 'connected')
    expect(story(phone.seen)).toEqual(['imSessionReceived', 'incoming', 'terminated'])
  })

  it('leave an invitation to a less active one that accepts in time', async () => {
    await ann.post(invite(BOB))
    const { confId } = await phone.until('imSessionReceived')
    await desk.until('imSessionReceived')
    office.clock.advance(6999)
    await phone.post({ method: 'acceptImSession', rid: 'a', confId })
    await phone.until('imSessionState', ({ state }) => state === 'connected')
    await desk.until('imSessionState', ({ state }) => state === 'terminated')
    office.clock.advance(1)

    expect(story(desk.seen)).toEqual(['imSessionReceived', 'incoming', 'terminated'])
    expect(story((await desk.get(0)).events)).not.toContain('connected')
  })

  it('are all rung off when one declines', async () => {
    await ann.post(invite(BOB))
    const { confId } = await desk.until('imSessionReceived')
    await phone.until('imSessionReceived')
    await desk.post({ method: 'terminateImSession', rid: 't', confId })
    await phone.until('imSessionState', ({ state }) => state === 'terminated')

    expect(await ann.until('requestFailed')).toMatchObject({ error: { sip: { code: 603 } } })
  })

  it('see what one of them publishes, and the user is active while one of them is', async () => {
    await ann.post({ method: 'subscribePresence', rid: 's', uris: [BOB] })
    await ann.until('userPresence')
    const value = { type: 'userState', availability: 6500 } as const
    await desk.post({ method: 'publishSelfPresence', rid: 'p', categories: [{ name: 'state', value }] })
    await phone.until('selfPresence', ({ categories }) =>
      categories.some((each) => each.value?.type === 'userState' && each.value.availability === 6500),
    )

    const seen = await ann.until('userPresence')
    expect(seen.users[0]?.categories[0]?.value).toMatchObject({ type: 'aggregateState', availability: 6500 })
  })
})

describe('a single session', () => {
  it('is asked for as long as it rings', async () => {
    const bob = await office.enter('bob')
    await ann.post(invite(BOB))
    await bob.until('imSessionReceived')
    office.clock.advance(60_000)
    expect(story(bob.seen)).toEqual(['imSessionReceived', 'incoming'])
    await bob.post({ method: 'acceptImSession', rid: 'a', confId: 1 })

    await ann.until('imSessionState', ({ state }) => state === 'connected')
  })
})

describe('the clocks of a conversation', () => {
  let bob: Visitor
  beforeEach(async () => {
    bob = await office.enter('bob')
    await ann.post(invite(BOB))
    const { confId } = await bob.until('imSessionReceived')
    await bob.post({ method: 'acceptImSession', rid: 'a', confId })
    await bob.until('imSessionState', ({ state }) => state === 'connected')
    await ann.until('imSessionState', ({ state }) => state === 'connected')
  })

  it('end it when both are silent for as long as the configuration says', async () => {
    const heard = ann.seen.find((event) => event.event === 'configuration')
    expect(heard).toMatchObject({ imComposingTimers: { refreshInterval: 60, timeout: 120 } })
    office.clock.advance(119_999)
    await ann.post({ method: 'sendMessage', rid: 'm', confId: 1, message: { content: 'still there?' } })
    await bob.until('messageReceived')
    await ann.until('messageIdReceived')
    office.clock.advance(119_999)
    await bob.post({ method: 'notifyComposing', rid: 'c', confId: 1, state: 'composing' })
    await ann.until('composingState')
    office.clock.advance(119_999)
    expect(story(ann.seen)).not.toContain('terminated')
    office.clock.advance(1)

    await ann.until('imSessionState', ({ state }) => state === 'terminated')
    await bob.until('imSessionState', ({ state }) => state === 'terminated')
  })

  it('stop showing a participant as composing after 5 seconds', async () => {
    await bob.post(COMPOSING)
    await ann.until('composingState')
    office.clock.advance(4999)
    await bob.post(COMPOSING)
    await ann.until('composingState', ({ state }) => state === 'composing')
    office.clock.advance(4999)
    await bob.post({ method: 'sendMessage', rid: 'm', confId: 1, message: { content: 'so' } }, COMPOSING)
    await ann.until('composingState', ({ state }) => state === 'composing')
    office.clock.advance(5000)
    expect(await ann.until('composingState')).toMatchObject({ state: 'idle', sender: BOB })

    const words = story(ann.seen).slice(story(ann.seen).indexOf('connected') + 1)
    expect(words).toEqual(['bob composing', 'bob composing', 'bob: so', 'bob composing', 'bob idle'])
  })

  it('are those that the server was given', async () => {
    await office.stop()
    office = await company({ imComposingTimers: { refreshInterval: 10, timeout: 30 }, composingMs: 1000 })
    const [one, two] = [await office.enter('ann'), await office.enter('bob')]
    expect(await one.until('configuration')).toMatchObject({ imComposingTimers: { refreshInterval: 10, timeout: 30 } })
    await one.post(invite(BOB))
    await two.until('imSessionReceived')
    await two.post({ method: 'acceptImSession', rid: 'a', confId: 1 })
    await one.until('imSessionState', ({ state }) => state === 'connected')
    await two.until('imSessionState', ({ state }) => state === 'connected')
    office.clock.advance(30_000)

    await one.until('imSessionState', ({ state }) => state === 'terminated')
    expect(one.uri).toBe(ANN)
  })
})
