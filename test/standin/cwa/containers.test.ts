import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { jsonCodec } from '../../../shared/cwa/json/json.ts'
import type { ContainerMember, PresenceOfUser } from '../../../shared/cwa/model.ts'
import { xmlCodec } from '../../../shared/cwa/xml/xml.ts'
import { ANN, BOB, CAT, company } from './company.ts'
import type { Company } from './company.ts'
import type { Visitor } from './visitor.ts'

let office: Company
let ann: Visitor
let bob: Visitor

beforeEach(async () => {
  office = await company()
  ann = await office.enter('ann')
  bob = await office.enter('bob')
})
afterEach(() => office.stop())

const put = (id: number, action: ContainerMember['action'], value: string, type = 'uri') =>
  ({ method: 'updateContainer', rid: 'u', id, members: [{ action, type, value }] }) as const

const watch = (uri: string) => ({ method: 'subscribePresence', rid: 'w', uris: [uri] }) as const

const values = (user: PresenceOfUser | undefined) => user?.categories.map(({ value }) => value?.type)

describe.each([
  ['JSON', jsonCodec],
  ['XML', xmlCodec],
])('containers over %s', (_, codec) => {
  it('come at the start, and each whole when it changes', async () => {
    await office.stop()
    office = await company({}, codec)
    ann = await office.enter('ann')
    const other = await office.enter('ann')
    expect(await ann.until('containers')).toMatchObject({ containers: [] })
    await other.until('containers')
    expect(await ann.post(put(300, 'add', BOB))).toEqual([{ answer: 'requestAccepted', rid: 'u' }])
    expect(await ann.until('containers')).toMatchObject({
      containers: [{ id: 300, members: [{ type: 'uri', value: BOB }] }],
    })
    await other.until('containers', ({ containers }) => containers[0]?.id === 300)
    await ann.post(put(300, 'add', CAT), put(400, 'add', CAT))
    expect((await ann.until('containers')).containers).toMatchObject([
      { id: 300, members: [{ value: BOB }, { value: CAT }] },
    ])
    expect((await ann.until('containers')).containers).toMatchObject([{ id: 400, members: [{ value: CAT }] }])
    await ann.post(put(300, 'delete', BOB))
    expect((await ann.until('containers')).containers).toMatchObject([{ id: 300, members: [{ value: CAT }] }])

    const later = await office.enter('ann')
    expect((await later.until('containers')).containers.map(({ id }) => id)).toEqual([300, 400])
  })
})

describe('updateContainer', () => {
  it.each([
    ['number 0', put(0, 'add', BOB)],
    ['a number past the last', put(32_768, 'add', BOB)],
    ['no member', { ...put(300, 'add', BOB), members: [] }],
    ['a member that is no user', put(300, 'add', 'bob')],
    ['a member of another type', put(300, 'add', BOB, 'domain')],
  ])('is invalid with %s', async (_, method) => {
    expect(await ann.post(method)).toMatchObject([{ answer: 'requestInvalid', rid: 'u', error: { code: 18_001 } }])
  })

  it('says when it is done', async () => {
    await ann.post(put(1, 'add', BOB))

    expect(await ann.until('requestSucceeded')).toMatchObject({ rid: 'u' })
  })
})

describe('the blocked container', () => {
  it('hides presence from its members at once, and shows it again', async () => {
    const cat = await office.enter('cat')
    for (const who of [bob, cat]) {
      await who.post(watch(ANN))
      expect(values((await who.until('userPresence')).users[0])).toEqual(['aggregateState', 'contactCard'])
    }
    await ann.post(put(32_000, 'add', BOB))
    expect((await bob.until('userPresence')).users[0]).toMatchObject({ uri: ANN, categories: [{ name: 'state' }] })
    await bob.post({ method: 'queryPresence', rid: 'q', uris: [ANN] })
    expect(values((await bob.until('userPresence')).users[0])).toEqual([undefined])

    await ann.post(put(32_000, 'delete', BOB))
    expect(values((await bob.until('userPresence')).users[0])).toEqual(['aggregateState', 'contactCard'])
    await ann.post({
      method: 'publishSelfPresence',
      rid: 'p',
      categories: [
        { name: 'note', instance: 0, expires: -1, value: { type: 'note', noteType: 'personal', text: 'hi' } },
      ],
    })
    // Cat got nothing in between.
    expect(values((await cat.until('userPresence')).users[0])).toEqual(['aggregateState', 'contactCard', 'note'])
  })
})

describe('subscribers', () => {
  it('come at the start, and when somebody begins to watch', async () => {
    expect(await ann.until('subscribers')).toMatchObject({ subscribers: [] })
    const contact = { uri: BOB, name: 'Bob', subscribed: false, tag: false, groups: [] }
    await ann.post({ method: 'addContact', rid: 'c', contact })
    await bob.post(watch(ANN))
    expect((await ann.until('subscribers')).subscribers).toEqual([
      { uri: BOB, displayName: 'Bob Baker', sourceNetwork: 'sameEnterprise', acknowledged: true },
    ])
    const cat = await office.enter('cat')
    await cat.post(watch(ANN))
    expect((await ann.until('subscribers')).subscribers).toMatchObject([{ uri: CAT, acknowledged: false }])

    const later = await office.enter('ann')
    expect((await later.until('subscribers')).subscribers.map(({ uri }) => uri)).toEqual([BOB, CAT])
  })

  it('are not those who look once', async () => {
    await ann.until('subscribers')
    await bob.post({ method: 'queryPresence', rid: 'q', uris: [ANN] })
    await bob.until('userPresence')
    await bob.post(watch(ANN))
    await ann.until('subscribers')

    expect(ann.seen.filter(({ event }) => event === 'subscribers')).toHaveLength(2)
  })
})

const note = (text: string) =>
  ({ name: 'note', instance: 0, value: { type: 'note', noteType: 'personal', text } }) as const
const state = (type: 'userState' | 'machineState', availability: number) =>
  ({ name: 'state', instance: 0x2000_0000, value: { type, availability } }) as const
const publish = (...categories: readonly (ReturnType<typeof note> | ReturnType<typeof state> | { name: 'note' })[]) =>
  ({ method: 'publishSelfPresence', rid: 'p', categories }) as const
const noteIn = (user: PresenceOfUser | undefined) =>
  user?.categories.flatMap(({ value }) => (value?.type === 'note' ? [value.text] : []))[0]

const aggregateOf = (user: Pick<PresenceOfUser, 'categories'> | undefined) =>
  user?.categories.flatMap(({ value }) => (value?.type === 'aggregateState' ? [value.availability] : []))[0]

describe('presence that is published', () => {
  beforeEach(async () => {
    await bob.post(watch(ANN))
    await bob.until('userPresence')
  })

  it('has a note that stands until it is taken back', async () => {
    await ann.post(publish(note('at <lunch> & "away"')))
    expect(await ann.until('requestSucceeded')).toMatchObject({ rid: 'p' })
    expect(noteIn((await bob.until('userPresence')).users[0])).toBe('at <lunch> & "away"')
    await ann.post(publish({ name: 'note' }))

    expect(noteIn((await bob.until('userPresence')).users[0])).toBeUndefined()
  })

  it.each([
    [3500, 5000, 4500],
    [6500, 5000, 7500],
    [9500, 5000, 9500],
    [12_500, 3500, 12_500],
    [15_500, 5000, 15_500],
    [18_500, 3500, 18_500],
  ])('is, with the user at %i and the machine at %i, %i altogether', async (user, machine, together) => {
    await ann.post(publish(state('userState', user), state('machineState', machine)))
    const seen = await ann.until('selfPresence', (self) => aggregateOf(self) === together)

    expect(seen.categories.map(({ value }) => value?.type)).toContain('machineState')
    expect(aggregateOf((await bob.until('userPresence')).users[0])).toBe(together)
  })

  it('is nothing of an unknown user, whether looked at or watched', async () => {
    const zoe = 'sip:zoe@contoso.test'
    await bob.post({ method: 'queryPresence', rid: 'q', uris: [zoe] })
    expect((await bob.until('userPresence')).users).toEqual([
      { uri: zoe, sourceNetwork: 'sameEnterprise', categories: [] },
    ])
    await bob.post(watch(zoe))

    expect((await bob.until('userPresence')).users[0]?.categories).toEqual([])
  })
})
