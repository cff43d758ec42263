import { describe, expect, it } from 'vitest'
import { routeOf } from '../../../infra/aws/gateway/frames/routes.ts'
import { route } from './harness.ts'

const routes = ['$connect', '$disconnect', '$default', 'login', 'constructor', '1'].map((key) => route(key))
const api = { id: 'a1b2c3d4', stage: 'live', routeSelection: ['action'], routes }
const keyOf = (body: string) => routeOf(api, body)?.key

describe('routeOf', () => {
  it('finds the route that the body names', () => {
    expect(keyOf('{"action":"login","frame":"x"}')).toBe('login')
  })

  it.each([
    ['no JSON', 'login'],
    ['no object', '"login"'],
    ['an array', '["login"]'],
    ['null', 'null'],
    ['no such member', '{"type":"login"}'],
    ['an unknown key', '{"action":"logoff"}'],
    ['a number, although a route is called 1', '{"action":1}'],
    ['an object', '{"action":{"login":true}}'],
    ['$connect', '{"action":"$connect"}'],
    ['$disconnect', '{"action":"$disconnect"}'],
    ['an empty text', ''],
  ])('falls back to $default for %s', (_, body) => {
    expect(keyOf(body)).toBe('$default')
  })

  it.each(['__proto__', 'toString', 'hasOwnProperty'])('knows no route by the name of %s', (name) => {
    expect(routeOf({ ...api, routes: [route('login')] }, JSON.stringify({ action: name }))).toBeUndefined()
  })

  it('follows a path of several members', () => {
    const deep = { ...api, routeSelection: ['head', 'kind'] }
    expect(routeOf(deep, '{"head":{"kind":"login"}}')?.key).toBe('login')
    expect(routeOf(deep, '{"head":"login"}')?.key).toBe('$default')
  })

  it('finds none where there is no $default', () => {
    expect(routeOf({ ...api, routes: [route('login')] }, '{"action":"logoff"}')).toBeUndefined()
  })
})
