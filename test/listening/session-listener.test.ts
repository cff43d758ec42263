import { cwaUpstream } from '../../shared/cwa/upstream.ts'
import { turns, type Turn } from '../../functions/listening/pacing.ts'
import { unmeasured } from '../../shared/rules/measures.ts'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listenTo, type SessionListenerParts } from '../../functions/listening/session-listener.ts'
import { lambdaClock } from '../../functions/listening/pause.ts'
import type { CwaClient } from '../../shared/cwa/client.ts'
import type { CwaEvents } from '../../shared/cwa/model.ts'
import type { Mail } from '../../shared/rules/batches.ts'
import type { Open } from '../../shared/rules/seat.ts'
import { configuration } from '../../shared/store/configuration/configuration.ts'
import { configurationWriter } from '../../shared/store/configuration/configuration-writer.ts'
import { mailbox as mailboxOf } from '../../shared/store/mailbox.ts'
import { seats as seatsOf } from '../../shared/store/seats/seats.ts'
import { ITEM_LIFE_MS, sessions as sessionsOf } from '../../shared/store/sessions.ts'
import { database } from '../kit/database.ts'
import { testVault } from '../kit/vault.ts'
import { anOpen, aSigningIn, NOW } from '../rules/sample-seats.ts'

const DAY_MS = 24 * 60 * 60_000
const { session, device, user } = anOpen()
const BOB = 'sip:bob@contoso.test'

const said = (seq: number): Mail => ({
  seq,
  upstream: `${10 * seq}.${seq}`,
  events: [{ kind: 'message', conversation: '1', from: BOB, text: `message ${seq}` }],
})

/** What a GET brings: message `eid`. */
const brings = (eid: number): CwaEvents => ({
  ackId: 10 * eid,
  pollWaitTime: 0,
  events: [
    {
      event: 'messageReceived',
      eid,
      confId: 1,
      sender: BOB,
      message: { format: 'text/plain', content: `message ${eid}` },
    },
  ],
})

/** What a GET brings: send `eid` has arrived. */
const receipt = (eid: number): CwaEvents => ({
  ackId: 10 * eid,
  pollWaitTime: 0,
  events: [{ event: 'messageIdReceived', eid, confId: 1, messageId: '1', rid: String(eid) }],
})

const never = () => Promise.reject(new TypeError('this is not asked for here'))

/** A server whose GETs are answered by the test, in their order. */
function upstream() {
  const answers: ((brought: CwaEvents) => void)[] = []
  const asked: number[] = []
  let untilAsked = Promise.withResolvers<void>()
  const client: CwaClient = {
    signIn: never,
    initiateSession: never,
    command: never,
    terminateSession: never,
    close: () => {},
    poll: ({ ticket }, { ackId, signal }) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
        asked.push(ackId)
        answers.push((brought) => resolve({ ...brought, ticket }))
        untilAsked.resolve()
      }),
  }
  return {
    client,
    asked,
    /** Answers the GET that is held, and resolves once the next one is. */
    answer: async (brought: CwaEvents) => {
      await untilAsked.promise
      untilAsked = Promise.withResolvers()
      answers.at(-1)?.(brought)
      await untilAsked.promise
    },
  }
}

/** A session that was kept last so long ago, with mail as old, and what a listener makes of it now. */
async function listened({
  keptMs = 0,
  mail = [],
  seat = {},
  turn,
}: {
  keptMs?: number
  mail?: readonly Mail[]
  seat?: Partial<Open>
  /** Given, it is not waited until the listener has had its turn. */
  turn?: Turn
}) {
  const { items } = await database()
  const vault = testVault()
  const [seats, sessions, mailbox] = [seatsOf(items), sessionsOf(items, vault), mailboxOf(items)]
  const cursor = { seq: 0, upstream: '0.0' }
  const known = {
    session,
    device,
    user,
    uri: 'sip:ann@contoso.test',
    openedAt: 0,
    state: { public: '42', secret: 'first' },
    cursor,
  }
  await sessions.open(known, NOW - keptMs)
  for (const each of mail) await mailbox.append(session, each, NOW - keptMs)
  await configurationWriter(items, vault).putDevice(device, { state: 'active' })
  const first = anOpen({ acked: 0, coverage: 'out', ...seat })
  await seats.take(aSigningIn({ session, device }), NOW)
  await seats.open(first)
  const cwa = upstream()
  const posted: number[] = []
  let now = NOW
  const parts: SessionListenerParts = {
    seats,
    sessions,
    mailbox,
    configuration: configuration(items, vault),
    upstream: cwaUpstream(cwa.client),
    clock: { now: () => now, after: lambdaClock.after },
    random: () => 0.5,
    measure: unmeasured,
    wake: async () => {},
    push: async (frame) => {
      if (frame.type === 'events') posted.push(...frame.batches.map(({ seq }) => seq))
      return true
    },
  }
  const itemAsItIs = () =>
    items.get<Record<string, unknown>>({ pk: `SESSION#${session}`, sk: '-' }, { consistent: true })
  const before = await itemAsItIs()
  const following = listenTo(first, parts, turn ?? turns(lambdaClock))
  onTestFinished(following.stop)
  if (turn === undefined) await following.listening
  return {
    ...cwa,
    following,
    first,
    posted,
    items,
    mailbox,
    sessions,
    before,
    itemAsItIs,
    passes: (ms: number) => {
      now += ms
    },
  }
}

describe('a session that is listened for', () => {
  it('is kept anew once a day, with the number of the last batch that there is', async () => {
    const { itemAsItIs, asked } = await listened({ keptMs: 2 * DAY_MS, mail: [1, 2, 3].map(said) })
    expect(asked).toEqual([30])
    expect(await itemAsItIs()).toMatchObject({
      cursor: { seq: 3, upstream: '30.3' },
      expiresAtS: Math.ceil((NOW + ITEM_LIFE_MS) / 1_000),
    })
  })

  it('costs no write where it was kept within a day', async () => {
    const { itemAsItIs, before } = await listened({ keptMs: DAY_MS - 1_000, mail: [1, 2, 3].map(said) })
    expect(await itemAsItIs()).toEqual(before)
  })

  it('goes on with its numbers where all its mail has expired', async () => {
    const { items, sessions, answer, mailbox } = await listened({ keptMs: 2 * DAY_MS, mail: [1, 2, 3].map(said) })
    for (const seq of [1, 2, 3]) await items.remove({ pk: `MAIL#${session}`, sk: String(seq).padStart(10, '0') })
    expect((await sessions.read(session))?.cursor.seq).toBe(3)
    await answer(brings(4))
    expect(await mailbox.last(session)).toMatchObject({ seq: 4, upstream: '40.4' })
  })

  it('has a backlog carried over that is not acknowledged for days, so that it outlives what it was kept in', async () => {
    const { items, mailbox } = await listened({ keptMs: 5.5 * DAY_MS, mail: [1, 2, 3].map(said) })
    for (const seq of [1, 2, 3]) await items.remove({ pk: `MAIL#${session}`, sk: String(seq).padStart(10, '0') })
    const [carrying] = await items.query<Mail & { expiresAtS: number }>(`MAIL#${session}`)
    expect(carrying).toMatchObject({ seq: 4, upstream: '30.3', expiresAtS: Math.ceil((NOW + ITEM_LIFE_MS) / 1_000) })
    const lacks = await mailbox.after(session, 1)
    expect(lacks.map(({ first, seq }) => [first, seq])).toEqual([
      [2, 2],
      [3, 3],
      [4, 4],
    ])
    expect(lacks.flatMap(({ events }) => events)).toEqual([2, 3].flatMap((seq) => said(seq).events))
  })

  it.each([
    { keptMs: 4.5 * DAY_MS, acked: 0, what: 'that is not old enough' },
    { keptMs: 5.5 * DAY_MS, acked: 3, what: 'that its device has' },
  ])('has no backlog carried over $what', async ({ keptMs, acked }) => {
    const { mailbox } = await listened({ keptMs, mail: [1, 2, 3].map(said), seat: { acked } })
    expect((await mailbox.last(session, { consistent: true }))?.seq).toBe(3)
  })
})

describe('a listener that is stopped', () => {
  it('begins no GET that it would hold on to, where it only waited for its turn', async () => {
    const { following, asked } = await listened({ turn: untilStopped })
    await following.stop()
    expect(asked).toEqual([])
  })
})

describe('a listener that is stopped while a receipt waits', () => {
  it('posts it: the listener that goes on may have begun before it was kept', async () => {
    const online = { coverage: 'in', lastHeardAt: NOW } as const
    const { answer, following, posted } = await listened({ seat: online })
    await answer(receipt(1))
    await answer(receipt(2))
    expect(posted).toEqual([1])
    await following.stop()
    expect(posted).toEqual([1, 2])
  })
})

describe('a device that says it has more than there is', () => {
  it('gets what comes after, and gets it again', async () => {
    const online = { coverage: 'in', lastHeardAt: NOW } as const
    const { answer, following, first, posted, passes } = await listened({ seat: online })
    await answer(brings(1))
    following.moved({ ...first, heard: 11, acked: 1_000 })
    await answer(brings(2))
    expect(posted).toEqual([1, 2])
    passes(25_000)
    following.moved({ ...first, heard: 11, acked: 1_000 })
    await following.stop()
    expect(posted).toEqual([1, 2, 2])
  })

  it('has what it really has, should another listener know of more than this one', async () => {
    const online = { coverage: 'in', lastHeardAt: NOW } as const
    const { answer, following, first, posted, mailbox } = await listened({ seat: online })
    await answer(brings(1))
    for (const seq of [2, 3]) await mailbox.append(session, said(seq), NOW)
    following.moved({ ...first, heard: 11, acked: 3 })
    // This one finds number 2 taken, and goes on after 3, which the device has.
    await answer(brings(2))
    await answer(brings(4))
    await following.stop()
    expect(posted).toEqual([1, 4])
  })
})

/** A turn that comes only when the wait for it is given up. */
function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
}
