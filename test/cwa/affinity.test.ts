import { expect, it } from 'vitest'
import { signOut } from '../../functions/session/end-session.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import { secretsOf, sessions } from '../../shared/store/sessions.ts'
import { affinityFront } from '../kit/affinity-front.ts'
import { database } from '../kit/database.ts'
import { clientOf, PASSWORD, upstream } from '../kit/upstream.ts'
import { testVault } from '../kit/vault.ts'

const CURSOR = { seq: 0, ackId: 0, eid: 0 }

/**
 * Four web access servers behind a load balancer, and four environments of the service: of login, send, upkeep and
 * logout, each with an address of its own. What one learns the next has from the table.
 */
it.each([0, 1, 2, 3].flatMap((first) => [jsonCodec, xmlCodec].map((codec) => ({ first, codec, name: codec.name }))))(
  'a login that comes to server $first holds, sends, polls and logs out there, in $name',
  async ({ first, codec }) => {
    const servers = await Promise.all([0, 1, 2, 3].map(async () => upstream({ codec })))
    const doors = await affinityFront(servers.map(({ cwa }) => cwa.url()))
    const environment = (nth: number) => clientOf(doors[(first + nth) % 4] ?? '', codec, undefined)
    const { items } = await database()
    const store = sessions(items, testVault())
    const kept = async () => {
      const found = await store.read('s')
      if (found === undefined) throw new Error('the session is not kept')
      return found
    }
    const opened = () => servers.map(({ cwa }) => cwa.control.sessions().length)

    const login = environment(0)
    const session = await login.initiateSession(await login.signIn('CONTOSO\\ann', PASSWORD))
    const whose = { session: 's', device: 'd', user: 'CONTOSO\\ann', uri: session.uri, openedAt: 0, cursor: CURSOR }
    await store.open({ ...whose, sid: session.sid, ...secretsOf(session) }, Date.now())
    expect(opened()[first]).toBe(1)

    const sent = await environment(1).command(await kept(), [{ method: 'search', rid: '7', displayName: 'bob' }])
    expect(sent.answers).toMatchObject([{ rid: '7' }])
    const { events } = await environment(2).poll(await kept(), { ackId: 0, active: true })
    expect(events.length).toBeGreaterThan(0)
    await signOut('s', { sessions: store, cwa: environment(3) })
    expect(opened()).toEqual([0, 0, 0, 0])
  },
)

it('a cookie that a load balancer replaces is kept sealed, and renewed as the ticket is', async () => {
  const { items } = await database()
  const store = sessions(items, testVault())
  const secrets = { ticket: 'ticket-1', cookies: '[{"name":"affinity"}]' }
  const open = { session: 's', device: 'd', user: 'u', uri: 'sip:a@b', sid: '1', openedAt: 0, cursor: CURSOR }
  await store.open({ ...open, ...secrets }, Date.now())

  expect(JSON.stringify(await items.get({ pk: 'SESSION#s', sk: '-' }))).not.toContain('affinity')
  const now = { ticket: 'ticket-1', cookies: '[{"name":"other"}]' }
  expect(await store.renew('s', { was: secrets, now })).toBe(true)
  expect(await store.renew('s', { was: secrets, now: { ticket: 'late' } })).toBe(false)
  expect(await store.read('s')).toMatchObject(now)
  expect(await store.renew('s', { was: now, now: { ticket: 'ticket-2' } })).toBe(true)
  expect(await store.read('s')).not.toHaveProperty('cookies')
})
