import { once } from 'node:events'
import { connect } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseAddress, tagOf } from '../../../infra/standin/lcs/sip/address.ts'
import { lcs } from '../../../infra/standin/lcs/server.ts'
import type { Lcs } from '../../../infra/standin/lcs/server.ts'
import { header, isRequest, listHeader, printSip } from '../../../infra/standin/lcs/sip/sip.ts'
import type { SipMessage } from '../../../infra/standin/lcs/sip/sip.ts'
import { sipStream } from '../../../infra/standin/lcs/sip/sip-stream.ts'
import { testClock } from '../../kit/clock.ts'
import { register, testPeer } from './peer.ts'
import { DBLREQ, ENDLESS, INVALID, UNREADABLE_RESPONSES, VALID } from './torture.ts'

/** The one message in some bytes. */
function only(bytes: Uint8Array): SipMessage {
  const [first, ...more] = sipStream()(bytes)
  if (first === undefined || 'refused' in first || more.length > 0) throw new Error('not one message')
  return first
}

const names = (vectors: Readonly<Record<string, Buffer>>) => Object.entries(vectors)

describe('a message of RFC 4475 that is well-formed', () => {
  it.each(names(VALID))('is read, and reads the same once printed: %s', (_, bytes) => {
    const read = only(bytes)

    expect(only(printSip(read))).toEqual(read)
    expect(header(read, 'Call-ID')).not.toBe('')
  })

  it('is taken apart where it is folded and full of blanks', () => {
    const wsinv = only(VALID['wsinv'] ?? Buffer.alloc(0))
    const from = parseAddress(header(wsinv, 'From') ?? '')

    expect([from.uri, from.display, from.params.get('tag')]).toEqual([
      'sip:jdrosen@example.com',
      'J Rosenberg \\"',
      '98asjd8',
    ])
    expect(tagOf(header(wsinv, 'To'))).toBe('1918181833n')
    expect(header(wsinv, 'CSeq')).toBe('0009 INVITE')
    expect(listHeader(wsinv, 'Via')).toHaveLength(3)
    expect(parseAddress(header(wsinv, 'Contact') ?? '').params.get('q')).toBe('0.33')
    expect(header(wsinv, 'NewFangledHeader')).toBe('newfangled value continued newfangled value')
    expect(wsinv.body).toHaveLength(150)
  })

  it('keeps its odd characters', () => {
    const intmeth = only(VALID['intmeth'] ?? Buffer.alloc(0))

    expect(isRequest(intmeth) && intmeth.method).toBe("!interesting-Method0123456789_*+`.%indeed'~")
    expect(header(intmeth, "extensionHeader-!.%*+_`'~")).toBe('大停電')
    expect(tagOf(header(intmeth, 'From'))).toBe("_token~1'+`*%!-.")
  })

  it('is two where the second follows the first', () => {
    expect(sipStream()(DBLREQ)).toMatchObject([{ method: 'REGISTER' }, { method: 'INVITE' }])
  })
})

describe('over a connection to the server, a message of RFC 4475', () => {
  const clock = testClock()
  let server: Lcs
  let socket: TLSSocket
  const read = sipStream()
  let arrived: SipMessage[]

  beforeEach(async () => {
    server = lcs({ clock, users: [{ uri: 'sip:ann@contoso.test' }] })
    await server.start()
    socket = connect({ ...server.peer('torturer'), servername: 'lcs.local' })
    arrived = []
    socket.on('data', (chunk: Uint8Array) => {
      for (const each of read(chunk)) if (!('refused' in each)) arrived.push(each)
    })
    await once(socket, 'secureConnect')
  })
  afterEach(async () => {
    socket.destroy()
    await server.stop()
  })

  /** Everything sent before has been answered once this is. */
  async function barrier(): Promise<void> {
    const request = register('ann')
    const via = ['Via', 'SIP/2.0/TLS peer.test:5061;branch=z9hG4bKbarrier'] as const
    socket.write(printSip({ ...request, headers: [via, ...request.headers] }))
    while (!arrived.some((each) => header(each, 'Via')?.endsWith('barrier'))) await once(socket, 'data')
  }

  it.each(names(INVALID))('that is invalid is refused, and harms nothing: %s', async (name, bytes) => {
    const other = await testPeer(server.peer('another'), clock)
    // Its answer may itself be unreadable, for it repeats what it answers: so the bytes are looked at.
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.write(bytes)
    await barrier()

    const text = Buffer.concat(chunks).toString('utf8')
    expect(text).toMatch(name === 'badvers' ? /^SIP\/2\.0 505 / : /^SIP\/2\.0 400 /)
    expect(text.match(/^SIP\/2\.0 \d/gm)).toHaveLength(2)
    expect((await other.ask({ ...register('ann', 0), uri: 'sip:ann@contoso.test' })).status).not.toBe(408)
  })

  it.each(names(ENDLESS))('that has no end is refused, and ends the connection alone: %s', async (_, bytes) => {
    const other = await testPeer(server.peer('another'), clock)
    const text: Buffer[] = []
    socket.on('data', (chunk: Buffer) => text.push(chunk))
    socket.write(bytes)
    await once(socket, 'close')

    expect(Buffer.concat(text).toString('utf8')).toMatch(/^SIP\/2\.0 400 /)
    expect((await other.ask(register('ann'))).status).toBe(200)
  })

  it.each(names(UNREADABLE_RESPONSES))('that is an unreadable response is thrown away: %s', async (_, bytes) => {
    socket.write(bytes)
    await barrier()

    expect(arrived).toHaveLength(1)
  })

  it('that is well-formed is answered for what it is', async () => {
    for (const name of ['unksm2', 'bext01', 'novelsc', 'zeromf', 'bcast', 'regaut01']) socket.write(VALID[name] ?? '')
    await barrier()

    expect(arrived.flatMap((each) => ('status' in each ? [each.status] : []))).toEqual([416, 420, 501, 501, 404, 200])
    expect(header(arrived[1] ?? { headers: [] }, 'Unsupported')).toBe('nothingSupportsThis, nothingSupportsThisEither')
  })
})
