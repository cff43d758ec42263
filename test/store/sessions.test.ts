import { describe, expect, it, test } from 'vitest'
import type { Mail } from '../../shared/rules/batches.ts'
import { isToBeKept, ITEM_LIFE_MS, type Session, sessions as sessionsOf } from '../../shared/store/sessions.ts'
import { newKeyRing, printKeyRing, rotated } from '../../shared/store/keys/key-ring.ts'
import type { Table } from '../../shared/store/table.ts'
import { Unsealable, vault } from '../../shared/store/keys/vault.ts'
import type { UpstreamState } from '../../shared/upstream/upstream.ts'
import { database } from '../kit/database.ts'
import { testVault } from '../kit/vault.ts'
import { judgesRaces } from '../kit/races.ts'
import { NOW, sessionOn } from '../rules/sample-seats.ts'

const DEVICE = 'ann-phone'
const SESSION: Session = {
  session: sessionOn(17),
  device: DEVICE,
  user: 'CONTOSO\\ann',
  uri: 'sip:ann@contoso.test',
  state: { public: 'e0f1', secret: 'ticket-1' },
  openedAt: NOW,
  cursor: { seq: 1, upstream: '2.3' },
}
const stateOf = (secret: string): UpstreamState => ({ public: 'e0f1', secret })
const [second, late, third] = [stateOf('second'), stateOf('late'), stateOf('third')]
const ANOTHER = sessionOn(17, 'another-session-')
const DAY_MS = 24 * 60 * 60_000
const EXPIRES_AT_S = (NOW + ITEM_LIFE_MS) / 1_000

async function cache() {
  const { items, withAnswerLost } = await database()
  const expiry = async (pk: string) => (await items.get<{ expiresAtS: number }>({ pk, sk: '-' }))?.expiresAtS
  const vault = testVault()
  const sessionsWithAnswerLost = () => sessionsOf(withAnswerLost(), vault)
  return { sessions: sessionsOf(items, vault), sessionsWithAnswerLost, expiry }
}

describe('the cache of the connectivity information', () => {
  it('gives back what was opened, and nothing of another session', async () => {
    const { sessions } = await cache()
    await sessions.open(SESSION, NOW)
    expect(await sessions.read(SESSION.session)).toMatchObject(SESSION)
    expect(await sessions.read(ANOTHER)).toBeUndefined()
  })

  it('keeps a newer cursor, and what else it knows', async () => {
    const { sessions, expiry } = await cache()
    await sessions.open(SESSION, NOW)
    const newer = { session: SESSION.session, cursor: { seq: 4, upstream: '5.6' } }
    await sessions.keep(newer, NOW + 60_000)
    expect(await sessions.read(SESSION.session)).toMatchObject({ ...SESSION, ...newer })
    expect(await expiry(`SESSION#${SESSION.session}`)).toBe(EXPIRES_AT_S + 60)
  })

  it('keeps of a batch that serves as the cursor no more than a cursor is', async () => {
    const { sessions } = await cache()
    await sessions.open(SESSION, NOW)
    const mail: Mail = { seq: 4, upstream: '5.6', events: [{ kind: 'done', number: 1 }] }
    await sessions.keep({ session: SESSION.session, cursor: mail }, NOW)
    expect((await sessions.read(SESSION.session))?.cursor).toEqual({ seq: 4, upstream: '5.6' })
  })

  it('is to be kept anew a day after it was kept, and keeps its cursor from an older one', async () => {
    const { sessions, expiry } = await cache()
    const { session } = SESSION
    const isDue = async (at: number) => isToBeKept((await sessions.read(session)) ?? SESSION, at)
    await sessions.open(SESSION, NOW)
    expect([await isDue(NOW), await isDue(NOW + DAY_MS), await isDue(NOW + DAY_MS + 1_001)]).toEqual([
      false,
      false,
      true,
    ])
    await sessions.keep({ session, cursor: { seq: 60, upstream: '5.6' } }, NOW + 2 * DAY_MS)
    expect(await isDue(NOW + 2 * DAY_MS + 1)).toBe(false)
    await sessions.keep({ session, cursor: { seq: 58, upstream: '3.4' } }, NOW + 3 * DAY_MS)
    expect((await sessions.read(session))?.cursor).toEqual({ seq: 60, upstream: '5.6' })
    await sessions.keep({ session, cursor: { seq: 60, upstream: '7.8' } }, NOW + 3 * DAY_MS)
    expect((await sessions.read(session))?.cursor).toEqual({ seq: 60, upstream: '7.8' })
    expect(await expiry(`SESSION#${session}`)).toBe(EXPIRES_AT_S + (3 * DAY_MS) / 1_000)
  })

  it('keeps nothing of a session that is no longer there', async () => {
    const { sessions } = await cache()
    await sessions.keep(SESSION, NOW)
    expect(await sessions.read(SESSION.session)).toBeUndefined()
  })

  it('renews a state, but never puts an older answer’s over a newer one', async () => {
    const { sessions } = await cache()
    await sessions.open(SESSION, NOW)
    const { session, state: was } = SESSION
    expect(await sessions.renew(session, { was, now: second })).toBe(true)
    expect(await sessions.renew(session, { was, now: late })).toBe(false)
    expect(await sessions.renew(session, { was: second, now: third })).toBe(true)
    expect((await sessions.read(session))?.state.secret).toBe('third')
    expect(await sessions.renew(ANOTHER, { was, now: second })).toBe(false)
    expect(await sessions.read(ANOTHER)).toBeUndefined()
  })

  it('gives a session once when it is removed', async () => {
    const { sessions } = await cache()
    await sessions.open(SESSION, NOW)
    expect(await sessions.remove(SESSION.session)).toMatchObject(SESSION)
    expect(await sessions.remove(SESSION.session)).toBeUndefined()
    expect(await sessions.read(SESSION.session)).toBeUndefined()
  })

  it('outlives its last write by the life of an item, in whole seconds', async () => {
    const { sessions, expiry } = await cache()
    await sessions.open(SESSION, NOW + 1)
    expect(await expiry(`SESSION#${SESSION.session}`)).toBe(EXPIRES_AT_S + 1)
  })
})

describe('a device', () => {
  const first = { session: SESSION.session, heard: 10 }

  it('has the session that it logged in to last, and no other device has it', async () => {
    const { sessions } = await cache()
    expect(await sessions.ofDevice(DEVICE)).toBeUndefined()
    expect(await sessions.point(DEVICE, first)).toBe(true)
    expect(await sessions.ofDevice(DEVICE)).toMatchObject(first)
    expect(await sessions.ofDevice('bob-phone')).toBeUndefined()
  })

  it('has it for as long as it is enrolled: the item never expires', async () => {
    const { sessions, expiry } = await cache()
    await sessions.point(DEVICE, first)
    await sessions.point(DEVICE, { session: ANOTHER, heard: 11 }, first)
    expect(await expiry(`DEVICE#${DEVICE}`)).toBeUndefined()
  })

  it('is not pointed to a session by a login that does not know the one that it has', async () => {
    const { sessions } = await cache()
    await sessions.point(DEVICE, first)
    expect(await sessions.point(DEVICE, { session: ANOTHER, heard: 11 })).toBe(false)
    const elsewhere = { session: sessionOn(18), heard: 9 }
    expect(await sessions.point(DEVICE, { session: ANOTHER, heard: 11 }, elsewhere)).toBe(false)
    expect(await sessions.ofDevice(DEVICE)).toMatchObject(first)
  })

  test.each([
    { heard: 9, pointed: false, what: 'a login that was overtaken' },
    { heard: 10, pointed: false, what: 'the same login, played again' },
    { heard: 11, pointed: true, what: 'a newer login' },
  ])('is pointed to its new session: $pointed, by frame $heard, $what', async ({ heard, pointed }) => {
    const { sessions } = await cache()
    await sessions.point(DEVICE, first)
    const next = { session: ANOTHER, heard }
    expect(await sessions.point(DEVICE, next, first)).toBe(pointed)
    expect(await sessions.ofDevice(DEVICE)).toMatchObject(pointed ? next : first)
  })

  it('is pointed once by 20 copies of one login', async (context) => {
    judgesRaces(context)
    const { sessions } = await cache()
    const copies = Array.from({ length: 20 }, (_, at) => sessionOn(at))
    const pointed = await Promise.all(copies.map((session) => sessions.point(DEVICE, { session, heard: 10 })))
    expect(pointed.filter((done) => done)).toHaveLength(1)
    expect(await sessions.ofDevice(DEVICE)).toMatchObject({ session: copies[pointed.indexOf(true)] })
  })

  it('is pointed once by logins that read the same, whatever their numbers', async (context) => {
    judgesRaces(context)
    const { sessions } = await cache()
    await sessions.point(DEVICE, { ...first, at: NOW, occupiedUntil: NOW + 60_000 })
    const read = await sessions.ofDevice(DEVICE)
    const logins = Array.from({ length: 10 }, (_, at) => ({
      session: sessionOn(at),
      heard: 11 + at,
      at: NOW,
      occupiedUntil: NOW + 120_000,
    }))
    const pointed = await Promise.all(logins.map((login) => sessions.point(DEVICE, login, read)))
    expect(pointed.filter((done) => done)).toHaveLength(1)
    expect(await sessions.ofDevice(DEVICE)).toMatchObject(logins[pointed.indexOf(true)] ?? {})
  })

  it('is not refused its own login when the answer is lost', async () => {
    const { sessions, sessionsWithAnswerLost } = await cache()
    expect(await sessionsWithAnswerLost().point(DEVICE, first)).toBe(true)
    expect(await sessions.ofDevice(DEVICE)).toMatchObject(first)
  })
})

describe('the secret of a state', () => {
  const NEXT = NOW + 60_000

  async function rotating() {
    const { items } = await database()
    let ring = newKeyRing(NOW)
    let now = NOW
    const vaultNow = () =>
      vault(
        async () => printKeyRing(ring),
        () => now,
      )
    const rotate = () => {
      ring = rotated(ring, NEXT)
      // A vault that meets a key that it lacks reads the ring again, once a second.
      now += 2_000
    }
    return { items, rotate, environment: (of: Table = items) => sessionsOf(of, vaultNow()) }
  }

  it('is kept sealed, for its session alone', async () => {
    const { items, environment } = await rotating()
    await environment().open(SESSION, NOW)
    const kept = await items.get<Record<string, unknown>>({ pk: `SESSION#${SESSION.session}`, sk: '-' })
    expect(JSON.stringify(kept)).not.toContain('ticket-1')
    await items.put({ ...kept, pk: `SESSION#${ANOTHER}`, sk: '-', session: ANOTHER })
    await expect(environment().read(ANOTHER)).rejects.toThrow(Unsealable)
  })

  it('is renewed across a rotation: by who knows the new key and by who does not yet, and never by an older answer', async () => {
    const { environment, rotate } = await rotating()
    const [old, behind] = [environment(), environment()]
    await old.open(SESSION, NOW)
    await behind.read(SESSION.session)
    rotate()
    const young = environment()
    const { session, state: was } = SESSION
    expect(await young.renew(session, { was, now: second })).toBe(true)
    expect(await behind.renew(session, { was, now: late })).toBe(false)
    expect((await behind.read(session))?.state.secret).toBe('second')
    expect(await behind.renew(session, { was: second, now: third })).toBe(true)
    expect((await young.read(session))?.state.secret).toBe('third')
  })

  it('is sealed anew by the newest key, unless it was renewed meanwhile', async () => {
    const { items, environment, rotate } = await rotating()
    await environment().open(SESSION, NOW)
    expect(await environment().reseal(SESSION.session)).toBe(false)
    rotate()
    const own = environment()
    // Between its read and its write another function keeps the next state.
    const meanwhile: Table = {
      ...items,
      async update(key, update, condition) {
        await environment().renew(SESSION.session, { was: SESSION.state, now: second })
        return items.update(key, update, condition)
      },
    }
    expect(await environment(meanwhile).reseal(SESSION.session)).toBe(false)
    expect((await own.read(SESSION.session))?.state.secret).toBe('second')
  })
})
