import { describe, expect, test } from 'vitest'
import { CwaFault, faultOf, faultOfStatus, SignInRefused } from '../../shared/cwa/faults.ts'
import { faultOfNetwork } from '../../shared/upstream/http/network-faults.ts'

describe('an error code', () => {
  test.each([
    [18100, 'sign-in'],
    [18101, 'again'],
    [18203, 'again'],
    [18301, 'again'],
    [18000, 'give-up'],
    [18102, 'give-up'],
    [18201, 'give-up'],
    [18302, 'give-up'],
    [99999, 'give-up'],
  ])('%i means %s', (code, kind) => {
    expect(faultOf({ code }).kind).toBe(kind)
  })

  test('that leaves open whether the request was carried out says so', () => {
    expect(faultOf({ code: 18203 }).maybeDone).toBe(true)
    expect(faultOf({ code: 18101 }).maybeDone).toBe(false)
  })
})

describe('an HTTP status', () => {
  test.each([
    [401, 'sign-in'],
    [403, 'sign-in'],
    [408, 'again'],
    [429, 'again'],
    [502, 'again'],
    [503, 'again'],
    [504, 'again'],
    [302, 'give-up'],
    [404, 'give-up'],
    [500, 'give-up'],
  ])('%i means %s', (status, kind) => {
    expect(faultOfStatus(status, 'a command').kind).toBe(kind)
  })

  test('is passed on with its Retry-After, seconds or a date', () => {
    const now = Date.UTC(2026, 0, 1)
    const wait = (retryAfter?: string) => faultOfStatus(503, 'a command', retryAfter, now).retryAfterMs
    expect(wait('120')).toBe(120_000)
    expect(wait('Thu, 01 Jan 2026 00:00:05 GMT')).toBe(5_000)
    expect(wait('Thu, 01 Jan 2025 00:00:00 GMT')).toBe(0)
    expect(wait('soon')).toBeUndefined()
    expect(wait()).toBeUndefined()
  })
})

const failed = (code: string, sent = false) =>
  faultOfNetwork(Object.assign(new Error('x'), { code }), 'im.contoso.test', sent)

describe('a socket error', () => {
  test.each(['ECONNREFUSED', 'ENOTFOUND', 'ECONNRESET', 'ESOMETHINGNEW'])('%s may pass', (code) => {
    expect(failed(code)).toMatchObject({ kind: 'again', maybeDone: false })
  })

  test('after the request was sent leaves open whether it was carried out', () => {
    expect(failed('ECONNRESET', true).maybeDone).toBe(true)
  })

  test.each([
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'EPROTO',
    'ERR_SSL_WRONG_VERSION_NUMBER',
  ])('%s is final, and is named', (code) => {
    expect(failed(code)).toMatchObject({
      kind: 'give-up',
      message: expect.stringMatching(new RegExp(`^TLS to im.*${code}`)),
    })
  })

  test('that quotes what was sent or received is not kept as a cause', () => {
    const notHttp = faultOfNetwork(new SyntaxError('no HTTP'), 'im.contoso.test', true)
    const message = 'im.contoso.test: what it answers is not HTTP (no HTTP)'
    expect(notHttp).toMatchObject({ kind: 'give-up', maybeDone: true, message })
    expect(notHttp.cause).toBeUndefined()
    expect(failed('ERR_INVALID_CHAR').cause).toBeUndefined()
    expect(failed('ECONNRESET').cause).toBeInstanceOf(Error)
  })
})

test('a refused sign-in differs from other faults', () => {
  const refused = new SignInRefused([
    'Integrated Windows Authentication: the server offers none',
    'forms: the server gives no ticket',
  ])
  expect(refused).toBeInstanceOf(CwaFault)
  expect(refused.name).toBe('SignInRefused')
  expect(refused.message).toContain('forms: the server gives no ticket')
})
