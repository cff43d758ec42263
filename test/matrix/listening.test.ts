import { describe, expect, it } from 'vitest'
import { GAP_EVENTS } from '../../shared/matrix/sync/gap.ts'
import { PACE_MS, paceOf } from '../../shared/matrix/sync/pace.ts'
import { ENCRYPTED } from '../../shared/matrix/sync/said.ts'
import type { Exchange } from '../../shared/matrix/server.ts'
import type { Arrived } from '../../shared/rules/batches.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'
import type { Unread } from '../../shared/upstream/unread.ts'
import { testClock } from '../kit/clock.ts'
import { matrixInMemory } from '../kit/matrix.ts'
import { member, talking, type Member } from '../upstream/member.ts'

const textsIn = (events: readonly ImEvent[]) =>
  events.flatMap((event) => (event.kind === 'message' ? [event.text] : []))
const ANN = '@ann:contoso.test'

/** In which places of what arrived something was lost. */
const lostIn = (arrived: readonly Arrived[]) => arrived.flatMap(({ lost }, at) => (lost ? [at] : []))

async function two(options: Parameters<typeof matrixInMemory>[0] = {}) {
  const { upstream, server, another } = matrixInMemory(options)
  const ann = await member(upstream, 'ann')
  const bob = await member(upstream, 'bob')
  const conversation = await talking(ann, bob)
  return { upstream, server, another, ann, bob, conversation }
}

/** An event that another client puts into a room. */
function put(server: ReturnType<typeof matrixInMemory>['server'], state: Member['state'], path: string, body: object) {
  const token = state().secret
  return server.handle({ method: 'PUT', path: `/_matrix/client/v3/${path}`, query: {}, body: { ...body }, token })
}

describe('what was said', () => {
  it('comes whole where an answer leaves a part out, in its order, and each once', async () => {
    const { server, ann, bob, conversation } = await two()
    server.control.timelineOf(3)
    const said = Array.from({ length: 130 }, (_, at) => `line ${at}`)
    for (const text of said) await ann.send({ kind: 'message', conversation, text })
    const before = bob.seen.length
    await bob.wait()
    expect(textsIn(bob.seen.slice(before))).toEqual(said)
  })

  it('is lost to the device, and in the history, where the gap is larger than what is kept for it', async () => {
    const { upstream, server, ann, bob, conversation } = await two()
    server.control.timelineOf(3)
    for (let at = 0; at < GAP_EVENTS.most + 50; at += 1)
      await ann.send({ kind: 'message', conversation, text: `${at}` })
    const { arrived } = await upstream.listen().next(bob.state(), bob.cursor(), { active: true })
    expect(lostIn(arrived)).toEqual([0])
    const texts = textsIn(arrived.flatMap(({ events }) => events))
    expect(texts[0]).toContain('it is in the history')
    expect(texts.slice(1)).toHaveLength(GAP_EVENTS.most + 3)
    expect(texts.at(-1)).toBe(String(GAP_EVENTS.most + 49))
  })

  it.each([
    ['the server does not give it', { status: 403, body: { errcode: 'M_FORBIDDEN', error: 'no' } }],
    ['the server has forgotten it', { status: 404, body: { errcode: 'M_NOT_FOUND', error: 'no' } }],
  ])('is lost to the device, and the session goes on, where %s', async (_, no) => {
    const { upstream, server, ann, bob, conversation } = await two()
    server.control.timelineOf(1)
    for (const text of ['1', '2', '3']) await ann.send({ kind: 'message', conversation, text })
    server.control.failNext(({ path }) => path.endsWith('/messages'), no)
    const { arrived } = await upstream.listen().next(bob.state(), bob.cursor(), { active: true })
    expect(lostIn(arrived)).toEqual([0])
    expect(textsIn(arrived.flatMap(({ events }) => events)).at(-1)).toBe('3')
  })

  it('is looked for beyond a page on which the server shows nothing', async () => {
    const empty = { status: 200, headers: {}, body: JSON.stringify({ chunk: [], start: 't9', end: 't9' }) }
    let pages = 0
    const around =
      (exchange: Exchange): Exchange =>
      async (base, asked) => {
        if (!asked.path.includes('/messages')) return exchange(base, asked)
        pages += 1
        if (pages > 1) return exchange(base, asked)
        const from = new URL(asked.path, base).searchParams.get('from')
        return { ...empty, body: JSON.stringify({ chunk: [], start: from, end: from?.replace('t', 't0') }) }
      }
    const { server, ann, bob, conversation } = await two({ around })
    server.control.timelineOf(1)
    for (const text of ['1', '2', '3']) await ann.send({ kind: 'message', conversation, text })
    expect(textsIn(await bob.wait())).toEqual(['1', '2', '3'])
  })

  it('comes from where it was kept, when a function died in the middle of an answer, with what came since', async () => {
    const { upstream, server, ann, bob, conversation } = await two()
    const { outcome } = await upstream.send(
      ann.state(),
      { kind: 'start', to: [bob.address], text: 'aside', subject: 'B' },
      90,
    )
    const other = 'conversation' in outcome ? (outcome.conversation ?? '') : ''
    await bob.saw('invitation', (event) => event.conversation === other)
    await bob.send({ kind: 'accept', conversation: other })
    await bob.wait()
    for (const text of ['1', '2', '3']) await ann.send({ kind: 'message', conversation, text })
    await ann.send({ kind: 'message', conversation: other, text: '4' })
    const from = { state: bob.state(), cursor: bob.cursor() }
    const first = await upstream.listen().next(from.state, from.cursor, { active: true })
    for (const [at, { cursor }] of first.arrived.entries()) {
      for (const limit of [undefined, 1]) {
        server.control.timelineOf(limit)
        const kept = first.arrived.slice(0, at + 1).flatMap(({ events }) => events)
        const rest = await upstream.listen().next(from.state, cursor, { active: true })
        const all = textsIn([...kept, ...rest.arrived.flatMap(({ events }) => events)])
        expect(all.toSorted(), `kept up to ${at}`).toEqual(['1', '2', '3', '4'])
      }
    }
  })

  it('before the user came is history', async () => {
    const { upstream, ann } = await two()
    const cat = await member(upstream, 'cat')
    const { outcome } = await upstream.send(
      ann.state(),
      { kind: 'start', to: [cat.address], text: 'old', subject: 'S' },
      70,
    )
    const room = 'conversation' in outcome ? (outcome.conversation ?? '') : ''
    const invitation = await cat.saw('invitation')
    expect(invitation).toMatchObject({
      conversation: room,
      from: ann.address,
      name: 'Ann Archer',
      subject: 'S',
      several: true,
    })
    const asked = await cat.send({ kind: 'accept', conversation: room })
    expect(asked).toEqual({ conversation: room })
    await cat.send({ kind: 'history', conversation: room })
  })
})

describe('two listeners of one session, at a hand-over', () => {
  it('bring the same from one cursor, and what both keep in one log is whole, and once', async () => {
    const { upstream, server, ann, bob, conversation } = await two()
    await bob.wait(0)
    const [old, heir] = [upstream.listen(), upstream.listen()]
    const { state, cursor } = { state: bob.state(), cursor: bob.cursor() }
    const both = [old.next(state, cursor, { active: true }), heir.next(state, cursor, { active: true })]
    await server.control.untilListening('@bob:contoso.test')
    await ann.send({ kind: 'message', conversation, text: 'to whom?' })
    const [one, other] = await Promise.all(both)
    expect(one?.arrived).toEqual(other?.arrived)
    expect(one?.cursor).toBe(other?.cursor)
    // The log lets one of them in; who lost it goes on after what is kept.
    await ann.send({ kind: 'message', conversation, text: 'next' })
    const next = await heir.next(state, one?.cursor ?? '', { active: true })
    expect(textsIn(next.arrived.flatMap(({ events }) => events))).toEqual(['next'])
  })
})

/** The answers to waits, spoiled on the way. */
const spoiled =
  (spoil: (answer: Record<string, unknown>) => void, isOn: () => boolean) =>
  (exchange: Exchange): Exchange =>
  async (base, asked) => {
    const answer = await exchange(base, asked)
    if (!asked.path.includes('/sync') || !isOn()) return answer
    const body = JSON.parse(answer.body)
    spoil(body)
    return { ...answer, body: JSON.stringify(body) }
  }

describe('an answer that cannot be read in parts', () => {
  it.each([
    [
      'an event without an id',
      (events: unknown[]) => events.unshift({ type: 'm.room.message', sender: ANN, content: {} }),
    ],
    ['an event without a content', (events: unknown[]) => events.unshift({ type: 'x', sender: ANN, event_id: '$1' })],
    ['an event that is none', (events: unknown[]) => events.unshift('nothing', null, 7)],
    [
      'a message without a text',
      (events: unknown[]) =>
        events.unshift({
          type: 'm.room.message',
          sender: ANN,
          event_id: '$2',
          content: { msgtype: 'm.text', body: 7 },
        }),
    ],
    [
      'a sender that is no user',
      (events: unknown[]) =>
        events.unshift({
          type: 'm.room.message',
          sender: 'ann',
          event_id: '$3',
          content: { msgtype: 'm.text', body: 'x' },
        }),
    ],
  ])('costs that part only: %s', async (what, spoil) => {
    const unread: Unread[] = []
    let isOn = false
    const { ann, bob, conversation } = await two({
      around: spoiled(
        (answer) => {
          for (const room of Object.values(Object(Object(answer['rooms'])['join']))) spoil(Object(room).timeline.events)
        },
        () => isOn,
      ),
      onUnread: (_, parts) => unread.push(parts),
    })
    isOn = true
    await ann.send({ kind: 'message', conversation, text: 'still here' })
    expect(textsIn(await bob.wait())).toEqual(['still here'])
    expect(unread.length).toBe(/without an id|content|none/.test(what) ? 1 : 0)
  })

  it('is useless without a place to go on from', async () => {
    const { upstream, ann } = await two({
      around: spoiled(
        (answer) => delete answer['next_batch'],
        () => true,
      ),
    }).catch((thrown: unknown) => ({ upstream: undefined, ann: thrown }))
    expect(upstream).toBeUndefined()
    expect(ann).toMatchObject({ kind: 'give-up' })
  })
})

describe('what a device gets', () => {
  it.each([
    [
      { msgtype: 'm.notice', body: 'Backup done' },
      { text: 'Backup done', as: 'notice' },
    ],
    [
      { msgtype: 'm.emote', body: 'waves' },
      { text: 'waves', as: 'emote' },
    ],
    [
      { msgtype: 'm.image', body: 'roof.jpg', url: 'mxc://x/y', info: { mimetype: 'image/jpeg', size: 34_000 } },
      { text: '[image: roof.jpg, image/jpeg, 34 KB]' },
    ],
    [{ msgtype: 'm.file', body: 'the plan', filename: 'plan.pdf' }, { text: '[file: plan.pdf] the plan' }],
    [{ msgtype: 'org.example.new', body: 'a text' }, { text: 'a text' }],
    [{ msgtype: 'm.text', body: '\u001b[2Jgone\u0000' }, { text: '[2Jgone' }],
  ])('of %j is text', async (content, expected) => {
    const { server, ann, bob, conversation } = await two()
    put(server, ann.state, `rooms/${encodeURIComponent(conversation)}/send/m.room.message/x`, content)
    expect(await bob.saw('message', ({ text }) => text !== 'Lunch?')).toMatchObject({
      ...expected,
      from: ann.address,
      name: 'Ann Archer',
    })
  })

  it('of an encrypted room is one sentence, and nothing is sent there in the clear', async () => {
    const { server, another, ann, bob, conversation } = await two()
    const room = `rooms/${encodeURIComponent(conversation)}`
    put(server, ann.state, `${room}/state/m.room.encryption/`, { algorithm: 'm.megolm.v1.aes-sha2' })
    put(server, ann.state, `${room}/send/m.room.encrypted/y`, { algorithm: 'm.megolm.v1.aes-sha2', ciphertext: 'x' })
    expect(await bob.saw('message', ({ as }) => as === 'notice')).toMatchObject({
      text: expect.stringContaining('encrypted from now on'),
    })
    expect(await bob.saw('message', ({ text }) => text === ENCRYPTED)).toMatchObject({ id: expect.any(String) })
    const { outcome } = await another().send(bob.state(), { kind: 'message', conversation, text: 'in the clear' }, 9)
    expect(outcome).toMatchObject({ refused: expect.stringContaining('holds no keys') })
    expect(server.control.requests().filter(({ path }) => path.includes('/send/m.room.message/'))).toHaveLength(1)
  })

  it('of a replacement by somebody else is nothing', async () => {
    const { server, upstream, ann, bob, conversation } = await two()
    const message = bob.seen.find((event) => event.kind === 'message')?.id
    const edit = (text: string) => ({
      msgtype: 'm.text',
      body: text,
      'm.new_content': { msgtype: 'm.text', body: text },
      'm.relates_to': { rel_type: 'm.replace', event_id: message },
    })
    const path = `rooms/${encodeURIComponent(conversation)}/send/m.room.message`
    put(server, bob.state, `${path}/forged`, edit('I owe Bob 100'))
    put(server, ann.state, `${path}/own`, edit('Lunch at one?'))
    // A listener that did not see who said it asks.
    const { arrived } = await upstream.listen().next(bob.state(), bob.cursor(), { active: true })
    expect(arrived.flatMap(({ events }) => events).filter(({ kind }) => kind === 'edited')).toEqual([
      expect.objectContaining({ kind: 'edited', message, text: 'Lunch at one?' }),
    ])
  })
})

describe('the pace', () => {
  const presence: Arrived = { cursor: '', events: [{ kind: 'own-presence', availability: 'idle' }] }
  const message: Arrived = { cursor: '', events: [{ kind: 'deleted', conversation: '!a', message: '$1' }] }

  it('slows down where two devices of a user wake each other with presence', () => {
    const clock = testClock()
    const pace = paceOf(clock)
    const pauses = Array.from({ length: 10 }, () => pace(clock.now(), [presence]))
    expect(pauses.slice(0, 4)).toEqual([PACE_MS.after, PACE_MS.first, 2 * PACE_MS.first, 4 * PACE_MS.first])
    expect(pauses.at(-1)).toBe(PACE_MS.most)
    expect(pace(clock.now(), [message])).toBe(PACE_MS.after)
  })

  it('is not slowed by presence that took its time', () => {
    const clock = testClock()
    const pace = paceOf(clock)
    const pauses = Array.from({ length: 5 }, () => {
      const at = clock.now()
      clock.advance(PACE_MS.quick)
      return pace(at, [presence])
    })
    expect(new Set(pauses)).toEqual(new Set([PACE_MS.after]))
  })
})
