import { describe, expect, it } from 'vitest'
import { availabilityNumber } from '../../shared/cwa/availability.ts'
import { methodsFor } from '../../shared/cwa/messaging/commands.ts'
import { eventsOf } from '../../shared/cwa/messaging/events.ts'
import type { CwaEvent, CwaMethod } from '../../shared/cwa/model.ts'
import { AVAILABILITIES } from '../../shared/rules/messaging.ts'
import { ANN, BOB, CAT, member, upstream, WAYS, type Member } from '../kit/upstream.ts'

const names = (events: readonly CwaEvent[]): string[] => events.map(({ event }) => event)
const message = (content: string) => ({ format: 'text/plain', content })
const contact = (uri: string, more = {}) => ({ uri, name: uri, subscribed: false, tag: false, groups: [], ...more })

/** What a device of somebody who watches Ann would hear last. */
function lastWord(of: string, events: readonly CwaEvent[]): string | undefined {
  const words = events
    .flatMap((event) => eventsOf(event))
    .flatMap((event) => (event.kind === 'presence' ? [event] : []))
  return words.findLast(({ uri }) => uri === of)?.availability
}

const invite = (rid: string, uri = BOB): CwaMethod => ({
  method: 'initiateImSession',
  rid,
  confId: 3,
  uris: [uri],
  message: message('Grüße & <hello> ]]> 🌍'),
  subject: 'Lunch "today"',
})

/** Ann invites Bob, and he accepts. */
async function connected(ann: Member, bob: Member): Promise<{ anns: number; bobs: number }> {
  const [answer] = await ann.command(invite('i'))
  const { confId: bobs } = await bob.until('imSessionReceived')
  await bob.command({ method: 'acceptImSession', rid: 'a', confId: bobs })
  for (const each of [ann, bob]) await each.until('imSessionState', ({ state }) => state === 'connected')
  return { anns: answer?.answer === 'initiateImSessionAccepted' ? answer.confId : -1, bobs }
}

describe.each(WAYS)('client and stand-in over $way', ({ codec, tls }) => {
  async function started(...users: readonly string[]) {
    const up = await upstream({ codec, tls })
    const members: Member[] = []
    for (const user of users) members.push(await member(up, `CONTOSO\\${user}`))
    return { ...up, members }
  }

  async function one(user = 'ann') {
    const { members, ...up } = await started(user)
    const [ann] = members
    if (ann === undefined) throw new TypeError('one member was asked for')
    await ann.until('configuration')
    return { ...up, ann }
  }

  async function two() {
    const { members, ...up } = await started('ann', 'bob')
    const [ann, bob] = members
    if (ann === undefined || bob === undefined) throw new TypeError('two members were asked for')
    for (const each of [ann, bob]) await each.until('configuration')
    return { ...up, ann, bob }
  }

  it('open a session, which begins with contacts, own presence, presence and configuration', async () => {
    const { ann } = await one()

    expect(ann.session).toMatchObject({ uri: ANN, sid: expect.stringMatching(/^\d+$/), pollWaitMs: 50 })
    expect(names(ann.seen).toSorted()).toEqual([
      'configuration',
      'contactGroup',
      'containers',
      'selfPresence',
      'subscribers',
      'userPresence',
    ])
    expect(ann.seen.map(({ eid }) => eid)).toEqual([1, 2, 3, 4, 5, 6])
    expect(ann.seen.find(({ event }) => event === 'contactGroup')).toMatchObject({
      fullList: true,
      contacts: [{ uri: BOB, name: 'Bob Baker' }],
    })
    expect(ann.ackId()).toBe(6)
  })

  it('tell the answer to a method from the event with the same rid', async () => {
    const { ann } = await one()

    const answers = await ann.command({ method: 'addGroup', rid: 'g1', name: 'Friends' })
    expect(answers).toEqual([{ answer: 'requestAccepted', rid: 'g1' }])
    expect(await ann.until('requestSucceeded')).toMatchObject({ rid: 'g1' })
    await ann.command({ method: 'addGroup', rid: 'g2', name: 'friends' })
    expect(await ann.until('requestFailed')).toMatchObject({ rid: 'g2', error: { code: 18_201, sip: { code: 485 } } })
  })

  it('do several methods of one POST in their order, each with an answer of its own', async () => {
    const { ann, cwa } = await one()

    const answers = await ann.command(
      { method: 'addGroup', rid: '1', name: 'Friends' },
      { method: 'addContact', rid: '2', contact: contact(CAT, { groups: ['1'] }) },
      { method: 'sendMessage', rid: '3', confId: 99, message: message('to no conference') },
      { method: 'deleteGroup', rid: '4', id: '1' },
    )

    expect(answers).toMatchObject([
      { answer: 'requestAccepted', rid: '1' },
      { answer: 'requestAccepted', rid: '2' },
      { answer: 'requestFailed', rid: '3', error: { code: 18_102 } },
      { answer: 'requestAccepted', rid: '4' },
    ])
    expect(cwa.control.requests().at(-1)?.methods).toEqual(['addGroup', 'addContact', 'sendMessage', 'deleteGroup'])
    expect(await ann.until('contactGroup', ({ groups }) => groups[0]?.action === 'deleted')).toMatchObject({
      fullList: false,
    })
    const rids = ann.seen.flatMap((event) => (event.event === 'requestSucceeded' ? [event.rid] : []))
    expect(rids).toEqual(['1', '2', '4'])
  })

  it('keep contacts and groups, and tell each change as a delta', async () => {
    const { ann } = await one()
    const deltas: unknown[] = []
    const next = async (method: CwaMethod) => {
      await ann.command(method)
      const { deltaNum: _, eid: __, ...delta } = await ann.until('contactGroup')
      deltas.push(delta)
    }

    await next({ method: 'addGroup', rid: '1', name: 'Friends & <foes>' })
    await next({ method: 'addContact', rid: '2', contact: contact(CAT, { name: 'Cat', tag: true, groups: ['1'] }) })
    await next({ method: 'updateContact', rid: '3', contact: contact(CAT, { name: 'Catherine' }) })
    await next({ method: 'updateGroup', rid: '4', id: '1', name: 'Friends' })
    await next({ method: 'deleteContact', rid: '5', uri: CAT })
    await next({ method: 'deleteGroup', rid: '6', id: '1' })

    const change = { event: 'contactGroup', fullList: false, groups: [], contacts: [] }
    const cat = { uri: CAT, subscribed: false, tag: false, groups: [] }
    expect(deltas).toEqual([
      { ...change, groups: [{ id: '1', name: 'Friends & <foes>', action: 'added' }] },
      { ...change, contacts: [{ ...cat, name: 'Cat', tag: true, groups: ['1'], action: 'added' }] },
      { ...change, contacts: [{ ...cat, name: 'Catherine', action: 'updated' }] },
      { ...change, groups: [{ id: '1', name: 'Friends', action: 'updated' }] },
      { ...change, contacts: [{ uri: CAT, groups: [], action: 'deleted' }] },
      { ...change, groups: [{ id: '1', action: 'deleted' }] },
    ])
  })

  it('refuse what a contact, a group or a deletion must not be', async () => {
    const { ann } = await one()

    expect(await ann.command({ method: 'addContact', rid: '1', contact: contact(CAT, { name: '' }) })).toMatchObject([
      { answer: 'requestFailed', rid: '1', error: { code: 18_001 } },
    ])
    await ann.command({ method: 'updateGroup', rid: '2', id: '77', name: 'x' })
    expect(await ann.until('requestFailed')).toMatchObject({ rid: '2', error: { code: 18_201 } })
    await ann.command({ method: 'deleteContact', rid: '3', uri: CAT })
    expect(await ann.until('requestFailed')).toMatchObject({ rid: '3', error: { code: 18_201 } })
  })

  it('publish each word of availability, and read the same word at the other end', async () => {
    const { ann, bob } = await two()
    const heard: (string | undefined)[] = []

    for (const availability of AVAILABILITIES.toReversed()) {
      await ann.command(...methodsFor({ kind: 'presence', availability }, heard.length + 1))
      await bob.until('userPresence', ({ users }) =>
        users.some(({ categories }) =>
          categories.some(
            ({ value }) => value?.type === 'aggregateState' && value.availability === availabilityNumber(availability),
          ),
        ),
      )
      heard.push(lastWord(ANN, bob.seen))
    }

    expect(heard).toEqual(AVAILABILITIES.toReversed())
    await ann.until('selfPresence')
    expect(await ann.until('requestSucceeded', ({ rid }) => rid === '8')).toBeDefined()
  })

  it('look at somebody once, or from now on', async () => {
    const { ann, bob } = await two()

    await bob.command({ method: 'queryPresence', rid: '1', uris: [CAT, ANN] })
    const looked = await bob.until('userPresence', ({ users }) => users.length === 2)
    expect(looked.users.map(({ uri }) => uri)).toEqual([CAT, ANN])
    expect(lastWord(ANN, bob.seen)).toBe('available')

    await ann.command({ method: 'subscribePresence', rid: '2', uris: [CAT] })
    expect((await ann.until('userPresence', ({ users }) => users[0]?.uri === CAT)).users).toHaveLength(1)
  })

  it('carry a conversation: invitation, answer, typing, messages, leaving', async () => {
    const { ann, bob } = await two()
    const { anns, bobs } = await connected(ann, bob)

    expect(anns).toBe(3)
    expect(bob.seen.find(({ event }) => event === 'imSessionReceived')).toMatchObject({
      inviter: { uri: ANN, name: 'Ann Archer' },
      subject: 'Lunch "today"',
      message: message('Grüße & <hello> ]]> 🌍'),
    })

    await bob.command({ method: 'notifyComposing', rid: 't', confId: bobs, state: 'composing' })
    expect(await ann.until('composingState')).toMatchObject({ confId: anns, state: 'composing', sender: BOB })
    await bob.command({ method: 'notifyComposing', rid: 't2', confId: bobs, state: 'idle' })
    expect(await ann.until('composingState')).toMatchObject({ state: 'idle' })

    for (const [at, content] of ['line 1\nline 2', '  <b>&amp;</b>  ', '👩‍👩‍👧‍👦 שלום'].entries()) {
      await bob.command({ method: 'sendMessage', rid: `m${at}`, confId: bobs, message: message(content) })
      expect(await ann.until('messageReceived')).toMatchObject({ confId: anns, sender: BOB, message: { content } })
    }
    expect(await bob.until('messageIdReceived')).toMatchObject({ rid: 'm0', messageId: '1' })

    await ann.command({ method: 'terminateImSession', rid: 'x', confId: anns })
    expect(await bob.until('participantRemoved')).toMatchObject({ confId: bobs, uri: ANN })
    for (const each of [ann, bob]) await each.until('imSessionState', ({ state }) => state === 'terminated')
    expect(names(ann.seen)).not.toContain('participantRemoved')
    const late = await ann.command({ method: 'sendMessage', rid: 'l', confId: anns, message: message('late') })
    expect(late).toMatchObject([{ answer: 'requestFailed', rid: 'l', error: { code: 18_102 } }])
  })

  it('say that no one could be invited, in the order that is documented', async () => {
    const { ann } = await one()
    const before = ann.seen.length

    const answers = await ann.command(invite('5', CAT))
    const failed = await ann.until('requestFailed')
    await ann.until('imSessionState')

    expect(answers).toEqual([{ answer: 'initiateImSessionAccepted', rid: '5', confId: 3 }])
    expect(failed).toMatchObject({ rid: '5', error: { code: 18_201, sip: { code: 480 } } })
    const story = ann.seen.slice(before)
    expect(names(story)).toEqual([
      'initiateImSessionAccepted',
      'escalationMode',
      'escalationMode',
      'inviteFailed',
      'requestFailed',
      'imSessionState',
    ])
    expect(story.flatMap((event) => eventsOf(event))).toEqual([
      { kind: 'conversation', conversation: '3', state: 'connecting' },
      { kind: 'failed', number: 5, reason: expect.stringMatching(/18201.*SIP 480/) },
      { kind: 'conversation', conversation: '3', state: 'ended' },
    ])
  })

  it('hold a conference of several: inviting one more, promoting, sending out', async () => {
    const { members } = await started('ann', 'bob', 'cat')
    const [ann, bob, cat] = members
    if (ann === undefined || bob === undefined || cat === undefined) throw new TypeError('three members were asked for')
    const { anns, bobs } = await connected(ann, bob)

    await ann.command({ method: 'inviteParticipants', rid: 'p', confId: anns, uris: [CAT] })
    const { confId: cats } = await cat.until('imSessionReceived')
    await cat.command({ method: 'acceptImSession', rid: 'a', confId: cats })
    expect(await ann.until('escalationMode', ({ mode }) => mode === 'escalated')).toMatchObject({ confId: anns })
    expect(await ann.until('participant', ({ uri }) => uri === CAT)).toMatchObject({ confId: anns })
    await bob.until('participant', ({ uri }) => uri === CAT)
    expect(ann.seen.find(({ event }) => event === 'role')).toMatchObject({ role: 'presenter' })
    expect(ann.seen.find(({ event }) => event === 'confUri')).toMatchObject({ uri: expect.stringMatching(/^sip:/) })

    await cat.command({ method: 'sendMessage', rid: 'm', confId: cats, message: message('to all') })
    for (const each of [ann, bob]) expect(await each.until('messageReceived')).toMatchObject({ sender: CAT })
    await ann.command({ method: 'promoteParticipant', rid: 'up', confId: anns, uri: BOB })
    expect(await bob.until('role', ({ role }) => role === 'presenter')).toMatchObject({ confId: bobs })
    await ann.command({ method: 'ejectParticipant', rid: 'out', confId: anns, uri: CAT })
    await cat.until('imSessionState', ({ state }) => state === 'terminated')
    expect(await bob.until('participantRemoved')).toMatchObject({ confId: bobs, uri: CAT })
  })

  it('look people up', async () => {
    const { ann } = await one()

    await ann.command({ method: 'search', rid: 's', displayName: 'bob', lastName: 'nobody', function: 'or' })
    expect(await ann.until('searchResult')).toMatchObject({
      rid: 's',
      returned: 1,
      moreAvailable: false,
      users: [{ uri: BOB, displayName: 'Bob Baker' }],
    })
    expect(await ann.command({ method: 'search', rid: 'e' })).toMatchObject([{ answer: 'requestInvalid', rid: 'e' }])
  })

  it('put people into containers, and tell who watches', async () => {
    const { ann, bob } = await two()
    const change = { rid: 'c', id: 32_000, members: [{ action: 'add', type: 'uri', value: BOB }] } as const

    await ann.command({ method: 'updateContainer', ...change })

    expect(await ann.until('containers', ({ containers }) => containers.length > 0)).toMatchObject({
      containers: [{ id: 32_000, members: [{ type: 'uri', value: BOB }] }],
    })
    expect(bob.seen.find(({ event }) => event === 'subscribers')).toMatchObject({
      subscribers: [{ uri: ANN, acknowledged: true }],
    })
  })

  it('decline an invitation by leaving', async () => {
    const { ann, bob } = await two()
    await ann.command(invite('i'))
    const { confId } = await bob.until('imSessionReceived')

    await bob.command({ method: 'terminateImSession', rid: 'no', confId })

    expect(await ann.until('requestFailed')).toMatchObject({ rid: 'i', error: { sip: { code: 603 } } })
    await ann.until('imSessionState', ({ state }) => state === 'terminated')
  })

  it('bring the same events again until they are acknowledged, and then no more', async () => {
    const { client, ann, cwa } = await one()
    const place = { sid: ann.session.sid, ticket: ann.ticket() }
    const eids = async (ackId: number) =>
      (await client.poll(place, { ackId, active: true })).events.map(({ eid }) => eid)

    expect(await eids(0)).toEqual([1, 2, 3, 4, 5, 6])
    expect(await eids(4)).toEqual([5, 6])
    cwa.control.queueEvents(ANN, [{ event: 'requestSucceeded', rid: 'x' }])
    expect(await eids(6)).toEqual([7])
    expect(await eids(0)).toEqual([7])
  })

  it('use the newest ticket, mid poll and mid command, and a replaced one for its overlap only', async () => {
    const { ann, cwa, clock } = await one()
    const first = ann.ticket()
    const held = ann.poll()
    await cwa.control.untilListening(ANN)

    cwa.control.rotateTicket(ANN)
    cwa.control.queueEvents(ANN, [{ event: 'requestSucceeded', rid: 'x' }])
    expect(names(await held)).toEqual(['requestSucceeded'])
    const second = ann.ticket()
    expect(second).not.toBe(first)
    cwa.control.rotateTicket(ANN)
    await ann.command({ method: 'addGroup', rid: '1', name: 'Friends' })
    expect([first, second]).not.toContain(ann.ticket())

    clock.advance(5 * 60_000)
    await ann.until('requestSucceeded', ({ rid }) => rid === '1')
    await ann.command({ method: 'addGroup', rid: '2', name: 'Family' })
  })

  it('sign in again when a ticket has expired', async () => {
    const { client, ann, cwa } = await one()
    cwa.control.expireTicket(ANN)

    await expect(ann.command({ method: 'deleteContact', rid: '1', uri: BOB })).rejects.toMatchObject({
      kind: 'sign-in',
      maybeDone: false,
      message: expect.stringContaining('the ticket is not accepted'),
    })
    await expect(ann.poll()).rejects.toMatchObject({ kind: 'sign-in' })
    const { ticket } = await client.signIn('CONTOSO\\ann', 'correct horse')
    const kept = await client.command({ ...ann.session, ticket }, [{ method: 'deleteContact', rid: '1', uri: BOB }])
    expect(kept.answers).toEqual([{ answer: 'requestAccepted', rid: '1' }])
  })

  it('end a session, after which it is not found; the ticket opens another', async () => {
    const { client, ann, bob } = await two()
    const place = { sid: ann.session.sid, ticket: ann.ticket() }

    await client.terminateSession(place)

    await bob.until(
      'userPresence',
      ({ users }) => lastWord(ANN, [{ event: 'userPresence', eid: 0, users }]) === 'offline',
    )
    const gone = { kind: 'sign-in', message: expect.stringContaining('18100') }
    await expect(ann.command({ method: 'addGroup', rid: '1', name: 'x' })).rejects.toMatchObject(gone)
    await expect(ann.poll()).rejects.toMatchObject(gone)
    await expect(client.terminateSession(place)).resolves.toBeUndefined()
    await expect(client.initiateSession({ ticket: place.ticket })).resolves.toMatchObject({ uri: ANN })
  })

  it('tell a server that is throttling or unavailable from one that refuses', async () => {
    const { ann, cwa } = await one()
    const add: CwaMethod = { method: 'addGroup', rid: '1', name: 'Friends' }

    cwa.control.failNext(() => true, 503)
    await expect(ann.command(add)).rejects.toMatchObject({ kind: 'again', maybeDone: false })
    cwa.control.failNext(() => true, { code: 18_101 })
    await expect(ann.command(add)).rejects.toMatchObject({ kind: 'again', maybeDone: false })
    cwa.control.failNext(() => true, { code: 18_203 })
    await expect(ann.command(add)).rejects.toMatchObject({ kind: 'again', maybeDone: true })
    cwa.control.failNext(() => true, { code: 18_302 })
    await expect(ann.command(add)).rejects.toMatchObject({ kind: 'give-up' })
    for (const when of ['before', 'after'] as const) {
      cwa.control.cutNext(when)
      await expect(ann.command(add)).rejects.toMatchObject({ kind: 'again', maybeDone: true })
    }
    expect(await ann.until('requestSucceeded')).toMatchObject({ rid: '1' })
  })
})
