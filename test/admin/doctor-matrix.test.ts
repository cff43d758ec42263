import { expect, it, onTestFinished } from 'vitest'
import { standInMatrix } from '../../infra/standin/matrix/server.ts'
import { wallClock } from '../../shared/clock.ts'
import { testClock } from '../kit/clock.ts'
import { MATRIX_USERS } from '../kit/matrix.ts'
import { PASSWORD } from '../kit/upstream.ts'
import { administered } from './harness.ts'

async function examined() {
  const server = standInMatrix({ users: MATRIX_USERS, clock: wallClock })
  await server.start()
  onTestFinished(server.stop)
  const clock = testClock(Date.now())
  const cwa = { kind: 'matrix', url: server.url(), codec: 'json' } as const
  const { answering, configuration } = await administered({ clock, cwa })
  await configuration.putUser('@ann:contoso.test', { permitted: true })
  const examine = async () => answering(`${PASSWORD}\r`, 'doctor', '--user', '@ann:contoso.test')
  return { server, examine }
}

it('looks at versions, ways in, encryption and pace of a Matrix server, and leaves no room behind', async () => {
  const { server, examine } = await examined()
  const { out } = await examine()
  expect(out).toMatch(/^ok +Matrix versions: at http.*, up to v1\.15$/m)
  expect(out).toMatch(/^ok +Matrix sign-in: offers m\.login\.password, m\.login\.token$/m)
  expect(out).toMatch(/^warning +Matrix clients: Element encrypts new rooms by default/m)
  expect(out).toMatch(/^ok +sign-in: m\.login\.password: accepted$/m)
  expect(out).toMatch(/^ok +Matrix rooms: new rooms are not encrypted by the server$/m)
  expect(out).toMatch(/^ok +Matrix pace: takes 12 messages at once$/m)
  const made = server.control.requests().filter(({ path }) => path === '/createRoom')
  const left = server.control.requests().filter(({ path }) => path.endsWith('/leave'))
  expect([made.length, left.length]).toEqual([1, 1])
})

it('says how much a server takes at once, and for how long it asks to wait', async () => {
  const { server, examine } = await examined()
  server.control.limitNext(({ path }) => path.includes('/doctor10'), 5_000)
  expect((await examine()).out).toMatch(
    /^warning +Matrix pace: the server takes 10 messages at once, then asks to wait 5000 ms$/m,
  )
})

it('says that a server encrypts every new room, and what to set', async () => {
  const { server, examine } = await examined()
  const body = { algorithm: 'm.megolm.v1.aes-sha2' }
  server.control.failNext(({ path }) => path.includes('m.room.encryption'), { status: 200, body })
  const { out } = await examine()
  expect(out).toMatch(/^wrong +Matrix rooms: the server encrypts every new room/m)
  expect(out).toContain('encryption_enabled_by_default_for_room_type')
})
