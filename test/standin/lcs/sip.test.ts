import { describe, expect, it } from 'vitest'
import { addressOfRecord, parseAddress, printAddress } from '../../../infra/standin/lcs/sip/address.ts'
import { header, isRequest, listHeader, printSip, SipError } from '../../../infra/standin/lcs/sip/sip.ts'
import type { SipMessage } from '../../../infra/standin/lcs/sip/sip.ts'
import { sipStream } from '../../../infra/standin/lcs/sip/sip-stream.ts'
import type { Unreadable } from '../../../infra/standin/lcs/sip/sip-stream.ts'

const crlf = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'), 'utf8')

/** RFC 3261, 24.1, F1. */
const REGISTER = crlf(`REGISTER sip:registrar.biloxi.com SIP/2.0
Via: SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bKnashds7
Max-Forwards: 70
To: Bob <sip:bob@biloxi.com>
From: Bob <sip:bob@biloxi.com>;tag=456248
Call-ID: 843817637684230@998sdasdh09
CSeq: 1826 REGISTER
Contact: <sip:bob@192.0.2.4>
Expires: 7200
Content-Length: 0

`)

/** RFC 3261, 24.1, F2. */
const OK = crlf(`SIP/2.0 200 OK
Via: SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bKnashds7
 ;received=192.0.2.4
To: Bob <sip:bob@biloxi.com>;tag=2493k59kd
From: Bob <sip:bob@biloxi.com>;tag=456248
Call-ID: 843817637684230@998sdasdh09
CSeq: 1826 REGISTER
Contact: <sip:bob@192.0.2.4>
Expires: 7200
Content-Length: 0

`)

/** RFC 3428, 10, F1, with the compact names of RFC 3261, 7.3.3, and a list on two lines. */
const MESSAGE = crlf(`MESSAGE sip:user2@domain.com SIP/2.0
v: SIP/2.0/TCP user1pc.domain.com;branch=z9hG4bK776sgdkse
Max-Forwards: 70
f: sip:user1@domain.com;tag=49583
t: sip:user2@domain.com
i: asd88asd77a@1.2.3.4
CSeq: 1 MESSAGE
Route: <sip:alice@atlanta.com>, <sip:bob@biloxi.com>
Subject: I know you're there,
         pick up the phone
         and talk to me!
Route: <sip:carol@chicago.com>
c: text/plain
l: 18

Watson, come here.`)

const withLine = (from: string, to: string): Buffer => Buffer.from(REGISTER.toString('utf8').replace(from, to), 'utf8')

/** The messages in some bytes, cut out by one stream. */
function messagesIn(bytes: Uint8Array, limits?: { headBytes: number; bodyBytes: number }): SipMessage[] {
  return messagesOf(sipStream(limits)(bytes))
}

function messagesOf(items: readonly (SipMessage | Unreadable)[]): SipMessage[] {
  return items.map((item) => {
    if ('refused' in item) throw item.refused
    return item
  })
}

function statusOf(bytes: Uint8Array, limits?: { headBytes: number; bodyBytes: number }): number | undefined {
  try {
    messagesIn(bytes, limits)
    return undefined
  } catch (thrown) {
    return thrown instanceof SipError ? thrown.status : -1
  }
}

describe('sipStream', () => {
  it('reads the REGISTER of RFC 3261 and its answer', () => {
    const [request, response] = messagesIn(Buffer.concat([REGISTER, OK]))

    expect(request).toMatchObject({ method: 'REGISTER', uri: 'sip:registrar.biloxi.com', body: '' })
    expect(response).toMatchObject({ status: 200, reason: 'OK' })
    expect(header(response ?? { headers: [] }, 'via')).toBe(
      'SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bKnashds7 ;received=192.0.2.4',
    )
  })

  it('reads compact names, folded lines, and a list on several lines', () => {
    const [message = { headers: [], body: '' }] = messagesIn(MESSAGE)

    expect(header(message, 'Subject')).toBe("I know you're there, pick up the phone and talk to me!")
    expect(listHeader(message, 'Route')).toEqual([
      '<sip:alice@atlanta.com>',
      '<sip:bob@biloxi.com>',
      '<sip:carol@chicago.com>',
    ])
    expect(header(message, 'Call-ID')).toBe('asd88asd77a@1.2.3.4')
    expect(header(message, 'Content-Type')).toBe('text/plain')
    expect(message.body).toBe('Watson, come here.')
  })

  it('cuts the same messages out however the bytes are chunked', () => {
    const bytes = Buffer.concat([crlf('\n\n'), MESSAGE, REGISTER, crlf('\n'), OK])
    const whole = messagesIn(bytes)
    for (const size of [1, 2, 3, 7, 100]) {
      const read = sipStream()
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      )
      expect(chunks.flatMap(read)).toEqual(whole)
    }
    expect(whole).toHaveLength(3)
  })

  it('counts a body in bytes', () => {
    const [request] = messagesIn(MESSAGE)
    if (request === undefined || !isRequest(request)) throw new TypeError('no request')
    const printed = printSip({ ...request, body: 'Grüße, 世界 🌍' })

    expect(printed.toString('utf8')).toContain('Content-Length: 20\r\n')
    expect(messagesIn(printed)).toEqual([{ ...request, body: 'Grüße, 世界 🌍' }])
  })

  it.each([
    ['no Content-Length', withLine('Content-Length: 0\r\n', ''), 400],
    ['two of them', withLine('Content-Length: 0', 'Content-Length: 0\r\nl: 1'), 400],
    ['a negative one', withLine('Content-Length: 0', 'Content-Length: -1'), 400],
    ['another version', withLine('SIP/2.0\r\nVia', 'SIP/7.0\r\nVia'), 505],
    ['a CSeq of another method', withLine('1826 REGISTER', '1826 INVITE'), 400],
    ['a CSeq that is too large', withLine('1826 REGISTER', '2147483648 REGISTER'), 400],
    ['no From', withLine('From: Bob <sip:bob@biloxi.com>;tag=456248\r\n', ''), 400],
    ['no Via', withLine('Via: SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bKnashds7\r\n', ''), 400],
    ['two Call-IDs', withLine('Expires: 7200', 'i: another'), 400],
    ['a line without a colon', withLine('Expires: 7200', 'Expires 7200'), 400],
    ['a first line of something else', Buffer.from('GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n'), 400],
    ['bytes that are no UTF-8', Buffer.concat([Buffer.from([0xff, 0xfe]), REGISTER]), 400],
  ])('refuses %s', (_, bytes, status) => {
    expect(statusOf(bytes)).toBe(status)
  })

  it('refuses headers and bodies past the limits, and takes them at the limits', () => {
    const headBytes = MESSAGE.indexOf('\r\n\r\n')

    expect(statusOf(MESSAGE, { headBytes, bodyBytes: 18 })).toBeUndefined()
    expect(statusOf(MESSAGE, { headBytes: headBytes - 1, bodyBytes: 18 })).toBe(513)
    expect(statusOf(MESSAGE, { headBytes, bodyBytes: 17 })).toBe(513)
    expect(statusOf(Buffer.alloc(101, 'x'), { headBytes: 100, bodyBytes: 18 })).toBe(513)
  })
})

describe('printSip', () => {
  it('refuses a header that would break its line', () => {
    const [request] = messagesIn(REGISTER)
    if (request === undefined) throw new TypeError('no request')

    expect(() => printSip({ ...request, headers: [...request.headers, ['Subject', 'a\r\nX: b']] })).toThrow(TypeError)
  })
})

describe('parseAddress', () => {
  it.each([
    ['"A. G. Bell" <sip:agb@bell-telephone.com> ;tag=a48s', 'sip:agb@bell-telephone.com', 'A. G. Bell', 'a48s'],
    ['Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8', 'sip:c8oqz84zk7z@privacy.org', 'Anonymous', 'hyh8'],
    ['sip:+12125551212@server.phone2net.com;tag=887s', 'sip:+12125551212@server.phone2net.com', undefined, '887s'],
    ['"a \\"b\\", <c>;tag=no" <sip:d@e.test;x=1>;tag=f', 'sip:d@e.test;x=1', 'a "b", <c>;tag=no', 'f'],
  ])('reads %s', (value, uri, display, tag) => {
    const address = parseAddress(value)

    expect([address.uri, address.display, address.params.get('tag')]).toEqual([uri, display, tag])
  })

  it.each(['', '<>', 'Bob', '"Bob <sip:bob@b.test>', '<sip:bob@b.test'])('refuses %j', (value) => {
    expect(() => parseAddress(value)).toThrow(SipError)
  })

  it('reads back what printAddress quoted', () => {
    const display = 'Ann "the \\ man"'
    const address = parseAddress(printAddress('sip:ann@contoso.test', { display, tag: '1' }))

    expect([address.display, address.params.get('tag')]).toEqual([display, '1'])
  })
})

describe('addressOfRecord', () => {
  it('is one text for all ways to write a user', () => {
    expect(addressOfRecord('SIP:Ann@Contoso.test;transport=tls')).toBe('sip:ann@contoso.test')
  })

  it('refuses what is no user', () => {
    expect(() => addressOfRecord('tel:+12125551212')).toThrow(SipError)
  })
})
