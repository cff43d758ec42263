import { describe, expect, it } from 'vitest'
import { send } from '../../functions/session/send.ts'
import type { Command, ImEvent } from '../../shared/rules/messaging.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import { configuration } from '../../shared/store/configuration/configuration.ts'
import { seats as seatsOf } from '../../shared/store/seats/seats.ts'
import { sessions as sessionsOf } from '../../shared/store/sessions.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'
import type { Upstream } from '../../shared/upstream/upstream.ts'
import type { DeviceFrameOf, ServiceFrame } from '../../shared/wire/frames.ts'
import { testClock } from '../kit/clock.ts'
import { database } from '../kit/database.ts'
import { memoryUpstream } from '../kit/memory/upstream.ts'
import { Died, lifeUntil, mortal } from '../kit/mortal.ts'
import { testVault } from '../kit/vault.ts'
import { anOpen, aSigningIn, NOW } from '../rules/sample-seats.ts'

const SEAT = anOpen()
const { session, device, user, connection } = SEAT
/** By when a function that began at NOW is stopped. */
const OVER_MS = 30_000

/** Ann's session in the service, in a conversation with Bob on a server in memory, and what came of it for Bob. */
async function talking(change: (server: Upstream) => Upstream = (server) => server) {
  const { items } = await database()
  const vault = testVault()
  const users = ['ann', 'bob'].map((user) => ({ user, password: 'x' }))
  const { upstream: server, uriOf } = memoryUpstream({ users, clock: testClock(), holdMs: 0 })
  const [ann, bob] = [await server.logIn('ann', 'x'), await server.logIn('bob', 'x')]
  const { outcome } = await server.send(ann.state, { kind: 'start', to: [uriOf('bob')], text: 'Lunch?' }, 1_000)
  const conversation = 'conversation' in outcome ? (outcome.conversation ?? '') : ''
  await server.send(bob.state, { kind: 'accept', conversation }, 1_000)

  const parts = {
    seats: seatsOf(items),
    sessions: sessionsOf(items, vault),
    configuration: configuration(items, vault),
    upstream: change(server),
  }
  await parts.seats.take(aSigningIn({ session, device }), NOW)
  await parts.seats.open(SEAT)
  const cursor = { seq: 0, upstream: '0' }
  await parts.sessions.open({ session, device, user, uri: 'm:ann', openedAt: NOW, state: ann.state, cursor }, NOW)

  let heard = SEAT.heard
  const request = (command: Command, { number = 1, now = NOW } = {}) => {
    const frame: DeviceFrameOf<'send'> = { type: 'send', session, ack: SEAT.acked, number, command }
    return { frame, number: (heard += 1), device, connection, now }
  }
  const said = async () => {
    const { arrived } = await server.listen().next(bob.state, bob.cursor, { active: true, holdMs: 0 })
    const events = arrived.flatMap(({ events }) => events)
    return events.flatMap((event) => (event.kind === 'message' ? [event.text] : []))
  }
  const say = (text: string): Command => ({ kind: 'message', conversation, text })
  return { parts, request, said, say }
}

const without = (server: Upstream): Upstream => ({ ...server, capabilities: new Set() })

const answerOf = async (work: Promise<ServiceFrame>): Promise<string> =>
  work.then(
    ({ type }) => type,
    (thrown: unknown) => (thrown instanceof Refusal ? thrown.code : String(thrown)),
  )

/** Kills the function between its await number `at` and the next, and says how often that let it come so far. */
async function killedAt(at: number, change?: (server: Upstream) => Upstream) {
  const { parts, request, said, say } = await talking(change)
  const life = lifeUntil(at)
  const own = mortal(parts, life)
  const first = await Promise.race([send(own)(request(say('At noon'))), life.died]).catch((thrown: unknown) => {
    if (!(thrown instanceof Died)) throw thrown
    return undefined
  })
  return { first, parts, request, said, say }
}

/** Until the function is not killed any more: what came of each killing. */
async function killedAtEach<T>(
  once: (killed: Awaited<ReturnType<typeof killedAt>>) => Promise<T>,
  change?: () => (server: Upstream) => Upstream,
) {
  const all: T[] = []
  for (let at = 0; ; at += 1) {
    const killed = await killedAt(at, change?.())
    if (killed.first !== undefined) return all
    all.push(await once(killed))
  }
}

describe('a send to a server that does a command under a key once', () => {
  it('is done once, and never unconfirmed, wherever the function dies', async () => {
    const ends = await killedAtEach(async ({ parts, request, said, say }) => {
      const again = await answerOf(send(parts)(request(say('At noon'), { now: NOW + 1_000 })))
      const next = await answerOf(send(parts)(request(say('Or at one?'), { number: 2, now: NOW + 2_000 })))
      return { again, next, said: await said() }
    })
    expect(ends.length).toBeGreaterThanOrEqual(10)
    for (const end of ends) expect(end).toEqual({ again: 'sent', next: 'sent', said: ['At noon', 'Or at one?'] })
  })

  it('is unconfirmed at times with a server that is not so, which shows that the function died there', async () => {
    const ends = await killedAtEach(
      async ({ parts, request, said, say }) => ({
        again: await answerOf(send(parts)(request(say('At noon'), { now: NOW + OVER_MS }))),
        said: await said(),
      }),
      () => without,
    )
    const answers = ends.map(({ again }) => again)
    expect(answers).toContain('unconfirmed')
    expect(answers).toContain('sent')
    for (const { said } of ends) expect(['', 'At noon']).toContain(said.join())
  })

  it('keeps its number while the server does not answer, and is asked for again later and later', async () => {
    let isAway = true
    const { parts, request, said, say } = await talking((server) => ({
      ...server,
      async send(...asked) {
        const sent = await server.send(...asked)
        if (isAway) throw new UpstreamFault('again', 'no answer in time', { maybeDone: true })
        return sent
      },
    }))
    const once = async (now: number) => send(parts)(request(say('At noon'), { now })).catch((no: unknown) => no)

    expect(await once(NOW)).toMatchObject({ code: 'in-progress', retryAfterMs: 1_000 })
    expect(await once(NOW + 20_000)).toMatchObject({ code: 'in-progress', retryAfterMs: 20_000 })
    expect(await once(NOW + 900_000)).toMatchObject({ code: 'in-progress', retryAfterMs: 60_000 })
    isAway = false
    expect(await once(NOW + 901_000)).toEqual({ type: 'sent', number: 1 })
    expect(await said()).toEqual(['At noon'])
  })

  it('keeps its number, too, where the server certainly has not done it: an earlier try may have', async () => {
    const { parts, request, say } = await talking((server) => ({
      ...server,
      send: () => Promise.reject(new UpstreamFault('again', 'connection refused', { retryAfterMs: 700 })),
    }))
    await expect(send(parts)(request(say('At noon')))).rejects.toMatchObject({
      code: 'in-progress',
      retryAfterMs: 700,
    })
    await expect(send(parts)(request(say('Or at one?'), { number: 2 }))).rejects.toMatchObject({ code: 'out-of-order' })
  })
})

describe('a command that the server has nothing for', () => {
  it('is refused before anything is posted, and leaves its number free', async () => {
    const posted: Command[] = []
    const { parts, request, said, say } = await talking((server) => ({
      ...server,
      async send(state, command, key) {
        posted.push(command)
        return server.send(state, command, key)
      },
    }))
    const edit: Command = { kind: 'edit', conversation: '1', message: '2', text: 'x' }
    await expect(send(parts)(request(edit))).rejects.toMatchObject({
      code: 'not-supported',
      message: 'the instant-messaging server has no edits: `accepted` names in `capabilities` what it has',
    })
    expect(posted).toEqual([])
    expect(await answerOf(send(parts)(request(say('At noon'))))).toBe('sent')
    expect(await said()).toEqual(['At noon'])
  })
})

describe('a question', () => {
  it('brings its answer with it, and again, where it is repeated under its number', async () => {
    const found: ImEvent = { kind: 'found', number: 1, people: [{ uri: 'm:bob', name: 'Bob' }], more: false }
    let asked = 0
    const { parts, request } = await talking((server) => ({
      ...server,
      capabilities: new Set(['search']),
      async send(state) {
        asked += 1
        return { outcome: { events: [found] }, state }
      },
    }))
    for (const _time of [1, 2]) {
      const answer = await send(parts)(request({ kind: 'search', text: 'bob' }))
      expect(answer).toEqual({ type: 'sent', number: 1, events: [found] })
    }
    expect(asked).toBe(2)
  })

  it('is never unconfirmed: that it may have been asked changes nothing', async () => {
    const { parts, request } = await talking((server) => ({
      ...server,
      capabilities: new Set(['search']),
      send: () => Promise.reject(new UpstreamFault('again', 'no answer', { maybeDone: true })),
    }))
    await expect(send(parts)(request({ kind: 'search', text: 'bob' }))).rejects.toMatchObject({ code: 'upstream-away' })
  })
})
