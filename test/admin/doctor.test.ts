import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { authority } from '../../infra/standin/tls/certificates.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { testClock } from '../kit/clock.ts'
import { PASSWORD, upstream } from '../kit/upstream.ts'
import { administered, type AdministeredOptions } from './harness.ts'

interface Finding {
  readonly check: string
  readonly state: string
  readonly says: string
  readonly todo?: string
}

/** What doctor finds, as a program gets it. The clock agrees with the servers', which is the machine's. */
async function examined(options: AdministeredOptions, ...words: string[]) {
  const { within, ...all } = await administered({ clock: testClock(Date.now()), ...options })
  const examine = async (environment: Record<string, string> = {}) => {
    const { code, out } = await within(environment, 'doctor', '--json', ...words)
    const { findings }: { findings: Finding[] } = JSON.parse(out)
    return { code, findings, found: (check: string) => findings.filter((each) => each.check === check) }
  }
  return { ...all, within, examine }
}

/** The server's port on 127.0.0.1. It ends with the test, and its connections with it. */
async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

const answered = (_: IncomingMessage, response: ServerResponse) => void response.end()

/** What answers each connection with a greeting, as a mail server does. */
function greeter(): Server {
  return createTcpServer((socket) => {
    // The client expects something else, and may cut the connection.
    socket.on('error', () => socket.destroy())
    socket.end('220 mail\r\n')
  })
}

describe('doctor', () => {
  it('finds nothing wrong with a service that is well', async () => {
    const { cwa } = await upstream({ tls: true })
    const { within, configuration } = await administered({
      clock: testClock(Date.now()),
      cwa: { url: cwa.url(), codec: 'json', ca: cwa.ca ?? '' },
    })
    await configuration.putUser('CONTOSO\\ann', { permitted: true })

    const { code, out } = await within({ COLLABORATION_PASSWORD: PASSWORD }, 'doctor', '--user', 'CONTOSO\\ann')

    expect(out.split('\n').filter((line) => !line.startsWith('ok '))).toEqual([
      'the local stack: 12 ok, 0 warnings, 0 wrong',
      '',
    ])
    expect(out).toMatch(/^ok +upstream certificate: trusted over TLSv1\.3, for DNS:cwa\.local, .*127\.0\.0\.1, by CN=/m)
    expect(out).toContain('ok       sign-in: Integrated Windows Authentication: accepted')
    expect(code).toBe(0)
  })

  it('tells what it is looking at, beside the result', async () => {
    const { admin } = await administered()
    const { errors } = await admin('doctor', '--skip-upstream')
    expect(errors).toContain('looking at configuration table: 1 of 6\nlooking at sessions table: 2 of 6\n')
  })
})

describe('doctor, about the tables', () => {
  it('names each action that is denied', async () => {
    const denied = new Set(['dynamodb:Scan', 'dynamodb:DeleteItem'])
    // The local stack's own caller may do everything, so somebody else asks here.
    const { examine } = await examined(
      { dynamo: { fault: (operation) => (denied.has(`dynamodb:${operation}`) ? DENIED : undefined) } },
      '--skip-upstream',
    )

    const { code, found } = await examine()

    expect(code).toBe(1)
    expect(found('configuration table').map(({ state, says }) => [state, says])).toEqual([
      ['wrong', 'dynamodb:Scan on Settled is denied'],
      ['wrong', 'dynamodb:DeleteItem on Settled is denied'],
    ])
    expect(found('sessions table')).toEqual([
      expect.objectContaining({ says: 'dynamodb:DeleteItem on Kept is denied' }),
    ])
  })

  it('changes nothing by looking', async () => {
    const { examine, reader, seats, clock } = await examined({}, '--skip-upstream')
    await examine()
    expect(await reader().settings(clock.now())).toEqual(DEFAULT_SETTINGS)
    expect(await seats.read(0)).toEqual([])
  })

  it('says when the keys are those of another service', async () => {
    const { examine } = await examined({ keys: { partition: 'id', sort: 'at' } }, '--skip-upstream')

    const { code, found } = await examine()

    expect(code).toBe(1)
    expect(found('configuration table')).toEqual([
      expect.objectContaining({
        state: 'wrong',
        says: expect.stringContaining('its keys are not those of this service'),
      }),
    ])
  })

  it('says once that nothing answers', async () => {
    const cut = { type: 'ResourceNotFoundException', status: 400, message: 'no such table' }
    const { examine } = await examined({ dynamo: { fault: () => cut } }, '--skip-upstream')

    const { code, findings } = await examine()

    expect(code).toBe(1)
    expect(findings.filter(({ state }) => state === 'wrong')).toEqual([
      expect.objectContaining({
        check: 'configuration table',
        says: 'no such table',
        todo: expect.stringContaining('right stack'),
      }),
      expect.objectContaining({ check: 'sessions table', says: 'no such table' }),
    ])
  })
})

const DENIED = { type: 'AccessDeniedException', status: 400 }

describe('doctor, about the settings', () => {
  it('names what contradicts', async () => {
    const { examine, configuration } = await examined({}, '--skip-upstream')
    await configuration.set({ ...DEFAULT_SETTINGS, maximumSessions: 9_000, idleTimeoutMs: 1 })

    const { found } = await examine()

    expect(found('settings').map(({ says }) => says)).toEqual([
      'maximumSessions is 9000: at most persistentConnections (5000) is accepted',
      'idleTimeoutMs is 1: at least two status intervals (480000) is accepted',
    ])
  })
})

describe('doctor, about clocks', () => {
  it.each([
    { offMs: 20_000, state: 'ok', says: "agrees with this machine's" },
    { offMs: 100_000, state: 'warning', says: expect.stringMatching(/^(99|10[01]) s behind this machine's$/) },
    { offMs: -3_600_000, state: 'wrong', says: expect.stringMatching(/^(59|60) min ahead of this machine's$/) },
  ])('is $state by $offMs ms', async ({ offMs, state, says }) => {
    // It runs: however long the tables take to be there, it is off by as much when it is looked at.
    const clock = { ...testClock(), now: () => Date.now() + offMs }
    const { examine } = await examined({ clock }, '--skip-upstream')
    const { found } = await examine()
    expect(found('clock of DynamoDB')).toEqual([expect.objectContaining({ state, says })])
  })

  it("tells CWA's, too", async () => {
    const server = createServer((_, response) => response.writeHead(200, { Date: new Date(0).toUTCString() }).end())
    const { examine } = await examined({ cwa: { url: `http://127.0.0.1:${await listening(server)}`, codec: 'json' } })
    const { found } = await examine()
    expect(found('clock of the server upstream')).toEqual([expect.objectContaining({ state: 'wrong' })])
  })
})

describe('doctor, about the way to CWA', () => {
  const ca = authority('Contoso CA')

  it('says which name cannot be found', async () => {
    const { examine } = await examined({ cwa: { url: 'https://cwa.invalid', codec: 'json' } })
    const { code, findings } = await examine()
    expect([code, findings.at(-1)]).toEqual([1, expect.objectContaining({ check: 'upstream name', state: 'wrong' })])
  })

  it('says that nothing listens', async () => {
    const closed = createTcpServer()
    const port = await listening(closed)
    await new Promise((resolve) => closed.close(resolve))
    const { examine } = await examined({ cwa: { url: `https://127.0.0.1:${port}`, codec: 'json' } })

    const { findings } = await examine()

    const says = `127.0.0.1:${port} could not be reached: nothing listens there (ECONNREFUSED)`
    expect(findings.at(-1)).toMatchObject({ check: 'upstream connection', state: 'wrong', says })
  })

  it.each([
    {
      what: 'a private CA that is not set',
      names: ['127.0.0.1'],
      trusted: undefined,
      says: 'the CA that signed its certificate is not trusted here: configure its CA',
    },
    {
      what: 'a certificate for another name',
      names: ['cwa.contoso.test'],
      trusted: ca.ca,
      says: 'its certificate is for another host name',
    },
  ])('says what is wrong with $what', async ({ names, trusted, says }) => {
    const server = createTlsServer(ca.issue({ commonName: 'cwa', use: 'server', names }))
    const url = `https://127.0.0.1:${await listening(server)}`
    const { examine } = await examined({ cwa: { url, codec: 'json', ...(trusted && { ca: trusted }) } })

    const { code, findings } = await examine()

    expect(code).toBe(1)
    expect(findings.at(-1)).toMatchObject({
      check: 'upstream certificate',
      state: 'wrong',
      says: expect.stringContaining(says),
      todo: expect.stringMatching(/^it is for .*, by CN=Contoso CA, from 2020-01-01 to 2049-12-31/),
    })
  })

  it('warns of a certificate that ends soon', async () => {
    const server = createTlsServer(ca.issue({ commonName: 'cwa', use: 'server', names: ['127.0.0.1'] }), answered)
    const { examine } = await examined({
      clock: testClock(Date.UTC(2049, 11, 10)),
      cwa: { url: `https://127.0.0.1:${await listening(server)}`, codec: 'json', ca: ca.ca },
    })
    const { found } = await examine()
    expect(found('upstream certificate')).toEqual([
      expect.objectContaining({ state: 'warning', says: 'it ends on 2049-12-31' }),
    ])
  })

  it('says that a port does not speak TLS', async () => {
    const server = greeter()
    const { examine } = await examined({ cwa: { url: `https://127.0.0.1:${await listening(server)}`, codec: 'json' } })
    const { findings } = await examine()
    expect(findings.at(-1)).toMatchObject({
      check: 'upstream certificate',
      state: 'wrong',
      says: expect.stringContaining('TLS'),
    })
  })

  it('says that what answers is not HTTP', async () => {
    const server = greeter()
    const { examine } = await examined({ cwa: { url: `http://127.0.0.1:${await listening(server)}`, codec: 'json' } })
    const { findings } = await examine()
    expect(findings.at(-1)).toMatchObject({
      check: 'upstream answer',
      state: 'wrong',
      says: expect.stringContaining('is not HTTP'),
    })
  })
})

describe('doctor, about a user', () => {
  it('says what each way to sign in answered, and never the password', async () => {
    const { cwa } = await upstream()
    const { within } = await administered({ clock: testClock(Date.now()), cwa: { url: cwa.url(), codec: 'json' } })

    const said = await within({ COLLABORATION_PASSWORD: 'wrong horse' }, 'doctor', '--user', 'CONTOSO\\ann')

    expect(said.code).toBe(1)
    expect(said.out).toMatch(/^warning +permission: CONTOSO\\ann is not known$/m)
    expect(said.out).toMatch(/^wrong +sign-in: Integrated Windows Authentication: .*; forms: .*$/m)
    expect(JSON.stringify(said)).not.toContain('wrong horse')
  })

  it('asks for the password on a terminal, without showing it', async () => {
    const { cwa } = await upstream()
    const { answering } = await administered({ clock: testClock(Date.now()), cwa: { url: cwa.url(), codec: 'json' } })

    const said = await answering(`${PASSWORD}\r`, 'doctor', '--user', 'CONTOSO\\ann')

    expect(said.errors).toContain('Password of CONTOSO\\ann: ')
    expect(said.out).toContain('sign-in: Integrated Windows Authentication: accepted')
    expect(said.out + said.errors).not.toContain(PASSWORD)
  })

  it('says how it gets a password where it cannot ask', async () => {
    const { admin } = await administered()
    expect(await admin('doctor', '--user', 'CONTOSO\\ann')).toMatchObject({
      code: 2,
      errors: expect.stringContaining('set COLLABORATION_PASSWORD'),
    })
  })

  it('warns of one who is denied', async () => {
    const { examine, configuration } = await examined({}, '--skip-upstream', '--user', 'CONTOSO\\ann')
    await configuration.putUser('CONTOSO\\ann', { permitted: false })
    const { found } = await examine()
    expect(found('permission')).toEqual([
      expect.objectContaining({ state: 'warning', todo: "users permit 'CONTOSO\\ann'" }),
    ])
  })
})
