import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { standInCwa } from '../../../infra/standin/cwa/server.ts'
import type { CwaOptions, StandInCwa } from '../../../infra/standin/cwa/server.ts'
import { uriOf } from '../../../infra/standin/cwa/users.ts'
import { lcs } from '../../../infra/standin/lcs/server.ts'
import type { Lcs } from '../../../infra/standin/lcs/server.ts'
import { jsonCodec } from '../../../shared/cwa/json/json.ts'
import type { CwaEvent, PresenceOfUser } from '../../../shared/cwa/model.ts'
import { xmlCodec } from '../../../shared/cwa/xml/xml.ts'
import { testClock } from '../../kit/clock.ts'
import type { TestClock } from '../../kit/clock.ts'
import { ask, logOn, post, visitor } from './visitor.ts'
import type { Visitor } from './visitor.ts'

const ANN = 'sip:ann@contoso.test'
const BOB = 'sip:bob@contoso.test'
const ZOE = 'sip:zoe@contoso.test'

const USERS = [
  { domain: 'CONTOSO', user: 'ann', password: 'pw', displayName: 'Ann', contacts: [BOB, ZOE] },
  { domain: 'CONTOSO', user: 'bob', password: 'pw', displayName: 'Bob "B" <b>' },
]

let clock: TestClock
let server: Lcs
let started: StandInCwa[]

beforeEach(async () => {
  clock = testClock()
  started = []
  server = lcs({ clock, users: USERS.map((user) => ({ uri: uriOf(user), displayName: user.displayName })) })
  await server.start()
})
afterEach(async () => {
  for (const cwa of started) await cwa.stop()
  await server.stop()
})

async function cwaWith(options: Partial<CwaOptions> = {}): Promise<StandInCwa> {
  const name = `cwa-${started.length + 1}`
  const cwa = standInCwa({ users: USERS, clock, lcs: server.peer(name), codec: xmlCodec, ...options })
  await cwa.start()
  started.push(cwa)
  return cwa
}

const availabilityOf = ({ categories }: Pick<PresenceOfUser, 'categories'>): number | undefined =>
  categories.flatMap(({ value }) => (value?.type === 'aggregateState' ? [value.availability] : []))[0]

const names = (events: readonly CwaEvent[]): string[] => events.map(({ event }) => event)

const STATE = new Set(['userPresence', 'selfPresence', 'contactGroup', 'configuration', 'containers', 'subscribers'])

/** What happened in conversations and to requests, in short. */
function story(events: readonly CwaEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.event === 'imSessionState') return [event.state]
    if (event.event === 'escalationMode') return [event.mode]
    return STATE.has(event.event) ? [] : [event.event]
  })
}

const invite = (uri: string, content = 'hello', confId = 1) =>
  ({
    method: 'initiateImSession',
    rid: 'i',
    confId,
    uris: [uri],
    message: { format: 'text/plain', content },
    subject: 'Lunch',
  }) as const

/** Ann invites Bob and he accepts; both have seen it. */
async function connected(ann: Visitor, bob: Visitor): Promise<{ annConf: number; bobConf: number }> {
  const [answer] = await ann.post(invite(BOB))
  const { confId: bobConf } = await bob.until('imSessionReceived')
  await bob.post({ method: 'acceptImSession', rid: 'a', confId: bobConf })
  await ann.until('imSessionState', ({ state }) => state === 'connected')
  await bob.until('imSessionState', ({ state }) => state === 'connected')
  return { annConf: answer?.answer === 'initiateImSessionAccepted' ? answer.confId : -1, bobConf }
}

describe.each([
  ['JSON', jsonCodec],
  ['XML', xmlCodec],
])('the stand-in over %s', (_, codec) => {
  it('tells a story from sign-in to sign-out', async () => {
    const cwa = await cwaWith({ codec })
    const ann = await visitor(cwa, codec, 'ann')
    await ann.until('configuration')
    expect(names(ann.seen)).toEqual([
      'contactGroup',
      'selfPresence',
      'userPresence',
      'configuration',
      'containers',
      'subscribers',
    ])
    expect(ann.seen.map(({ eid }) => eid)).toEqual([1, 2, 3, 4, 5, 6])

    const bob = await visitor(cwa, codec, 'bob', { userStateAvailability: 6500 })
    expect(
      availabilityOf(
        (await ann.until('userPresence', ({ users }) => availabilityOf(users[0] ?? { categories: [] }) === 6500))
          .users[0] ?? { categories: [] },
      ),
    ).toBe(6500)

    const [answer] = await ann.post(invite(BOB, 'Grüße & <hello> 🌍', 7))
    expect(answer).toEqual({ answer: 'initiateImSessionAccepted', rid: 'i', confId: 7 })
    const received = await bob.until('imSessionReceived')
    expect(received).toMatchObject({
      inviter: { uri: ANN, name: 'Ann' },
      subject: 'Lunch',
      message: { format: 'text/plain', content: 'Grüße & <hello> 🌍' },
    })
    const { confId } = received
    expect(await bob.post({ method: 'acceptImSession', rid: '2', confId })).toEqual([
      { answer: 'requestAccepted', rid: '2' },
    ])
    await ann.until('imSessionState', ({ state }) => state === 'connected')
    expect(story(ann.seen)).toEqual(['initiateImSessionAccepted', 'invitingPeer', 'connecting', 'peer', 'connected'])

    await bob.until('imSessionState', ({ state }) => state === 'connected')
    const format = 'X-MMS-IM-Format: FN=Arial; EF=; CO=000000; CS=1; PF=00'
    await bob.post(
      { method: 'notifyComposing', rid: '3', confId, state: 'composing' },
      { method: 'sendMessage', rid: '4', confId, message: { format, content: 'line 1\nline 2' } },
    )
    expect(await ann.until('composingState')).toMatchObject({ confId: 7, state: 'composing', sender: BOB })
    expect(await ann.until('messageReceived')).toMatchObject({
      confId: 7,
      sender: BOB,
      message: { format, content: 'line 1\nline 2' },
    })
    expect(await bob.until('messageIdReceived')).toMatchObject({ rid: '4', messageId: '1' })

    await ann.post({ method: 'terminateImSession', rid: '5', confId: 7 })
    expect(await bob.until('participantRemoved')).toMatchObject({ confId, uri: ANN })
    await bob.until('imSessionState', ({ state }) => state === 'terminated')
    await ann.until('imSessionState', ({ state }) => state === 'terminated')
    expect(names(ann.seen)).not.toContain('participantRemoved')

    expect(await bob.post({ method: 'terminateSession', rid: '6' })).toEqual([{ answer: 'requestAccepted', rid: '6' }])
    await ann.until('userPresence', ({ users }) => availabilityOf(users[0] ?? { categories: [] }) === 18_000)
    expect(await bob.post({ method: 'terminateSession', rid: '7' })).toMatchObject([
      { answer: 'error', error: { code: 18_100 } },
    ])
  })

  it('says in one batch that no user could be invited', async () => {
    const cwa = await cwaWith({ codec })
    const ann = await visitor(cwa, codec, 'ann')
    await ann.until('configuration')
    await ann.post(invite(BOB))
    const failed = await ann.until('requestFailed')
    await ann.until('imSessionState')

    expect(story(ann.seen)).toEqual([
      'initiateImSessionAccepted',
      'invitingPeer',
      'none',
      'inviteFailed',
      'requestFailed',
      'terminated',
    ])
    expect(failed).toMatchObject({
      rid: 'i',
      error: { code: 18_201, sip: { code: 480, reason: 'Temporarily Unavailable' } },
    })
    expect(failed.error.sip?.diagnostics).toContain('reason=')
  })
})

describe('two stand-ins on one LCS', () => {
  it('carry presence and messages between their users', async () => {
    const [here, there] = [await cwaWith(), await cwaWith({ codec: jsonCodec })]
    const ann = await visitor(here, xmlCodec, 'ann')
    const bob = await visitor(there, jsonCodec, 'bob')
    await ann.until('userPresence', ({ users }) => availabilityOf(users[0] ?? { categories: [] }) === 3500)
    const { annConf, bobConf } = await connected(ann, bob)
    await ann.post({ method: 'sendMessage', rid: 'm', confId: annConf, message: { content: 'across' } })
    expect(await bob.until('messageReceived')).toMatchObject({
      confId: bobConf,
      sender: ANN,
      message: { content: 'across' },
    })

    there.control.restart()
    await ann.until('userPresence', ({ users }) => availabilityOf(users[0] ?? { categories: [] }) === 18_000)
    await ann.post({ method: 'sendMessage', rid: 'n', confId: annConf, message: { content: 'anybody?' } })
    expect(await ann.until('messageSendFailed')).toMatchObject({ rid: 'n', confId: annConf })
    await ann.until('imSessionState', ({ state }) => state === 'terminated')
  })
})

describe('conversations', () => {
  let cwa: StandInCwa
  let ann: Visitor
  let bob: Visitor
  beforeEach(async () => {
    cwa = await cwaWith()
    ann = await visitor(cwa, xmlCodec, 'ann')
    bob = await visitor(cwa, xmlCodec, 'bob')
  })

  it('can be declined', async () => {
    await ann.post(invite(BOB))
    const { confId } = await bob.until('imSessionReceived')
    await bob.post({ method: 'terminateImSession', rid: 't', confId })

    expect(await ann.until('requestFailed')).toMatchObject({ error: { code: 18_201, sip: { code: 603 } } })
  })

  it('can be taken back before they are accepted', async () => {
    await ann.post(invite(BOB))
    const { confId } = await bob.until('imSessionReceived')
    await ann.until('imSessionState', ({ state }) => state === 'connecting')
    await ann.post({ method: 'terminateImSession', rid: 't', confId: 1 })
    await bob.until('imSessionState', ({ state }) => state === 'terminated')

    expect(await bob.post({ method: 'acceptImSession', rid: 'a', confId })).toMatchObject([
      { answer: 'requestFailed', error: { code: 18_102 } },
    ])
  })

  it('take no message before they are connected', async () => {
    await ann.post(invite(BOB))
    const send = { method: 'sendMessage', rid: 'm', confId: 1, message: { content: 'early' } } as const

    expect(await ann.post(send)).toMatchObject([{ answer: 'requestFailed', rid: 'm', error: { code: 18_102 } }])
  })

  it.each([
    ['with oneself twice', { ...invite(ANN), uris: [ANN, ANN] }, { answer: 'requestFailed', error: { code: 18_102 } }],
    [
      'with an unknown user',
      { ...invite(BOB), uris: ['sip:nobody'] },
      { answer: 'requestFailed', error: { code: 18_001 } },
    ],
    ['without a word', invite(BOB, ''), { answer: 'requestFailed', error: { code: 18_001 } }],
  ])('are not begun %s', async (_, method, answer) => {
    expect(await ann.post(method)).toMatchObject([answer])
  })

  it('ring at every session of the callee and end at those that did not accept', async () => {
    const second = await visitor(cwa, xmlCodec, 'bob')
    await ann.post(invite(BOB))
    const { confId } = await bob.until('imSessionReceived')
    await second.until('imSessionReceived')
    await bob.post({ method: 'acceptImSession', rid: 'a', confId })
    await second.until('imSessionState', ({ state }) => state === 'terminated')

    await ann.until('imSessionState', ({ state }) => state === 'connected')
    await bob.until('imSessionState', ({ state }) => state === 'connected')
    expect(story(second.seen)).toEqual(['imSessionReceived', 'incoming', 'terminated'])
  })

  it('end when the other user signs out', async () => {
    await connected(ann, bob)
    await bob.post({ method: 'terminateSession', rid: 't' })

    expect(await ann.until('participantRemoved')).toMatchObject({ uri: BOB })
  })
})

describe('presence', () => {
  it('follows what is published and whether the user is active', async () => {
    const cwa = await cwaWith()
    const ann = await visitor(cwa, xmlCodec, 'ann')
    const bob = await visitor(cwa, xmlCodec, 'bob')
    const sees = (availability: number) =>
      ann.until('userPresence', ({ users }) => users[0]?.uri === BOB && availabilityOf(users[0]) === availability)
    await sees(3500)
    await bob.post({
      method: 'publishSelfPresence',
      rid: 'p',
      categories: [{ name: 'state', instance: 0, value: { type: 'userState', availability: 6500, manual: true } }],
    })
    await bob.until('requestSucceeded', ({ rid }) => rid === 'p')
    await sees(6500)
    const last = bob.seen.at(-1)?.eid ?? 0
    const idle = bob.get(last, { active: false })
    await sees(7500)
    expect((await idle).events).toMatchObject([{ event: 'selfPresence' }])
  })

  it('is looked up once, and stays empty for who is unknown', async () => {
    const cwa = await cwaWith()
    const bob = await visitor(cwa, xmlCodec, 'bob')
    await bob.until('configuration')
    await bob.post({ method: 'queryPresence', rid: 'q', uris: [ANN, ZOE] })
    const { users } = await bob.until('userPresence')

    expect(users.map(({ uri }) => uri)).toEqual([ANN, ZOE])
    expect(users.map(availabilityOf)).toEqual([18_000, undefined])
  })

  it('refuses a category that it does not keep, as an event', async () => {
    const cwa = await cwaWith()
    const bob = await visitor(cwa, xmlCodec, 'bob')
    await bob.post({ method: 'publishSelfPresence', rid: 'p', categories: [{ name: 'calendarData', instance: 0 }] })

    expect(await bob.until('requestFailed')).toMatchObject({ rid: 'p', error: { code: 18_201, sip: { code: 488 } } })
  })
})

describe('the contact list', () => {
  it('changes for all sessions of its user, and outlives them', async () => {
    const cwa = await cwaWith()
    const one = await visitor(cwa, xmlCodec, 'bob')
    const two = await visitor(cwa, xmlCodec, 'bob')
    const contact = { uri: ANN, name: 'Ann', subscribed: true, tag: false, groups: ['1'] }
    expect(
      await one.post({ method: 'addGroup', rid: 'g', name: 'Friends' }, { method: 'addContact', rid: 'c', contact }),
    ).toEqual([
      { answer: 'requestAccepted', rid: 'g' },
      { answer: 'requestAccepted', rid: 'c' },
    ])
    await one.until('requestSucceeded', ({ rid }) => rid === 'c')
    expect(await one.until('contactGroup')).toMatchObject({
      fullList: false,
      contacts: [{ uri: ANN, action: 'added' }],
    })
    await one.until('userPresence', ({ users }) => users[0]?.uri === ANN)
    await two.until('contactGroup', ({ contacts }) => contacts.some(({ uri }) => uri === ANN))

    cwa.control.restart()
    const again = await visitor(cwa, xmlCodec, 'bob')
    expect(await again.until('contactGroup')).toMatchObject({
      fullList: true,
      groups: [{ id: '1', name: 'Friends' }],
      contacts: [{ uri: ANN, groups: ['1'] }],
    })
  })

  it.each([
    [
      'a second group of a name',
      [
        { method: 'addGroup', rid: 'x', name: 'A' },
        { method: 'addGroup', rid: 'y', name: 'a' },
      ],
      485,
    ],
    ['a group that is not there', [{ method: 'deleteGroup', rid: 'y', id: '9' }], 404],
    ['a contact that is not there', [{ method: 'deleteContact', rid: 'y', uri: ZOE }], 404],
  ] as const)('refuses %s', async (_, methods, code) => {
    const bob = await visitor(await cwaWith(), xmlCodec, 'bob')
    await bob.post(...methods)

    expect(await bob.until('requestFailed', ({ rid }) => rid === 'y')).toMatchObject({
      error: { code: 18_201, sip: { code } },
    })
  })
})

describe('the data channel', () => {
  let cwa: StandInCwa
  let bob: Visitor
  beforeEach(async () => {
    cwa = await cwaWith({ holdMs: 20_000 })
    bob = await visitor(cwa, xmlCodec, 'bob')
  })

  it('delivers the same events again until they are acknowledged', async () => {
    const first = await bob.get(0)

    expect(first).toMatchObject({ ackId: 5, pollWaitTime: 50, sessionTimeout: 600, sid: bob.sid })
    expect(await bob.get(0)).toEqual(first)
    expect((await bob.get(1)).events).toEqual(first.events.slice(1))
  })

  it('holds a GET until an event comes', async () => {
    const get = bob.get(5)
    await cwa.control.untilListening(BOB)
    cwa.control.queueEvents(BOB, [{ event: 'other', name: 'locked' }])

    expect((await get).events.map(({ eid }) => eid)).toEqual([6])
  })

  it('answers a held GET at its time with nothing', async () => {
    const get = bob.get(5)
    await cwa.control.untilListening(BOB)
    clock.advance(20_000)

    expect(await get).toMatchObject({ ackId: 5, events: [] })
  })

  it('lets go of a GET when the next one comes', async () => {
    const older = bob.get(5)
    await cwa.control.untilListening(BOB)
    const newer = bob.get(5)
    expect((await older).events).toEqual([])
    cwa.control.queueEvents(BOB, [{ event: 'requestSucceeded', rid: 'r' }])

    expect((await newer).events).toMatchObject([{ eid: 6, event: 'requestSucceeded' }])
  })

  it('forgets a GET whose client went away', async () => {
    const leaving = new AbortController()
    const headers = { 'CWA-Ticket': bob.ticket }
    const path = `${cwa.url()}/cwa/AsyncDataChannel.ashx?Sid=${bob.sid}&AckID=5&UA=true`
    const get = fetch(path, { headers, signal: leaving.signal })
    await cwa.control.untilListening(BOB)
    leaving.abort()
    await expect(get).rejects.toThrow('abort')
    const events = bob.get(5)
    await cwa.control.untilListening(BOB)
    cwa.control.queueEvents(BOB, [{ event: 'requestSucceeded', rid: 'r' }])

    expect((await events).ackId).toBe(6)
  })

  it('ends a session that shows no sign of life, and not a moment earlier', async () => {
    await bob.get(0)
    clock.advance(599_999)
    expect(cwa.control.sessions()).toMatchObject([{ sid: bob.sid, uri: BOB, listening: false }])
    clock.advance(1)
    expect(cwa.control.sessions()).toEqual([])

    const { text } = await ask(cwa, `/cwa/AsyncDataChannel.ashx?Sid=${bob.sid}&AckID=5&UA=true`, bob.ticket)
    expect(xmlCodec.parseResponses(text).answers).toMatchObject([{ answer: 'error', error: { code: 18_100 } }])
  })

  it('answers a held GET when the LCS is lost, and with it the session', async () => {
    const get = ask(cwa, `/cwa/AsyncDataChannel.ashx?Sid=${bob.sid}&AckID=5&UA=true`, bob.ticket)
    await cwa.control.untilListening(BOB)
    await server.stop()
    const { answers } = xmlCodec.parseResponses((await get).text)
    expect(answers).toMatchObject([{ answer: 'error', error: { code: 18_100 } }])

    await server.start()
  })

  it('is not for the session of somebody else', async () => {
    const { ticket } = await logOn(cwa, xmlCodec, 'CONTOSO\\ann', 'pw')
    const { text } = await ask(cwa, `/cwa/AsyncDataChannel.ashx?Sid=${bob.sid}&AckID=0&UA=true`, ticket)

    expect(xmlCodec.parseResponses(text).answers).toMatchObject([{ answer: 'error', error: { code: 18_100 } }])
  })
})

describe('HTTP', () => {
  it.each([
    ['another path', '/forms/', 'GET', undefined, 404],
    ['the front page, which a check that the server is there asks for', '/', 'GET', undefined, 200],
    ['another verb', '/cwa/MainCommandHandler.ashx', 'GET', undefined, 405],
    ['a POST to the data channel', '/cwa/AsyncDataChannel.ashx?Sid=1&AckID=0&UA=true', 'POST', 'x', 405],
    ['a command without a ticket', '/cwa/MainCommandHandler.ashx', 'POST', '<cwaRequests/>', 401],
    ['a GET without a ticket', '/cwa/AsyncDataChannel.ashx?Sid=1&AckID=0&UA=true', 'GET', undefined, 401],
    ['a body that is too large', '/forms/logon.html', 'POST', 'x'.repeat(65_537), 413],
  ])('answers %s by its status', async (_, path, verb, body, status) => {
    expect((await ask(await cwaWith(), path, undefined, body, verb)).status).toBe(status)
  })

  it.each([
    ['what is no XML', 'hello', 18_000],
    ['nothing', '', 18_000],
    ['no method', '<cwaRequests xmlns="http://schemas.microsoft.com/2006/09/rtc/cwa"/>', 18_001],
  ])('answers a command of %s with an error', async (_, body, code) => {
    const cwa = await cwaWith()
    const { ticket } = await logOn(cwa, xmlCodec, 'CONTOSO\\ann', 'pw')
    const reply = await ask(cwa, '/cwa/MainCommandHandler.ashx', ticket, body)

    expect(reply.status).toBe(200)
    expect(xmlCodec.parseResponses(reply.text).answers).toMatchObject([{ answer: 'error', error: { code } }])
    expect(reply.text).not.toContain('.ts')
  })

  it.each([
    [
      'XML',
      xmlCodec,
      '<addGroup rid="1"><group name="A"/></addGroup><selfDestruct rid="2"/><conference rid="3" confId="1"><lock/></conference>' +
        '<addContact rid="4"><contact uri="sip:a@b.test"/></addContact><addGroup rid="5"><group name="B"/></addGroup>',
    ],
    [
      'JSON',
      jsonCodec,
      [
        { method: 'addGroup', rid: '1', name: 'A' },
        { method: 'selfDestruct', rid: '2' },
        { method: 'lock', rid: '3', confId: 1 },
        { method: 'addContact', rid: '4', contact: { uri: 'sip:a@b.test' } },
        { method: 'addGroup', rid: '5', name: 'B' },
      ],
    ],
  ])('refuses a method that it does not know alone, and does the others, in %s', async (_, codec, methods) => {
    const cwa = await cwaWith({ codec })
    const ann = await visitor(cwa, codec, 'ann')
    const body =
      typeof methods === 'string'
        ? `<cwaRequests sid="${ann.sid}">${methods}</cwaRequests>`
        : JSON.stringify({ cwaRequests: { sid: ann.sid, methods } })
    const reply = codec.parseResponses((await ask(cwa, '/cwa/MainCommandHandler.ashx', ann.ticket, body)).text)

    expect(reply).toMatchObject({ requestProcessed: 5, unexpectedElement: 3 })
    expect(reply.answers).toMatchObject([
      { answer: 'requestAccepted', rid: '1' },
      { answer: 'requestInvalid', rid: '2', error: { code: 18_001 } },
      { answer: 'requestInvalid', rid: '3', error: { code: 18_001 } },
      { answer: 'requestFailed', rid: '4', error: { code: 18_001 } },
      { answer: 'requestAccepted', rid: '5' },
    ])
    await ann.until('contactGroup', ({ groups }) => groups[0]?.name === 'B')
  })

  it('says 18301 when the LCS cannot be reached', async () => {
    const cwa = await cwaWith()
    const { ticket } = await logOn(cwa, xmlCodec, 'CONTOSO\\ann', 'pw')
    await server.stop()
    const { answers } = await post(cwa, xmlCodec, ticket, undefined, { method: 'initiateSession', rid: '1' })

    expect(answers).toMatchObject([{ answer: 'requestFailed', rid: '1', error: { code: 18_301 } }])
    await server.start()
  })
})
