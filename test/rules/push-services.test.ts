import { expect, it } from 'vitest'
import { isOfPushService, PUSH_SERVICE, PUSH_SERVICES } from '../../shared/rules/push-services.ts'

it.each([
  'https://fcm.googleapis.com/fcm/send/abc',
  'https://updates.push.services.mozilla.com/wpush/v2/abc',
  'https://web.push.apple.com/abc',
  'https://db5p.notify.windows.com/w/?token=abc',
])("posts to the browsers' own push services: %s", (endpoint) => {
  expect(isOfPushService(endpoint, PUSH_SERVICES)).toBe(true)
})

it.each([
  ['another host', 'https://push.contoso.test/abc'],
  ['a host that ends alike', 'https://evilpush.apple.com/abc'],
  ['a host that begins alike', 'https://fcm.googleapis.com.contoso.test/abc'],
  ['the domain itself, of which only hosts are named', 'https://push.apple.com/abc'],
  ['plain HTTP', 'http://fcm.googleapis.com/abc'],
  ['another port', 'https://fcm.googleapis.com:8443/abc'],
  ['another host behind a name', 'https://fcm.googleapis.com@169.254.169.254/abc'],
  ['a name before the host', 'https://ann@fcm.googleapis.com/abc'],
  ['the metadata of a machine', 'http://169.254.169.254/latest/meta-data'],
  ['this machine', 'https://127.0.0.1/abc'],
  ['this machine, in IPv6', 'https://[::1]/abc'],
  ['no address', 'fcm.googleapis.com/abc'],
  ['a file', 'file:///fcm.googleapis.com/abc'],
])('does not post to %s', (_, endpoint) => {
  expect(isOfPushService(endpoint, PUSH_SERVICES)).toBe(false)
})

it('posts to an origin of this machine where that is named with its scheme and port, and to no other', () => {
  const services = ['http://127.0.0.1:8080']
  expect(isOfPushService('http://127.0.0.1:8080/push/a', services)).toBe(true)
  expect(isOfPushService('http://127.0.0.1:8081/push/a', services)).toBe(false)
  expect(isOfPushService('https://127.0.0.1:8080/push/a', services)).toBe(false)
})

it.each([...PUSH_SERVICES, 'push.contoso.com', 'http://127.0.0.1:8080'])('%s may be set', (service) => {
  expect(service).toMatch(PUSH_SERVICE)
})

it.each(['10.0.0.1', '*', '*.com', 'localhost', 'https://push.contoso.com', 'http://10.0.0.1:80', 'a b.com', '[::1]'])(
  '%s may not be set',
  (service) => {
    expect(service).not.toMatch(PUSH_SERVICE)
  },
)
