import { once } from 'node:events'
import { connect } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { authority } from '../../../infra/standin/tls/certificates.ts'
import { parseCategories, printCategories } from '../../../infra/standin/lcs/presence/categories.ts'
import { calleesDialog, callersDialog, within } from '../../../infra/standin/lcs/sip/dialogs.ts'
import type { Incoming } from '../../../infra/standin/lcs/incoming.ts'
import { lcs } from '../../../infra/standin/lcs/server.ts'
import type { Lcs } from '../../../infra/standin/lcs/server.ts'
import { header, listHeader, printSip } from '../../../infra/standin/lcs/sip/sip.ts'
import type { SipResponse } from '../../../infra/standin/lcs/sip/sip.ts'
import type { CategoryValue } from '../../../shared/cwa/model.ts'
import { testClock } from '../../kit/clock.ts'
import type { TestClock } from '../../kit/clock.ts'
import { contactOf, invite, publish, register, requestOf, subscribe, testPeer } from './peer.ts'
import type { TestPeer } from './peer.ts'

const ANN = 'sip:ann@contoso.test'
const BOB = 'sip:bob@contoso.test'
const VIA = 'SIP/2.0/TLS peer.test:5061;branch=z9hG4bK1'

let clock: TestClock
let server: Lcs
let peer: TestPeer
let other: TestPeer

beforeEach(async () => {
  clock = testClock()
  server = lcs({ clock, users: [{ uri: ANN, displayName: 'Ann <A>' }, { uri: BOB }] })
  await server.start()
  peer = await testPeer(server.peer('cwa-1'), clock)
  other = await testPeer(server.peer('cwa-2'), clock)
})
afterEach(() => server.stop())

function stateOf({ request }: Incoming): number | undefined {
  const state = parseCategories(request.body).categories.find(({ value }) => value?.type === 'aggregateState')
  return state?.value !== undefined && 'availability' in state.value ? state.value.availability : undefined
}

const states = (uri: string, ...values: CategoryValue[]): string =>
  printCategories({
    uri,
    categories: values.map((value) => ({ name: value.type === 'note' ? 'note' : 'state', value })),
  })

async function nextState(of: TestPeer): Promise<number | undefined> {
  const notify = await of.next()
  expect(notify.request.method).toBe('NOTIFY')
  notify.respond(200, 'OK')
  return stateOf(notify)
}

const accept = (incoming: Incoming): void =>
  incoming.respond(200, 'OK', { headers: [['Contact', `<${contactOf('bob')}>`]] })

/** Ann, on one connection, calls Bob, on the other, who accepts. */
async function connected() {
  await peer.ask(register('ann'))
  await other.ask(register('bob'))
  const request = invite('ann', BOB)
  const answer = peer.ask(request)
  const incoming = await other.next()
  incoming.respond(200, 'OK', {
    headers: [
      ['Record-Route', header(incoming.request, 'Record-Route') ?? ''],
      ['Contact', `<${contactOf('bob')}>`],
    ],
  })
  const caller = callersDialog(request, await answer)
  const callee = calleesDialog(incoming.request, incoming.localTo)
  peer.link.send(within(caller, 'ACK'))
  const ack = await other.next()
  return { caller, callee, ack }
}

describe('the connection', () => {
  it('is refused without a client certificate', async () => {
    const { host, port, ca } = server.peer('nobody')
    const socket = connect({ host, port, ca, servername: 'lcs.local' })
    const [error] = await once(socket, 'error')

    expect(error).toMatchObject({ code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' })
  })

  it('is refused with a certificate of another authority', async () => {
    const { host, port, ca } = server.peer('nobody')
    const stranger = authority('another').issue({ commonName: 'cwa-1', use: 'client', names: ['cwa-1'] })
    const socket = connect({ host, port, ca, ...stranger, servername: 'lcs.local' })
    const answers: Uint8Array[] = []
    socket.on('data', (bytes: Uint8Array) => answers.push(bytes))
    socket.on('error', () => {})
    socket.write(printSip({ ...register('ann'), headers: [['Via', VIA], ...register('ann').headers] }))
    await once(socket, 'close')

    expect(answers).toEqual([])
  })

  it('is closed when it carries something else than SIP', async () => {
    const socket = connect({ ...server.peer('cwa-3'), servername: 'lcs.local' })
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n')
    await once(socket, 'close')

    expect(socket.bytesRead).toBe(0)
  })
})

describe('REGISTER', () => {
  it('is 200 for a user with an account and lists the endpoint', async () => {
    const answer = await peer.ask(register('ann', 9999))

    expect(answer.status).toBe(200)
    expect(listHeader(answer, 'Contact')).toEqual([`<${contactOf('ann')}>;expires=7200`])
  })

  it('is 404 for anybody else, with the reason', async () => {
    const answer = await peer.ask(register('zoe'))

    expect(answer.status).toBe(404)
    expect(header(answer, 'ms-diagnostics')).toBe('1003;source="lcs.local";reason="User does not exist"')
  })

  it('is 403 on behalf of another user and for a contact of another connection', async () => {
    await peer.ask(register('ann'))
    const stolen = requestOf('ann', 'REGISTER', BOB, { headers: [['Contact', `<${contactOf('bob')}>`]] })

    expect((await peer.ask(stolen)).status).toBe(403)
    expect((await other.ask(register('ann'))).status).toBe(403)
  })

  it('ends at its time', async () => {
    await peer.ask(register('ann'))
    await other.ask(register('bob', 60))
    clock.advance(60_000)

    expect((await peer.ask(invite('ann', BOB))).status).toBe(480)
  })
})

describe('an INVITE', () => {
  it('is 480 for a user without an endpoint, with the reason', async () => {
    await peer.ask(register('ann'))
    const answer = await peer.ask(invite('ann', BOB))

    expect(answer).toMatchObject({ status: 480, reason: 'Temporarily Unavailable' })
    expect(header(answer, 'ms-diagnostics')).toMatch(/^2;source="/)
  })

  it('is 404 for a user without an account', async () => {
    await peer.ask(register('ann'))

    expect((await peer.ask(invite('ann', 'sip:zoe@contoso.test'))).status).toBe(404)
  })

  it('is 403 from a user whom this connection has not registered', async () => {
    await other.ask(register('ann'))

    expect((await peer.ask(invite('ann', BOB))).status).toBe(403)
  })

  it('is 483 when it was forwarded too often', async () => {
    await peer.ask(register('ann'))
    await other.ask(register('bob'))
    const request = invite('ann', BOB)
    const headers = request.headers.map(([name, value]) => [name, name === 'Max-Forwards' ? '0' : value] as const)

    expect((await peer.ask({ ...request, headers })).status).toBe(483)
  })

  it('brings the refusal of the callee back', async () => {
    await peer.ask(register('ann'))
    await other.ask(register('bob'))
    const answer = peer.ask(invite('ann', BOB))
    const incoming = await other.next()
    incoming.respond(603, 'Decline')

    expect(await answer).toMatchObject({ status: 603, reason: 'Decline' })
  })

  it('rings until it is taken back', async () => {
    await peer.ask(register('ann'))
    await other.ask(register('bob'))
    const ringing = Promise.withResolvers<number>()
    const call = peer.link.request(invite('ann', BOB), ({ status }) => ringing.resolve(status))
    const incoming = await other.next()
    incoming.respond(180, 'Ringing')
    expect(await ringing.promise).toBe(180)
    call.cancel()

    expect((await call.response).status).toBe(487)
  })

  describe('to a user with two endpoints', () => {
    let third: TestPeer
    let answer: Promise<SipResponse>
    let first: Incoming
    let second: Incoming

    beforeEach(async () => {
      third = await testPeer(server.peer('cwa-3'), clock)
      const registration = register('bob')
      const another = registration.headers.map(([name, value]) => [name, value.replace('=bob-1', '=bob-2')] as const)
      await peer.ask(register('ann'))
      await other.ask(registration)
      await third.ask({ ...registration, headers: another })
      answer = peer.ask(invite('ann', BOB))
      first = await other.next()
      second = await third.next()
      second.respond(180, 'Ringing')
    })

    it('belongs to the first that accepts, and is taken back from the other', async () => {
      const cancelled = Promise.withResolvers<void>()
      second.onCancel = cancelled.resolve
      accept(first)

      expect((await answer).status).toBe(200)
      await cancelled.promise
    })

    it('ends at once at one that accepts while it is being taken back', async () => {
      second.onCancel = () => accept(second)
      accept(first)
      const [ack, bye] = [await third.next(), await third.next()]
      bye.respond(200, 'OK')

      expect([ack.request.method, bye.request.method]).toEqual(['ACK', 'BYE'])
      expect((await answer).status).toBe(200)
    })

    it('is refused when all of them refuse', async () => {
      first.respond(603, 'Decline')
      second.respond(486, 'Busy Here')

      expect((await answer).status).toBe(603)
    })
  })

  it('is taken back from a callee that rings for more than three minutes', async () => {
    await peer.ask(register('ann'))
    await other.ask(register('bob'))
    const ringing = Promise.withResolvers<void>()
    const call = peer.link.request(invite('ann', BOB), () => ringing.resolve())
    const incoming = await other.next()
    incoming.respond(180, 'Ringing')
    await ringing.promise
    clock.advance(181_000)

    expect((await call.response).status).toBe(487)
  })

  it('is 408 when the callee says nothing for 32 seconds', async () => {
    await peer.ask(register('ann'))
    await other.ask(register('bob'))
    const answer = peer.ask(invite('ann', BOB))
    await other.next()
    clock.advance(32_000)

    expect((await answer).status).toBe(408)
  })
})

describe('a session', () => {
  it('goes through the server both ways, until BYE', async () => {
    const { caller, callee, ack } = await connected()
    expect(ack.request.method).toBe('ACK')

    const headers = [['Content-Type', 'text/plain; charset=UTF-8']] as const
    const sent = peer.ask(within(caller, 'MESSAGE', { headers, body: 'hi Bob' }))
    const received = await other.next()
    received.respond(200, 'OK')
    expect(received.request).toMatchObject({ method: 'MESSAGE', body: 'hi Bob' })
    expect((await sent).status).toBe(200)

    const bye = other.ask(within(callee, 'BYE'))
    const ended = await peer.next()
    ended.respond(200, 'OK')
    expect(ended.request.method).toBe('BYE')
    expect((await bye).status).toBe(200)
  })

  it('answers 481 when the other endpoint is gone', async () => {
    const { caller } = await connected()
    await other.ask(register('bob', 0))

    expect((await peer.ask(within(caller, 'MESSAGE', { body: 'still there?' }))).status).toBe(481)
  })

  it('answers 408 when the other endpoint is silent', async () => {
    const { caller } = await connected()
    const sent = peer.ask(within(caller, 'INFO'))
    await other.next()
    clock.advance(32_000)

    expect((await sent).status).toBe(408)
  })

  it.each([
    ['MESSAGE', 481],
    ['OPTIONS', 501],
  ])('is not entered by a %s from outside', async (method, status) => {
    await peer.ask(register('ann'))

    expect((await peer.ask(requestOf('ann', method, BOB))).status).toBe(status)
  })
})

describe('presence', () => {
  it('is offline until something is published, and follows what is published', async () => {
    await peer.ask(register('ann'))
    await other.ask(register('bob'))
    expect((await peer.ask(subscribe('ann', BOB))).status).toBe(200)
    expect(await nextState(peer)).toBe(18_000)

    expect((await other.ask(publish('bob', states(BOB, { type: 'userState', availability: 6500 })))).status).toBe(200)
    expect(await nextState(peer)).toBe(6500)

    await other.ask(publish('bob', states(BOB, { type: 'machineState', availability: 5000 })))
    expect(await nextState(peer)).toBe(7500)

    await other.ask(register('bob', 0))
    expect(await nextState(peer)).toBe(18_000)
  })

  it('becomes offline when the connection of the only endpoint breaks', async () => {
    await peer.ask(register('ann'))
    await other.ask(register('bob'))
    await other.ask(publish('bob', states(BOB, { type: 'userState', availability: 3500 })))
    await peer.ask(subscribe('ann', BOB))
    expect(await nextState(peer)).toBe(3500)
    other.link.close()

    expect(await nextState(peer)).toBe(18_000)
  })

  it('is fetched once with Expires: 0', async () => {
    await peer.ask(register('ann'))
    await peer.ask(subscribe('ann', BOB, 0))
    const notify = await peer.next()
    notify.respond(200, 'OK')

    expect(stateOf(notify)).toBe(18_000)
    expect(header(notify.request, 'Subscription-State')).toBe('terminated;reason=timeout')
  })

  it('carries the display name and the note, whatever they hold', async () => {
    await peer.ask(register('ann'))
    await other.ask(register('bob'))
    await peer.ask(publish('ann', states(ANN, { type: 'note', noteType: 'personal', text: 'a & b <c> "d"' })))
    await other.ask(subscribe('bob', ANN))
    const { request } = await other.next()

    expect(parseCategories(request.body).categories.map(({ value }) => value)).toEqual([
      { type: 'aggregateState', availability: 18_000, activity: 'Offline' },
      { type: 'contactCard', displayName: 'Ann <A>' },
      { type: 'note', noteType: 'personal', text: 'a & b <c> "d"' },
    ])
  })

  it.each([
    ['a user without an account', subscribe('ann', 'sip:zoe@contoso.test'), 404],
    [
      'another event package',
      {
        ...subscribe('ann', BOB),
        headers: subscribe('ann', BOB).headers.map(([n, v]) => [n, n === 'Event' ? 'dialog' : v] as const),
      },
      489,
    ],
    ['no presence at all', publish('ann', '<presence/>'), 400],
    ['a document with a type', publish('ann', '<!DOCTYPE x><categories uri="x"/>'), 400],
    [
      'a category that is not kept',
      publish('ann', printCategories({ uri: ANN, categories: [{ name: 'calendarData' }] })),
      488,
    ],
  ])('is refused: %s', async (_, request, status) => {
    await peer.ask(register('ann'))

    expect((await peer.ask(request)).status).toBe(status)
  })
})
