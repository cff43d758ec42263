import { describe, expect, it } from 'vitest'
import { cookieJar } from '../../../shared/cwa/channels/cookies.ts'
import { testClock } from '../../kit/clock.ts'

const PATH = '/cwa/MainCommandHandler.ashx'

function jarOf(url: string, clock = testClock()) {
  const jar = cookieJar(new URL(url), clock.now)
  return { jar, clock, sent: (path = PATH) => jar.header(path).Cookie ?? '' }
}

const HTTPS = 'https://im.contoso.test'

describe('cookies that a server sets (RFC 6265)', () => {
  it.each([
    { set: 'a=1', sent: 'a=1', why: 'it has no bounds' },
    { set: 'a=1; Path=/', sent: 'a=1', why: 'its path is all' },
    { set: 'a=1; Path=/cwa', sent: 'a=1', why: 'its path is above' },
    { set: 'a=1; Path=/cwa/', sent: 'a=1', why: 'its path is above' },
    { set: 'a=1; Path=/cw', sent: '', why: 'its path is no folder above' },
    { set: 'a=1; Path=/forms', sent: '', why: 'its path is elsewhere' },
    { set: 'a=1; Path=relative', sent: 'a=1', why: 'its path is none, and so the default' },
    { set: 'a=1; Domain=im.contoso.test', sent: 'a=1', why: 'its domain is the host' },
    { set: 'a=1; Domain=.Contoso.test', sent: 'a=1', why: 'its domain is above' },
    { set: 'a=1; Domain=fabrikam.test', sent: '', why: 'its domain is another' },
    { set: 'a=1; Domain=other.im.contoso.test', sent: '', why: 'its domain is below' },
    { set: 'a=1; Domain=test', sent: '', why: 'its domain is a whole top level' },
    { set: 'a=1; Secure; HttpOnly; SameSite=Strict', sent: 'a=1', why: 'it goes over TLS' },
    { set: 'a=1; Max-Age=0', sent: '', why: 'it has expired' },
    { set: 'a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT', sent: '', why: 'it has expired' },
    { set: 'a=1; Expires=Fri, 01-Jan-2049 00:00:00 GMT', sent: 'a=1', why: 'it expires later' },
    { set: '=1', sent: '', why: 'it has no name' },
    { set: 'nothing', sent: '', why: 'it is none' },
    { set: 'a=1\r\nX: y', sent: '', why: 'it has control characters' },
    { set: `a=${'x'.repeat(5_000)}`, sent: '', why: 'it is too long' },
    { set: 'AWSALB=x/y+z=; Path=/', sent: 'AWSALB=x/y+z=', why: 'its value is its own' },
  ])('are sent as $sent after $set: $why', ({ set, sent }) => {
    const { jar, sent: now } = jarOf(HTTPS)
    jar.take([set], '/cwa/AsyncDataChannel.ashx?Sid=1')
    expect(now()).toBe(sent)
  })

  it('for a path by default go to that folder only', () => {
    const { jar, sent } = jarOf(HTTPS)
    jar.take(['a=1'], '/forms/logon.html')
    expect([sent(), sent('/forms/logon.html?x=1')]).toEqual(['', 'a=1'])
  })

  it('over HTTP are neither kept nor sent where they are Secure', () => {
    const { jar, sent } = jarOf('http://im.contoso.test')
    jar.take(['a=1; Secure; Path=/', 'b=2; Path=/'], PATH)
    expect(sent()).toBe('b=2')
  })

  it('to an address go there only', () => {
    const { jar, sent } = jarOf('http://127.0.0.1:8080')
    jar.take(['a=1; Path=/; Domain=0.0.1', 'b=2; Path=/'], PATH)
    expect(sent()).toBe('b=2')
  })

  it('are replaced, deleted, and expire', () => {
    const { jar, sent, clock } = jarOf(HTTPS)
    jar.take(['a=1; Path=/', 'b=1; Path=/; Max-Age=60', 'c=1; Path=/cwa'], PATH)
    expect(sent()).toBe('c=1; a=1; b=1')
    jar.take(['a=2; Path=/'], PATH)
    clock.advance(60_000)
    expect(sent()).toBe('c=1; a=2')
    jar.take(['a=; Path=/; Max-Age=0', 'c=; Path=/cwa; Expires=Thu, 01 Jan 1970 00:00:00 GMT'], PATH)
    expect(jar.kept()).toEqual({})
  })

  it('go on as they were, from what was kept of them', () => {
    const { jar, clock } = jarOf(HTTPS)
    jar.take(['a=1; Path=/; Domain=contoso.test; Max-Age=60; Secure', 'b=2; Path=/cwa'], PATH)
    const later = cookieJar(new URL(HTTPS), clock.now, jar.kept().cookies)
    expect(later.header(PATH)).toEqual(jar.header(PATH))
    expect(later.kept()).toEqual(jar.kept())
    clock.advance(60_000)
    expect(later.header(PATH)).toEqual({ Cookie: 'b=2' })
  })

  it('are no more than a few', () => {
    const { jar, sent } = jarOf(HTTPS)
    jar.take(
      Array.from({ length: 1_000 }, (_, at) => `c${at}=1; Path=/`),
      PATH,
    )
    expect(sent().split('; ')).toHaveLength(20)
  })
})
