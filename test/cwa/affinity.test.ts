import { cwaUpstream } from '../../shared/cwa/upstream.ts'
import { expect, it } from 'vitest'
import { signOut } from '../../functions/session/end-session.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import { sessions } from '../../shared/store/sessions.ts'
import { affinityFront } from '../kit/affinity-front.ts'
import { database } from '../kit/database.ts'
import { clientOf, PASSWORD, upstream } from '../kit/upstream.ts'
import { testVault } from '../kit/vault.ts'

const CURSOR = { seq: 0, upstream: '0.0' }

/**
 * Four web access servers behind a load balancer, and four environments of the service: of login, send, upkeep and
 * logout, each with an address of its own. What one learns the next has from the table.
 */
it.each([0, 1, 2, 3].flatMap((first) => [jsonCodec, xmlCodec].map((codec) => ({ first, codec, name: codec.name }))))(
  'a login that comes to server $first holds, sends, polls and logs out there, in $name',
  async ({ first, codec }) => {
    const servers = await Promise.all([0, 1, 2, 3].map(async () => upstream({ codec })))
    const doors = await affinityFront(servers.map(({ cwa }) => cwa.url()))
    const environment = (nth: number) => cwaUpstream(clientOf(doors[(first + nth) % 4] ?? '', codec, undefined))
    const { items } = await database()
    const store = sessions(items, testVault())
    const kept = async () => {
      const found = await store.read('s')
      if (found === undefined) throw new Error('the session is not kept')
      return found
    }
    const opened = () => servers.map(({ cwa }) => cwa.control.sessions().length)

    const { state, address: uri } = await environment(0).logIn('CONTOSO\\ann', PASSWORD)
    const whose = { session: 's', device: 'd', user: 'CONTOSO\\ann', uri, openedAt: 0, cursor: CURSOR }
    await store.open({ ...whose, state }, Date.now())
    expect(opened()[first]).toBe(1)

    const sent = await environment(1).send((await kept()).state, { kind: 'presence', availability: 'busy' }, 7)
    expect(sent.outcome).toEqual({})
    const { arrived } = await environment(2)
      .listen()
      .next((await kept()).state, CURSOR.upstream, { active: true })
    expect(arrived.length).toBeGreaterThan(0)
    await signOut('s', { sessions: store, upstream: environment(3) })
    expect(opened()).toEqual([0, 0, 0, 0])
  },
)

const state = (secret: string) => ({ public: '1', secret })

it('a cookie that a load balancer replaces is kept sealed, and renewed as the ticket is', async () => {
  const { items } = await database()
  const store = sessions(items, testVault())
  const was = state('ticket-1\0[{"name":"affinity"}]')
  const open = { session: 's', device: 'd', user: 'u', uri: 'sip:a@b', openedAt: 0, cursor: CURSOR }
  await store.open({ ...open, state: was }, Date.now())

  expect(JSON.stringify(await items.get({ pk: 'SESSION#s', sk: '-' }))).not.toContain('affinity')
  const now = state('ticket-1\0[{"name":"other"}]')
  expect(await store.renew('s', { was, now })).toBe(true)
  expect(await store.renew('s', { was, now: state('late') })).toBe(false)
  expect(await store.read('s')).toMatchObject({ state: now })
  expect(await store.renew('s', { was: now, now: state('ticket-2') })).toBe(true)
  expect(await store.read('s')).toMatchObject({ state: state('ticket-2') })
})
