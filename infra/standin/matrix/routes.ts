import { No, textOf } from './request.ts'
import { ROOM_ROUTES } from './room-routes.ts'
import { at, type Route } from './routes-path.ts'
import type { Device } from './users.ts'

const ACCOUNT_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/_matrix\/client\/versions$/,
    open: () => ({ versions: ['v1.15'], unstable_features: {} }),
  },
  {
    method: 'GET',
    path: at('login'),
    open: () => ({ flows: [{ type: 'm.login.password' }, { type: 'm.login.token' }] }),
  },
  { method: 'POST', path: at('login'), open: ({ body }, { users }) => users.logIn(body) },
  { method: 'POST', path: at('refresh'), open: ({ body }, { users }) => users.refresh(textOf(body['refresh_token'])) },
  {
    method: 'POST',
    path: at('logout'),
    act({ device }, { users, presences, step }) {
      users.logOut(device)
      presences.gone(device)
      // A request that waits with its token gets its answer.
      step()
      return {}
    },
  },
  {
    method: 'GET',
    path: at('account/whoami'),
    act: ({ device }) => ({ user_id: device.userId, device_id: device.id }),
  },
  { method: 'GET', path: at('sync'), sync: true },
  {
    method: 'PUT',
    path: at('presence/*/status'),
    act({ device, values, request: { body } }, { presences }) {
      mustBe(device, values[0])
      presences.put(device, textOf(body['presence']), textOf(body['status_msg']))
      return {}
    },
  },
  {
    method: 'GET',
    path: at('user/*/account_data/*'),
    act({ device, values: [userId, type = ''] }, { accounts }) {
      mustBe(device, userId)
      const found = accounts.get(device.userId, type)
      if (found === undefined) throw new No(404, 'M_NOT_FOUND', 'Account data not found')
      return found
    },
  },
  {
    method: 'PUT',
    path: at('user/*/account_data/*'),
    act({ device, values: [userId, type = ''], request: { body } }, { accounts }) {
      mustBe(device, userId)
      accounts.put(device.userId, type, body)
      return {}
    },
  },
  {
    method: 'POST',
    path: at('user_directory/search'),
    act: ({ device, request: { body } }, { users }) => ({
      results: users.search(textOf(body['search_term'])).filter((each) => each.user_id !== device.userId),
      limited: false,
    }),
  },
  {
    method: 'GET',
    path: at('directory/room/*'),
    act({ values: [alias = ''] }, { rooms, server }) {
      const room = rooms.aliased(alias)
      if (room === undefined) throw new No(404, 'M_NOT_FOUND', `Room alias ${alias} not found`)
      return { room_id: room.id, servers: [server] }
    },
  },
]

function mustBe({ userId }: Device, named: string | undefined): void {
  if (named !== userId) throw new No(403, 'M_FORBIDDEN', 'Cannot do that for other users')
}

export const ROUTES: readonly Route[] = [...ACCOUNT_ROUTES, ...ROOM_ROUTES]
