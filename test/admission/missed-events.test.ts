import { describe, expect, it } from 'vitest'
import { logIn, type LoginParts } from '../../functions/admission/log-in.ts'
import { logOut } from '../../functions/session/log-out.ts'
import type { Mail } from '../../shared/rules/batches.ts'
import { grouping as groupingOf } from '../../shared/rules/listener-group.ts'
import { unmeasured } from '../../shared/rules/measures.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import { seatNumberOf } from '../../shared/rules/seat.ts'
import { configuration } from '../../shared/store/configuration/configuration.ts'
import { configurationWriter } from '../../shared/store/configuration/configuration-writer.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { mailbox } from '../../shared/store/mailbox.ts'
import { seatHints } from '../../shared/store/seats/seat-hint.ts'
import { seats } from '../../shared/store/seats/seats.ts'
import { sessions } from '../../shared/store/sessions.ts'
import { wrongPasswordStore } from '../../shared/store/wrong-passwords.ts'
import type { Upstream } from '../../shared/upstream/upstream.ts'
import { testClock } from '../kit/clock.ts'
import { database } from '../kit/database.ts'
import { testVault } from '../kit/vault.ts'
import { NOW } from '../rules/sample-seats.ts'

const ANN = 'CONTOSO\\ann'
const BOB = 'CONTOSO\\bob'
const DEVICE = 'ann-phone'
const SAYS_BOB = 'sip:bob@contoso.test'
const STATE = { public: '1', secret: 'ticket' }

const UPSTREAM: Upstream = {
  capabilities: new Set(),
  logIn: async () => ({ state: STATE, address: 'sip:a@c', cursor: '0', steps: ['iwa'] }),
  listen: () => ({ next: async () => ({ arrived: [], cursor: '1', state: STATE, waitMs: 0, oddities: {} }) }),
  send: async () => {
    throw new TypeError('a login sends nothing')
  },
  logOut: async () => {},
  close: () => {},
}

const message = (text: string): ImEvent => ({ kind: 'message', conversation: '9', from: SAYS_BOB, text })
const upTo = (count: number) => Array.from({ length: count }, (_, at) => `unread ${at + 1}`)

/** A service whose device logs in, is brought messages, and says up to where it has them. */
async function started(through: (parts: LoginParts) => LoginParts = (parts) => parts) {
  const { items } = await database()
  const vault = testVault()
  const writer = configurationWriter(items, vault)
  for (const user of [ANN, BOB]) await writer.addUser(user, { permitted: true })
  const parts = {
    seats: seats(items),
    sessions: sessions(items, vault),
    mailbox: mailbox(items),
    listenerGroups: listenerGroups(items),
    seatHints: seatHints(items),
    configuration: configuration(items, vault),
    grouping: groupingOf(300),
    wrong: wrongPasswordStore(items),
    push: async () => true,
    upstream: UPSTREAM,
    clock: testClock(NOW),
    measure: unmeasured,
    startUpkeep: async () => {},
  } satisfies LoginParts
  let number = 0
  const login = async (user = ANN, with_: LoginParts = through(parts)) => {
    number += 1
    const request = { number, device: DEVICE, connection: `c${number}`, now: NOW + number * 10_000 }
    const answer = await logIn(with_)({ ...request, frame: { type: 'login', user, password: 'right' } })
    if (answer.type !== 'accepted') throw new Refusal('internal')
    return answer.session
  }
  return {
    parts,
    login,
    /** What waits in the session's mailbox, as it is told. */
    waiting: async (session: string) =>
      (await parts.mailbox.after(session, 0)).flatMap(({ events }) =>
        events.map((event) => (event.kind === 'missed' ? `missed: ${event.text}` : event.kind)),
      ),
    brought: async (session: string, texts: readonly string[]) => {
      for (const [at, text] of texts.entries()) {
        const mail: Mail = { seq: at + 1, upstream: String(at + 2), events: [message(text)] }
        await parts.mailbox.append(session, mail, NOW)
      }
    },
    acknowledges: async (session: string, acked: number) => {
      number += 1
      const heard = { session, device: DEVICE, connection: `c${number}`, number, acked, at: NOW + number }
      expect(await parts.seats.heard(heard)).toMatchObject({ kept: true })
    },
    logout: async (session: string) => {
      number += 1
      const request = { number, device: DEVICE, connection: `c${number}`, now: NOW + number }
      await logOut(parts)({ ...request, frame: { type: 'logout', session } })
    },
  }
}

const missed = (texts: readonly string[]) => texts.map((text) => `missed: ${text}`)

describe('what waited unread when a session was replaced', () => {
  it('is handed over by the next login of its user, marked as from before', async () => {
    const { login, brought, waiting, parts } = await started()
    await brought(await login(), upTo(20))
    const session = await login()
    expect(await waiting(session)).toEqual(missed(upTo(20)))
    const [first] = (await parts.mailbox.after(session, 0)).flatMap(({ events }) => events)
    expect(first).toEqual({ kind: 'missed', from: SAYS_BOB, text: 'unread 1', at: NOW })
  })

  it('is only what its device did not acknowledge', async () => {
    const { login, brought, waiting, acknowledges } = await started()
    const first = await login()
    await brought(first, upTo(5))
    await acknowledges(first, 3)
    expect(await waiting(await login())).toEqual(missed(['unread 4', 'unread 5']))
  })

  it('is handed over once where it was acknowledged, and again where it was not', async () => {
    const { login, brought, waiting, acknowledges } = await started()
    await brought(await login(), upTo(2))
    const second = await login()
    const third = await login()
    expect(await waiting(second)).toEqual(missed(upTo(2)))
    expect(await waiting(third)).toEqual(missed(upTo(2)))
    await acknowledges(third, 1)
    expect(await waiting(await login())).toEqual([])
  })

  it('is nothing for another user of the device, nor for its own after that', async () => {
    const { login, brought, waiting } = await started()
    await brought(await login(ANN), upTo(3))
    expect(await waiting(await login(BOB))).toEqual([])
    expect(await waiting(await login(ANN))).toEqual([])
  })

  it('is handed over after a login that failed in between, of whichever user', async () => {
    const { login, brought, waiting, parts } = await started()
    await brought(await login(ANN), upTo(3))
    const refused = { ...parts, seats: { ...parts.seats, open: async () => false } }
    await expect(login(BOB, refused)).rejects.toBeInstanceOf(Refusal)
    await expect(login(ANN, refused)).rejects.toBeInstanceOf(Refusal)
    expect(await waiting(await login(ANN))).toEqual(missed(upTo(3)))
  })
})

const dead = async (): Promise<never> => {
  throw new Error('died')
}

describe('a login that dies on its way', () => {
  it.each<[string, (parts: LoginParts) => LoginParts]>([
    ['before it points to its session', (parts) => ({ ...parts, sessions: { ...parts.sessions, point: dead } })],
    ['while it reads what waits', (parts) => ({ ...parts, mailbox: { ...parts.mailbox, after: dead } })],
    ['before it opens', (parts) => ({ ...parts, seats: { ...parts.seats, open: dead } })],
  ])('%s leaves what waits to the next one', async (_, dying) => {
    const { login, brought, waiting, parts } = await started()
    await brought(await login(), upTo(3))
    const dies = dying(parts)
    // A function that dies gives nothing back, and leaves no word.
    const silent = {
      ...dies,
      seats: { ...dies.seats, free: dead },
      sessions: { ...dies.sessions, leave: dead, remove: dead },
    }
    await expect(login(ANN, silent)).rejects.toMatchObject({ message: 'died' })
    expect(await waiting(await login())).toEqual(missed(upTo(3)))
  })
})

describe('a session that ended without a login of its device', () => {
  it('leaves what waits where upkeep ended it', async () => {
    const { login, brought, waiting, parts } = await started()
    const first = await login()
    await brought(first, upTo(2))
    await parts.sessions.leave(DEVICE, { session: first, user: ANN, acked: 0 })
    await parts.seats.free(first)
    expect(await waiting(await login())).toEqual(missed(upTo(2)))
  })

  it('leaves what waits to be found in the seat that was taken from it', async () => {
    const { login, brought, waiting, parts } = await started()
    const first = await login()
    await brought(first, upTo(2))
    const seat = await parts.seats.at(seatNumberOf(first), { consistent: true })
    if (seat?.state !== 'open') throw new TypeError('it is open')
    const { number } = seat
    const evictor = { state: 'signing-in', number, session: `${number}-evicts`, device: 'x', heard: 1 } as const
    await parts.seats.takeFrom(seat, { ...evictor, leaseUntil: NOW + 600_000 })
    expect(await waiting(await login())).toEqual(missed(upTo(2)))
  })

  it('leaves nothing, and nothing of those before it, where its user logged out', async () => {
    const { login, brought, waiting, logout } = await started()
    await brought(await login(), upTo(2))
    const second = await login()
    expect(await waiting(second)).toEqual(missed(upTo(2)))
    await logout(second)
    expect(await waiting(await login())).toEqual([])
  })
})
