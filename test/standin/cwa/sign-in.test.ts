import { execFile, spawnSync } from 'node:child_process'
import { Agent, request } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { wallClock } from '../../../shared/clock.ts'
import { standInCwa } from '../../../infra/standin/cwa/server.ts'
import type { CwaOptions, StandInCwa } from '../../../infra/standin/cwa/server.ts'
import { lcs } from '../../../infra/standin/lcs/server.ts'
import type { Lcs } from '../../../infra/standin/lcs/server.ts'
import { firstSignature } from '../../../infra/standin/cwa/ntlm-signature.ts'
import { ntHash, ntHashV2, sessionBaseKey } from '../../../shared/cwa/ntlm/ntlm-hash.ts'
import { parseAuthenticate } from '../../../shared/cwa/ntlm/ntlm-messages.ts'
import { authenticate, negotiate } from '../../../shared/cwa/ntlm/ntlm.ts'
import { xmlCodec } from '../../../shared/cwa/xml/xml.ts'
import { testClock } from '../../kit/clock.ts'
import type { TestClock } from '../../kit/clock.ts'
import { ask, logOn, post, visitor } from './visitor.ts'

const ANN = 'sip:ann@contoso.test'
const LOGON = '<cwaRequests><logon></logon></cwaRequests>'
const IWA = '/iwa/logon.html'
const USERS = [{ domain: 'CONTOSO', user: 'ann', password: 'pw' }]
const hasCurl = spawnSync('curl', ['--version']).stdout?.includes('NTLM') ?? false

let clock: TestClock
let server: Lcs
let cwa: StandInCwa
let agents: Agent[]

async function start(options: Partial<CwaOptions> = {}): Promise<void> {
  await cwa?.stop()
  cwa = standInCwa({ users: USERS, clock, lcs: server.peer('cwa'), codec: xmlCodec, ...options })
  await cwa.start()
}

beforeEach(async () => {
  clock = testClock()
  agents = []
  server = lcs({ clock, users: [{ uri: ANN }] })
  await server.start()
  cwa = standInCwa({ users: USERS, clock, lcs: server.peer('cwa'), codec: xmlCodec })
  await cwa.start()
})
afterEach(async () => {
  for (const agent of agents) agent.destroy()
  await cwa.stop()
  await server.stop()
})

/** Requests that share one TCP connection, which is what NTLM authenticates. */
function connection() {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  agents.push(agent)
  return async (authorization?: string): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> => {
    const headers = authorization === undefined ? {} : { Authorization: authorization }
    const sent = request(`${cwa.url()}${IWA}`, { method: 'POST', agent, headers })
    sent.end(LOGON)
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    sent.on('response', resolve)
    sent.on('error', reject)
    const response = await promise
    return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }
  }
}

/** Status and ticket that curl gets with its own NTLM. */
async function curl(password: string): Promise<string> {
  const args = ['-sk', '--ntlm', '-u', `CONTOSO\\ann:${password}`, '-d', LOGON, '-o', '/dev/null']
  const heard = [...args, '-w', '%{http_code} %header{cwa-ticket}', cwa.url() + IWA]
  return (await promisify(execFile)('curl', heard)).stdout
}

const get = (ticket: string | undefined) => ask(cwa, '/cwa/AsyncDataChannel.ashx?Sid=1&AckID=0&UA=true', ticket)

type Connection = ReturnType<typeof connection>

async function challenged(say: Connection, scheme = 'NTLM'): Promise<{ negotiateMessage: Buffer; challenge: Buffer }> {
  const negotiateMessage = negotiate()
  const { status, headers } = await say(`${scheme} ${negotiateMessage.toString('base64')}`)
  const [given, token = ''] = (headers['www-authenticate'] ?? '').split(' ')
  expect([status, given]).toEqual([401, scheme])
  return { negotiateMessage, challenge: Buffer.from(token, 'base64') }
}

function answerTo(
  messages: { negotiateMessage: Buffer; challenge: Buffer },
  who: { user?: string; password?: string } = {},
) {
  const { user = 'ann', password = 'pw' } = who
  const message = authenticate({ ...messages, user, domain: 'CONTOSO', password, now: clock.now() })
  return message.toString('base64')
}

describe('Integrated Windows Authentication', () => {
  it('offers Negotiate and NTLM', async () => {
    const { status, headers, body } = await connection()()

    expect([status, headers['www-authenticate'], body]).toEqual([401, 'Negotiate, NTLM', ''])
  })

  it.each(['NTLM', 'Negotiate'])('signs in over %s and gives a ticket', async (scheme) => {
    const say = connection()
    const answer = answerTo(await challenged(say, scheme))
    const { status, headers, body } = await say(`${scheme} ${answer}`)

    expect(status).toBe(200)
    expect(headers['cwa-ticket']).toMatch(/^[\w+/=]{20,}$/)
    expect(xmlCodec.parseResponses(body).answers).toMatchObject([{ answer: 'requestSucceeded', uri: ANN }])
  })

  it.each([{ password: 'wrong' }, { user: 'nobody' }])('refuses %j with the offers again', async (who) => {
    const say = connection()
    const answer = answerTo(await challenged(say), who)
    const { status, headers, body } = await say(`NTLM ${answer}`)

    expect([status, headers['www-authenticate'], body]).toEqual([401, 'Negotiate, NTLM', ''])
    expect(headers['cwa-ticket']).toBeUndefined()
  })

  it('takes an answer on the connection of its challenge only, and once', async () => {
    const say = connection()
    const answer = answerTo(await challenged(say))

    expect((await connection()(`NTLM ${answer}`)).status).toBe(401)
    expect((await say(`NTLM ${answer}`)).status).toBe(200)
    expect((await say(`NTLM ${answer}`)).status).toBe(401)
  })

  it('remembers the user of a connection, and of no other', async () => {
    const say = connection()
    await say(`NTLM ${answerTo(await challenged(say))}`)

    expect((await say()).status).toBe(200)
    expect((await connection()()).status).toBe(401)
  })

  it.each(['NTLM', 'NTLM !', 'Basic YW5uOnB3', 'NTLM AAAA'])('refuses %s', async (authorization) => {
    expect((await connection()(authorization)).status).toBe(401)
  })

  it('is not there when it is switched off', async () => {
    await start({ iwa: false })

    expect((await ask(cwa, IWA, undefined, LOGON)).status).toBe(404)
    expect((await logOn(cwa, xmlCodec, 'CONTOSO\\ann', 'pw')).status).toBe(200)
  })

  it.skipIf(!hasCurl)(
    'accepts the NTLM of curl, and refuses its wrong password (skipped where curl has no NTLM)',
    async () => {
      // curl has a clock of its own, and the challenge bounds how far it may be off.
      await start({ clock: wallClock, tls: true })
      expect(await curl('pw')).toMatch(/^200 \S{20,}$/)
      expect(await curl('no')).toBe('401 ')
    },
  )
})

const long = (tag: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([tag, 0x82, content.length >> 8, content.length & 0xff]), content])

/** NegTokenInit with NTLM alone in its list, around a token of 40 bytes: 0x60, the OID of SPNEGO, [0] mechTypes, [2] mechToken. */
const init = (token: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('604806062b0601050502a03e303ca00e300c060a2b06010401823702020aa22a0428', 'hex'),
    token.subarray(0, 40),
  ])
/** NegTokenInit as Windows sends it with a Kerberos ticket in front: Kerberos, then NTLM; the token is no NTLM. */
const kerberosFirst = Buffer.from(
  '603106062b0601050502a0273025a019301706092a864886f712010202060a2b06010401823702020aa2080406600401020304',
  'hex',
)
/** NegTokenResp around the client's last message: [2] responseToken, with lengths of two bytes. */
const response = (token: Buffer, mechListMic?: Buffer): Buffer => {
  const mic = mechListMic === undefined ? Buffer.alloc(0) : long(0xa3, long(0x04, mechListMic))
  return long(0xa1, long(0x30, Buffer.concat([long(0xa2, long(0x04, token)), mic])))
}
/** MechTypeList of `init`: what the mechListMIC of either side signs. */
const MECHANISMS = Buffer.from('300c060a2b06010401823702020a', 'hex')
const tokenIn = (headers: IncomingHttpHeaders): Buffer =>
  Buffer.from((headers['www-authenticate'] ?? '').replace('Negotiate ', ''), 'base64')

describe('SPNEGO inside of Negotiate', () => {
  it('signs in as Windows clients do', async () => {
    const say = connection()
    const negotiateMessage = negotiate()
    expect(negotiateMessage).toHaveLength(40)
    const first = await say(`Negotiate ${init(negotiateMessage).toString('base64')}`)
    const wrapped = tokenIn(first.headers)
    // NegTokenResp: accept-incomplete, NTLM, and the challenge.
    expect(wrapped.toString('hex')).toMatch(/^a18[12].*a0030a0101a10c060a2b06010401823702020aa2/)
    const challenge = wrapped.subarray(wrapped.indexOf('NTLMSSP\0', 0, 'latin1'))
    const answer = Buffer.from(answerTo({ negotiateMessage, challenge }), 'base64')
    const last = await say(`Negotiate ${response(answer).toString('base64')}`)

    expect([first.status, last.status]).toEqual([401, 200])
    expect(last.headers['cwa-ticket']).toBeDefined()
    // NegTokenResp: accept-completed.
    expect(tokenIn(last.headers).toString('hex')).toBe('a1073005a0030a0100')
  })

  it.each([
    { what: 'as it wants one', changed: (mic: Buffer) => mic, status: 200 },
    {
      what: 'which is refused where it is not of this list',
      changed: (mic: Buffer) => Buffer.alloc(mic.length, 1),
      status: 401,
    },
  ])('answers a client that sends a mechListMIC, $what', async ({ changed, status }) => {
    const say = connection()
    const negotiateMessage = negotiate()
    const wrapped = tokenIn((await say(`Negotiate ${init(negotiateMessage).toString('base64')}`)).headers)
    const challenge = wrapped.subarray(wrapped.indexOf('NTLMSSP\0', 0, 'latin1'))
    const answer = Buffer.from(answerTo({ negotiateMessage, challenge }), 'base64')
    const { ntResponse, flags, user, domain } = parseAuthenticate(answer)
    const names = [user, domain].map((name) => Buffer.from(name).toString('utf16le'))
    const key = ntHashV2(ntHash('pw'), names[0] ?? '', names[1] ?? '')
    const sessionKey = sessionBaseKey(key, ntResponse.subarray(0, 16))
    const mic = firstSignature(sessionKey, 'client-to-server', MECHANISMS, flags) ?? Buffer.alloc(0)
    const last = await say(`Negotiate ${response(answer, changed(mic)).toString('base64')}`)

    expect(last.status).toBe(status)
    const servers = firstSignature(sessionKey, 'server-to-client', MECHANISMS, flags)?.toString('hex')
    const proof = status === 200 ? `a11b3019a0030a0100a3120410${servers}` : ''
    expect(status === 200 ? tokenIn(last.headers).toString('hex') : '').toBe(proof)
  })

  it('refuses a wrong password inside of it', async () => {
    const say = connection()
    const negotiateMessage = negotiate()
    const wrapped = tokenIn((await say(`Negotiate ${init(negotiateMessage).toString('base64')}`)).headers)
    const challenge = wrapped.subarray(wrapped.indexOf('NTLMSSP\0', 0, 'latin1'))
    const answer = Buffer.from(answerTo({ negotiateMessage, challenge }, { password: 'no' }), 'base64')
    const { status, headers } = await say(`Negotiate ${response(answer).toString('base64')}`)

    expect([status, headers['www-authenticate']]).toEqual([401, 'Negotiate, NTLM'])
  })

  it('asks for NTLM when Kerberos was tried first', async () => {
    const say = connection()
    const { status, headers } = await say(`Negotiate ${kerberosFirst.toString('base64')}`)
    expect(status).toBe(401)
    // NegTokenResp: request-mic, NTLM, no token.
    expect(tokenIn(headers).toString('hex')).toBe('a1153013a0030a0103a10c060a2b06010401823702020a')
    const messages = await challenged(say, 'Negotiate')

    expect((await say(`Negotiate ${answerTo(messages)}`)).status).toBe(200)
  })

  it.each([
    ['cut off', init(negotiate()).subarray(0, 60)],
    ['with more behind it', Buffer.concat([init(negotiate()), Buffer.from([0])])],
    [
      'of another mechanism',
      Buffer.from(init(negotiate()).toString('hex').replace('2b0601050502', '2b0601050503'), 'hex'),
    ],
    ['without NTLM', Buffer.from(init(negotiate()).toString('hex').replace('823702020a', '823702020b'), 'hex')],
    ['of a length that is not said', Buffer.from('6080060600', 'hex')],
    ['of a length past its end', Buffer.from('6084ffffffff06', 'hex')],
    ['that answers nothing', response(negotiate().subarray(0, 4))],
  ])('offers again for a token %s', async (_, token) => {
    const { status, headers } = await connection()(`Negotiate ${token.toString('base64')}`)

    expect([status, headers['www-authenticate']]).toEqual([401, 'Negotiate, NTLM'])
  })
})

describe('forms', () => {
  it.each(['CONTOSO\\ann', 'contoso\\ANN', 'ann@CONTOSO', 'ann@contoso.test'])('know %s', async (name) => {
    const { status, ticket, text } = await logOn(cwa, xmlCodec, name, 'pw')

    expect([status, ticket !== undefined]).toEqual([200, true])
    expect(xmlCodec.parseResponses(text).answers).toMatchObject([{ answer: 'requestSucceeded', uri: ANN }])
  })

  it('answer a wrong password and an unknown user alike', async () => {
    const wrong = await logOn(cwa, xmlCodec, 'CONTOSO\\ann', 'no')

    expect(wrong).toMatchObject({ status: 401, ticket: undefined })
    expect(await logOn(cwa, xmlCodec, 'CONTOSO\\nobody', 'pw')).toEqual(wrong)
    expect(await logOn(cwa, xmlCodec, 'CONTOSO\\nobody', '')).toEqual(wrong)
    expect(await logOn(cwa, xmlCodec, 'ann', 'pw')).toEqual(wrong)
  })

  it('take one logon and nothing else', async () => {
    const body = xmlCodec.printRequests({ methods: [{ method: 'terminateSession', rid: '1' }] })
    const { text } = await ask(cwa, '/forms/logon.html', undefined, body)

    expect(xmlCodec.parseResponses(text).answers).toMatchObject([{ answer: 'error', error: { code: 18_001 } }])
  })
})

describe('HTTPS', () => {
  it('is verified with the authority that the stand-in offers', async () => {
    await start({ tls: true })

    expect(cwa.url()).toMatch(/^https:/)
    expect((await logOn(cwa, xmlCodec, 'CONTOSO\\ann', 'pw')).status).toBe(200)
  })
})

describe('a ticket', () => {
  const MINUTE = 60_000

  it('is replaced at its age, and works on for the overlap', async () => {
    const { ticket: first } = await logOn(cwa, xmlCodec, 'CONTOSO\\ann', 'pw')
    clock.advance(10 * MINUTE - 1)
    expect((await get(first)).ticket).toBe(first)
    clock.advance(1)
    const { status, ticket: second } = await get(first)
    expect(status).toBe(200)
    expect(second).not.toBe(first)
    clock.advance(5 * MINUTE - 1)
    expect(await get(first)).toMatchObject({ status: 200, ticket: second })
    clock.advance(1)
    expect(await get(first)).toMatchObject({ status: 401, ticket: undefined, text: '' })
    expect((await get(second)).status).toBe(200)
  })

  it('expires when no request shows it', async () => {
    const { ticket } = await logOn(cwa, xmlCodec, 'CONTOSO\\ann', 'pw')
    clock.advance(60 * MINUTE)

    expect((await get(ticket)).status).toBe(401)
  })

  it('is replaced and taken away by hand, and the session stays', async () => {
    const ann = await visitor(cwa, xmlCodec, 'ann')
    cwa.control.rotateTicket(ANN)
    const { ticket } = await get(ann.ticket)
    expect(ticket).not.toBe(ann.ticket)
    cwa.control.expireTicket(ANN)
    expect((await get(ticket)).status).toBe(401)
    const { ticket: anew } = await logOn(cwa, xmlCodec, 'CONTOSO\\ann', 'pw')
    const { answers } = await post(cwa, xmlCodec, anew, ann.sid, { method: 'terminateSession', rid: '1' })

    expect(answers).toEqual([{ answer: 'requestAccepted', rid: '1' }])
  })
})
