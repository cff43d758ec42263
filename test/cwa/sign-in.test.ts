import { once } from 'node:events'
import { X509Certificate } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { authority } from '../../infra/standin/tls/certificates.ts'
import { tlsServerEndPoint } from '../../shared/cwa/ntlm/channel-bindings.ts'
import type { CwaOptions } from '../../shared/cwa/client.ts'
import { cwaClient } from '../../shared/cwa/client.ts'
import { SignInRefused } from '../../shared/cwa/faults.ts'
import { account, offersIn } from '../../shared/cwa/ntlm/iwa.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import type { Script } from './scripted-server.ts'
import { ntlmGate, scriptedServer } from './scripted-server.ts'

const URI = 'sip:ann@contoso.test'

function client(url: string, options: Partial<CwaOptions> = {}) {
  const made = cwaClient({ url, codec: jsonCodec, ...options })
  onTestFinished(made.close)
  return made
}

/** The answer that signs in. */
const welcome = (codec = jsonCodec) => ({
  headers: { 'CWA-Ticket': 'ticket-1' },
  body: codec.printResponses({ answers: [{ answer: 'requestSucceeded', uri: URI, signInData: 'abc' }] }),
})

/** Forms that take `secret`, behind an IWA page that is up to the test. */
const withForms =
  (iwa: Script): Script =>
  (asked, response) => {
    if (asked.path === '/iwa/logon.html') return iwa(asked, response)
    const [logon] = jsonCodec.parseRequests(asked.body).methods
    return logon?.method === 'logon' && logon.password === 'secret' ? welcome() : { status: 401 }
  }

describe.each([jsonCodec, xmlCodec])('Integrated Windows Authentication with $name', (codec) => {
  test('signs in by NTLM in three requests on one connection, and sends no password', async () => {
    const gate = ntlmGate()
    const server = await scriptedServer((asked) => gate.stop(asked) ?? welcome(codec))
    const signedIn = await client(server.url, { codec }).signIn('CONTOSO\\ann', 'secret')

    expect(signedIn).toEqual({
      ticket: 'ticket-1',
      by: 'iwa',
      uri: URI,
      signInData: 'abc',
      steps: ['Integrated Windows Authentication: accepted'],
    })
    expect(gate.verdicts).toMatchObject([{ accepted: true, user: 'ann', domain: 'CONTOSO', mic: true, bound: false }])
    expect(server.asked.map(({ method, path, headers }) => [method, path, headers['content-length']])).toEqual([
      ['POST', '/iwa/logon.html', '0'],
      ['POST', '/iwa/logon.html', '0'],
      ['POST', '/iwa/logon.html', String(server.asked[2]?.body.length)],
    ])
    expect(codec.parseRequests(server.asked[2]?.body ?? '')).toEqual({ methods: [{ method: 'logon' }] })
    expect(new Set(server.asked.map(({ socket }) => socket)).size).toBe(1)
  })
})

describe('Integrated Windows Authentication', () => {
  test('asks which scheme the server offers once, and anew where that is taken no more', async () => {
    let gate = ntlmGate()
    const server = await scriptedServer((asked) => gate.stop(asked) ?? welcome())
    const cwa = client(server.url)
    const asks = async () => {
      const before = server.asked.length
      expect(await cwa.signIn('ann', 'secret')).toMatchObject({ by: 'iwa' })
      return server.asked.slice(before).map(({ headers }) => headers.authorization?.split(' ')[0])
    }
    expect(await asks()).toEqual([undefined, 'NTLM', 'NTLM'])
    expect(await asks()).toEqual(['NTLM', 'NTLM'])
    gate = ntlmGate({ scheme: 'Negotiate' })
    expect(await asks()).toEqual(['NTLM', undefined, 'Negotiate', 'Negotiate'])
    expect(await asks()).toEqual(['Negotiate', 'Negotiate'])
  })

  test('closes its connection, because that is the user, and shares it with no other user', async () => {
    const gate = ntlmGate()
    const server = await scriptedServer((asked) => {
      if (asked.path === '/iwa/logon.html') return gate.stop(asked) ?? welcome()
      return { body: jsonCodec.printResponses({ answers: [] }) }
    })
    const cwa = client(server.url)
    const { ticket } = await cwa.signIn('ann', 'secret')
    const [first] = server.asked
    if (first && !first.socket.destroyed) await once(first.socket, 'close')
    await cwa.command({ sid: '1', ticket }, [])
    expect(server.asked.at(-1)?.socket).not.toBe(first?.socket)
  })

  test('puts NTLM into Negotiate where that alone is offered', async () => {
    const gate = ntlmGate({ scheme: 'Negotiate' })
    const server = await scriptedServer((asked) => gate.stop(asked) ?? welcome())
    expect(await client(server.url).signIn('ann@contoso.test', 'secret')).toMatchObject({ by: 'iwa' })
    expect(gate.verdicts).toMatchObject([{ user: 'ann@contoso.test', domain: '' }])
  })

  test('binds itself to the TLS connection for a server that demands it', async () => {
    const contoso = authority('Contoso CA')
    const credential = contoso.issue({ commonName: 'im', use: 'server', names: ['127.0.0.1'] })
    const gate = ntlmGate({ channelBindings: tlsServerEndPoint(new X509Certificate(credential.cert).raw) })
    const server = await scriptedServer((asked) => gate.stop(asked) ?? welcome(), credential)
    expect(await client(server.url, { ca: contoso.ca }).signIn('ann', 'secret')).toMatchObject({ by: 'iwa' })
    expect(gate.verdicts).toMatchObject([{ bound: true }])
  })

  test.each<[string, Script, string]>([
    ['offers none', () => ({ status: 401 }), 'the server offers none'],
    [
      'offers Basic only',
      () => ({ status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x, NTLM"' } }),
      'the server offers none',
    ],
    ['has no such page', () => ({ status: 404 }), 'the server answers HTTP 404'],
    ['forbids it', () => ({ status: 403 }), 'the server answers HTTP 403'],
    ['redirects', () => ({ status: 302, headers: { Location: '/' } }), 'the server answers HTTP 302'],
    ['asks for no credentials', () => ({ body: '<html/>' }), 'the server asks for no credentials there'],
    [
      'offers Negotiate for Kerberos only',
      () => ({ status: 401, headers: { 'WWW-Authenticate': 'Negotiate' } }),
      'the server offers Negotiate, but does not take NTLM',
    ],
  ])('gives way to forms when the server %s', async (_name, iwa, words) => {
    const server = await scriptedServer(withForms(iwa))
    expect(await client(server.url).signIn('CONTOSO\\ann', 'secret')).toEqual({
      ticket: 'ticket-1',
      by: 'forms',
      uri: URI,
      signInData: 'abc',
      steps: [`Integrated Windows Authentication: ${words}`, 'forms: accepted'],
    })
    expect(server.asked.at(-1)).toMatchObject({ method: 'POST', path: '/forms/logon.html' })
  })

  test('gives way to forms, without an answer to the challenge, when that would buy less than NTLMv2', async () => {
    const gate = ntlmGate({ doctor: (message) => message.writeUInt32LE(0x0000_0201, 20) })
    const server = await scriptedServer(withForms(gate.stop))
    const { by, steps } = await client(server.url).signIn('ann', 'secret')
    expect(by).toBe('forms')
    expect(steps[0]).toContain('less than NTLMv2')
    expect(gate.verdicts).toEqual([])
  })

  test('gives way to forms, without an answer to the challenge, when the connection is not kept', async () => {
    const gate = ntlmGate()
    const server = await scriptedServer(
      withForms((asked) => {
        const reply = gate.stop(asked)
        return { ...reply, headers: { ...reply?.headers, Connection: 'close' } }
      }),
    )
    const { by, steps } = await client(server.url).signIn('ann', 'secret')
    expect(by).toBe('forms')
    expect(steps[0]).toContain('the connection was not kept')
    expect(gate.verdicts).toEqual([])
  })

  test('gives way to forms when it is accepted, but no ticket comes', async () => {
    const gate = ntlmGate()
    const server = await scriptedServer(withForms((asked) => gate.stop(asked) ?? { body: '<html/>' }))
    const { by, steps } = await client(server.url).signIn('ann', 'secret')
    expect(by).toBe('forms')
    expect(steps[0]).toContain('gives no ticket')
  })
})

describe('a sign-in', () => {
  test('is refused after one attempt of each way, and the refusal has no secret', async () => {
    const gate = ntlmGate()
    const server = await scriptedServer(withForms(gate.stop))
    const refused: unknown = await client(server.url)
      .signIn('CONTOSO\\ann', 'Pa55word')
      .catch((thrown: unknown) => thrown)
    expect(refused).toBeInstanceOf(SignInRefused)
    expect(refused).toMatchObject({
      steps: [
        'Integrated Windows Authentication: the server does not accept the user name or password',
        'forms: the server answers HTTP 401',
      ],
    })
    expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toMatch(/Pa55word|TlRM/)
    expect(gate.verdicts).toHaveLength(1)
    expect(server.asked.filter(({ path }) => path === '/forms/logon.html')).toHaveLength(1)
  })

  test('at a server that has neither page is no refusal of the user', async () => {
    const server = await scriptedServer(() => ({ status: 404 }))
    const thrown: unknown = await client(server.url)
      .signIn('ann', 'secret')
      .catch((fault: unknown) => fault)
    expect(thrown).not.toBeInstanceOf(SignInRefused)
    expect(thrown).toMatchObject({ kind: 'give-up', message: expect.stringContaining('URL') })
  })

  test('at a server that is too busy is to be repeated, and is not tried by forms', async () => {
    const server = await scriptedServer(() => ({ status: 503, headers: { 'Retry-After': '7' } }))
    await expect(client(server.url).signIn('ann', 'secret')).rejects.toMatchObject({
      kind: 'again',
      retryAfterMs: 7_000,
    })
    expect(server.asked).toHaveLength(1)
  })

  test('at a server that does not listen is to be repeated', async () => {
    await expect(client('http://127.0.0.1:1').signIn('ann', 'secret')).rejects.toMatchObject({
      kind: 'again',
      message: expect.stringContaining('nothing listens there'),
      maybeDone: false,
    })
  })
})

describe('TLS', () => {
  const contoso = authority('Contoso CA')
  const credential = (name: string) => contoso.issue({ commonName: 'im', use: 'server', names: [name] })

  test('with an unknown CA says so', async () => {
    const server = await scriptedServer(() => ({ status: 404 }), credential('127.0.0.1'))
    const { ca } = authority('Another CA')
    for (const options of [{}, { ca }]) {
      await expect(client(server.url, options).signIn('ann', 'secret')).rejects.toMatchObject({
        kind: 'give-up',
        message: expect.stringMatching(/^TLS to 127.* trusted here: configure its CA/),
      })
    }
    expect(server.asked).toEqual([])
  })

  test('with a certificate for another host says so', async () => {
    const server = await scriptedServer(() => ({ status: 404 }), credential('other.test'))
    await expect(client(server.url, { ca: contoso.ca }).signIn('ann', 'secret')).rejects.toMatchObject({
      kind: 'give-up',
      message: expect.stringContaining('another host name'),
    })
  })

  test('with a server that does not speak it says so', async () => {
    const server = await scriptedServer(() => ({ status: 404 }))
    await expect(client(server.url.replace('http:', 'https:')).signIn('ann', 'secret')).rejects.toMatchObject({
      kind: 'give-up',
      message: expect.stringContaining('does not speak TLS'),
    })
  })
})

describe('an account name', () => {
  test.each([
    ['CONTOSO\\ann', { user: 'ann', domain: 'CONTOSO' }],
    ['ann@contoso.test', { user: 'ann@contoso.test', domain: '' }],
    ['ann', { user: 'ann', domain: '' }],
    ['münchen\\jürgen', { user: 'jürgen', domain: 'münchen' }],
  ])('%s keeps its letters', (name, parts) => {
    expect(account(name)).toEqual(parts)
  })
})

describe('the offers of WWW-Authenticate', () => {
  test.each([
    ['Negotiate, NTLM', { negotiate: '', ntlm: '' }],
    ['ntlm TlRM+/==', { ntlm: 'TlRM+/==' }],
    ['Basic realm="NTLM", NEGOTIATE', { negotiate: '' }],
    ['Basic realm="a \\", NTLM"', {}],
    ['NTLMX, XNTLM', {}],
    ['', {}],
  ])('%s are read', (header, offers) => {
    expect(Object.fromEntries(offersIn({ headers: { 'www-authenticate': header } }))).toEqual(offers)
  })
})
