import { describe, expect, it } from 'vitest'
import { LISTEN_LEASE_MS } from '../../shared/store/listener-groups.ts'
import { SEAT_LEASE_MS, type SigningIn } from '../../shared/rules/seat.ts'
import type { Session } from '../../shared/store/sessions.ts'
import { PASSWORD, upstream } from '../kit/upstream.ts'
import { testClock } from '../kit/clock.ts'
import { administered, ANN, BOB } from './harness.ts'

const NOW = testClock().now()

const KEPT: Session = {
  session: ANN.session,
  device: ANN.device,
  user: ANN.user,
  uri: 'sip:ann@contoso.test',
  state: { public: 'the-sid', secret: 'the-ticket' },
  openedAt: NOW - 600_000,
  cursor: { seq: 4, upstream: '9.12' },
}

const CAT: SigningIn = {
  state: 'signing-in',
  number: 8,
  session: '8-CatCatCatCatCatC',
  device: 'cat-phone',
  heard: 1,
  leaseUntil: NOW + SEAT_LEASE_MS,
}

/** Ann in coverage, Bob out of it and on another shard, Cat logging in. */
async function occupied(options: Parameters<typeof administered>[0] = {}) {
  const all = await administered(options)
  for (const seat of [BOB, ANN, CAT]) await all.place(seat)
  await all.sessions.open(KEPT, NOW)
  const held = async (shard: number) => (await all.seats.read(shard)).map(({ session }) => session)
  return { ...all, held }
}

describe('sessions list', () => {
  it('shows everybody, by their names', async () => {
    const { admin } = await occupied()

    expect((await admin('sessions', 'list')).out).toBe(
      [
        'session               user         device     state                  silent for',
        '7-AnnAnnAnnAnnAnnA    CONTOSO\\ann  ann-phone  in coverage            30 s',
        '400-BobBobBobBobBobB  CONTOSO\\bob  bob-phone  out of coverage, idle  30 s',
        '8-CatCatCatCatCatC    -            cat-phone  signing in             -',
        '',
      ].join('\n'),
    )
  })

  it('shows programs the same', async () => {
    const { admin, configuration } = await occupied()
    await configuration.change({}, { idleTimeoutMs: 20_000, statusIntervalMs: 10_000 })

    const { out } = await admin('sessions', 'list', '--json')

    const { session, device, user, lastHeardAt } = ANN
    expect(JSON.parse(out)).toEqual({
      sessions: [
        { state: 'open', session, device, user, coverage: 'in', lastHeardAt, idle: true },
        expect.objectContaining({ session: BOB.session, coverage: 'out', idle: true }),
        { state: 'signing-in', session: CAT.session, device: 'cat-phone', leaseUntil: CAT.leaseUntil },
      ],
    })
  })

  it.each([
    [['--user', 'contoso\\BOB'], BOB.session],
    [['--device', 'ann-phone'], ANN.session],
  ])('shows those of %j', async (whose, session) => {
    const { admin } = await occupied()

    const { sessions }: { sessions: { session: string }[] } = JSON.parse(
      (await admin('sessions', 'list', '--json', ...whose)).out,
    )

    expect(sessions.map((each) => each.session)).toEqual([session])
  })
})

describe('sessions show', () => {
  it('shows where a session stands, and no ticket', async () => {
    const { admin } = await occupied()

    const [words, json] = await Promise.all([
      admin('sessions', 'show', ANN.session),
      admin('sessions', 'show', ANN.session, '--json'),
    ])

    expect(words.out).toMatch(/^signed in as +sip:ann@contoso.test$/m)
    expect(words.out).toMatch(/^open for +10 min$/m)
    expect(JSON.parse(json.out)).toMatchObject({ seat: 7, uri: KEPT.uri, openedAt: KEPT.openedAt, acked: 3 })
    expect(words.out + json.out).not.toMatch(/the-ticket|the-sid|connection-of/)
  })

  it.each([
    ['7-OtherOtherOther', 1, 'there is no session 7-OtherOtherOther'],
    ['ann', 2, 'sessions list shows their ids'],
  ])('does not know %s', async (id, code, words) => {
    const { admin } = await occupied()
    expect(await admin('sessions', 'show', id)).toMatchObject({ code, errors: expect.stringContaining(words) })
  })
})

describe('sessions end', () => {
  it('frees the seat, forgets the session and signs it out upstream', async () => {
    const { cwa, client } = await upstream()
    const opened = await client.initiateSession(await client.signIn('CONTOSO\\ann', PASSWORD))
    const { admin, sessions, held, clock } = await occupied({ cwa: { url: cwa.url(), codec: 'json' } })
    await sessions.open({ ...KEPT, state: { public: opened.sid, secret: opened.ticket } }, clock.now())

    const { code, out } = await admin('sessions', 'end', ANN.session, '--yes', '--json')

    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({
      ended: [{ session: ANN.session, device: 'ann-phone', user: ANN.user, upstream: 'signed-out' }],
      gone: [],
    })
    expect(await held(0)).toEqual([CAT.session])
    expect(await sessions.read(ANN.session)).toBeUndefined()
    expect(cwa.control.sessions()).toEqual([])
  })

  it('ends a session although CWA cannot be reached, and says that it ends there later', async () => {
    const { admin, sessions, held } = await occupied()

    const { code, out, errors } = await admin('sessions', 'end', '--user', 'Contoso\\Ann', '--yes')

    expect([code, out]).toEqual([0, `${ANN.session} of CONTOSO\\ann on ann-phone: ended\n`])
    expect(errors).toMatch(
      /not signed out of the server upstream, where it ends by its own timeout: 127\.0\.0\.1:9 could not be reached/,
    )
    expect(errors).not.toContain('the-ticket')
    expect(await held(0)).toEqual([CAT.session])
    expect(await sessions.read(ANN.session)).toBeUndefined()
  })

  it('forgets the session although the answer that its seat is free gets lost', async () => {
    let lost = false
    const lose = (operation: string) => {
      if (operation !== 'DeleteItem' || lost) return undefined
      lost = true
      return { type: 'InternalServerError', status: 500, when: 'after' } as const
    }
    const { admin, sessions, held } = await occupied({ dynamo: { fault: lose } })

    const { code, out } = await admin('sessions', 'end', ANN.session, '--yes', '--json')

    expect([code, lost, JSON.parse(out)]).toEqual([0, true, { ended: [], gone: [ANN.session] }])
    expect(await held(0)).toEqual([CAT.session])
    expect(await sessions.read(ANN.session)).toBeUndefined()
  })

  it('ends that of a device, and a login under way', async () => {
    const { admin, held } = await occupied()

    expect(await admin('sessions', 'end', '--device', 'bob-phone', '--yes')).toMatchObject({ code: 0 })
    expect(await held(1)).toEqual([])
    expect(await admin('sessions', 'end', '--device', 'cat-phone', '--yes')).toMatchObject({ code: 0 })
    expect(await held(0)).toEqual([ANN.session])
  })

  it('asks first', async () => {
    const { answering, admin, held } = await occupied()

    const no = await answering('n\n', 'sessions', 'end', '--user', ANN.user)
    expect([no.code, no.errors]).toEqual([1, expect.stringContaining('End the session of CONTOSO\\ann on ann-phone?')])
    expect(await admin('sessions', 'end', '--user', ANN.user)).toMatchObject({ code: 1 })
    expect(await held(0)).toEqual([ANN.session, CAT.session])

    expect(await answering('yes\n', 'sessions', 'end', '--user', ANN.user)).toMatchObject({ code: 0 })
    expect(await held(0)).toEqual([CAT.session])
  })

  it('has nothing to do, and asks nothing, where a user has no session', async () => {
    const { admin } = await occupied()
    expect(await admin('sessions', 'end', '--user', 'CONTOSO\\dan')).toMatchObject({
      code: 0,
      out: 'there is no such session: nothing to end\n',
    })
  })

  it.each([[[]], [[ANN.session, '--user', ANN.user]], [['--user', ANN.user, '--device', 'ann-phone']]])(
    'asks whose, in one way: %j',
    async (words) => {
      const { admin, held } = await occupied()
      expect(await admin('sessions', 'end', '--yes', ...words)).toMatchObject({ code: 2 })
      expect(await held(0)).toEqual([ANN.session, CAT.session])
    },
  )
})

describe('seats', () => {
  it('counts taken, idle and free shard by shard', async () => {
    const { admin, configuration } = await occupied()
    await configuration.change({}, { maximumSessions: 500, idleTimeoutMs: 600_000 })

    expect((await admin('seats')).out).toBe(
      [
        'shard  taken  idle  free',
        '0          2     0   298',
        '1          1     1   199',
        'all        3     1   497',
        'the maximum is 500 sessions',
        '',
      ].join('\n'),
    )
    expect(JSON.parse((await admin('seats', '--json')).out)).toEqual({
      most: 500,
      total: { taken: 3, idle: 1, free: 497 },
      shards: [
        { shard: 0, taken: 2, idle: 0, free: 298 },
        { shard: 1, taken: 1, idle: 1, free: 199 },
      ],
    })
  })

  it('shows sessions over a maximum that was lowered', async () => {
    const { admin, configuration } = await occupied()
    await configuration.change({}, { maximumSessions: 2 })

    const { out } = await admin('seats')

    expect(out).toMatch(/^1 +1 +1 +0$/m)
    expect(out).toContain('1 more than that are logged in: no login is admitted until they are fewer')
  })

  it('counts a login that never finished as free once its lease is over', async () => {
    const { admin, clock } = await occupied()
    clock.advance(SEAT_LEASE_MS)

    expect(JSON.parse((await admin('seats', '--json')).out)).toMatchObject({ total: { taken: 2 } })
  })
})

describe('the listeners', () => {
  it('are missed by doctor on a shard with sessions, until somebody listens', async () => {
    const { admin, listenerGroups, clock } = await occupied()
    await listenerGroups.claim(1, 'listener', clock.now())
    const found = async () => (await admin('doctor', '--skip-upstream')).out

    expect(await found()).toContain('warning  shards: shard 0 has 2 sessions, and no listener')

    await listenerGroups.claim(0, 'listener', clock.now())
    expect(await found()).toContain('ok       shards: all 2 with sessions are listened for')
    clock.advance(LISTEN_LEASE_MS)
    expect(await found()).toContain('shard 1 has 1 session,')
  })
})
