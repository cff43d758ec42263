import { describe, expect, it } from 'vitest'
import { logIn, type LoginParts } from '../../functions/admission/log-in.ts'
import { grouping } from '../../shared/rules/listener-group.ts'
import { unmeasured } from '../../shared/rules/measures.ts'
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

const USER = 'CONTOSO\\ann'

/** A server that renews the state with the first events, and says by which state it was signed out. */
function renewing() {
  const signedOut: string[] = []
  const upstream: Upstream = {
    capabilities: new Set(),
    logIn: async () => ({ state: { public: '1', secret: 'first' }, address: 'sip:a@c', cursor: '0', steps: ['iwa'] }),
    listen: () => ({
      next: async () => ({
        arrived: [],
        cursor: '1',
        state: { public: '1', secret: 'renewed' },
        waitMs: 0,
        oddities: {},
      }),
    }),
    send: async () => {
      throw new TypeError('a login sends nothing')
    },
    logOut: async ({ secret }) => void signedOut.push(secret),
    close: () => {},
  }
  return { upstream, signedOut }
}

async function login(upstream: Upstream, through: (parts: LoginParts) => LoginParts = (parts) => parts) {
  const { items } = await database()
  const vault = testVault()
  await configurationWriter(items, vault).addUser(USER, { permitted: true })
  const parts: LoginParts = {
    seats: seats(items),
    sessions: sessions(items, vault),
    mailbox: mailbox(items),
    listenerGroups: listenerGroups(items),
    seatHints: seatHints(items),
    configuration: configuration(items, vault),
    grouping: grouping(300),
    wrong: wrongPasswordStore(items),
    push: async () => true,
    upstream,
    clock: testClock(NOW),
    measure: unmeasured,
    startUpkeep: async () => {},
  }
  const frame = { type: 'login', user: USER, password: 'right' } as const
  return logIn(through(parts))({ frame, number: 1, device: 'ann-phone', connection: 'c1', now: NOW })
}

describe('a login that fails after its sign-in', () => {
  it('signs out by the newest state upstream', async () => {
    const { upstream, signedOut } = renewing()
    const failing = login(upstream, (parts) => ({ ...parts, seats: { ...parts.seats, open: async () => false } }))
    await expect(failing).rejects.toMatchObject({ code: 'session-gone' })
    expect(signedOut).toEqual(['renewed'])
  })
})
