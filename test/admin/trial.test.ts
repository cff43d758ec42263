import { createServer, type Server } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { stackFile } from '../../infra/local/stack-file.ts'
import { services, type Service, type ServiceOptions } from '../kit/service.ts'
import { administered } from './harness.ts'
import { started } from './started.ts'

interface Finding {
  readonly check: string
  readonly state: string
  readonly says: string
  readonly todo?: string
}

const start = services()

/** What `doctor --deep` finds in a service, as a program gets it. */
async function tried(service: Service, user: string, password: string) {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'stack.json')
  stackFile(file, service)
  const environment = { COLLABORATION_STACK_FILE: file, COLLABORATION_PASSWORD: password }
  const { code, stdout, stderr } = await started(['doctor', '--deep', '--json', '--user', user], environment, folder)
  const { findings }: { findings: Finding[] } = stdout === '' ? { findings: [] } : JSON.parse(stdout)
  return { code, stderr, findings, found: (check: string) => findings.find((each) => each.check === check) }
}

async function aService(options?: ServiceOptions) {
  const service = await start(options)
  const { login, password } = service.ann.person
  return { service, login, password }
}

describe('doctor --deep', () => {
  it('holds a session as a device does, says how long each step took, and leaves nothing behind', async () => {
    const { service, login, password } = await aService()

    const { code, findings, found } = await tried(service, login, password)

    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
    expect(code).toBe(0)
    expect(found('connect without a token')?.says).toBe('is refused (HTTP 401)')
    expect(found('connect')?.says).toMatch(/^a device is let in \(HTTP 101\) within \d+ ms$/)
    expect(found('login')?.says).toMatch(/^accepted within \d+ ms: maximum: .*; permission: .*; Integrated Windows/)
    expect(found('order of the checks')?.says).toBe('the maximum, the permission, then the sign-in')
    expect(found('sign of life without an answer')?.says).toMatch(
      /^brings no message, for its route has no response; .* within \d+ ms$/,
    )
    expect(found('message to itself')?.says).toMatch(
      /^the server upstream took it within \d+ ms; its first event, .* \d+ ms$/,
    )
    expect(found('log-out')?.says).toMatch(/^answered within \d+ ms$/)
    const id = /^(doctor-\w+) is removed$/.exec(found('device of the trial')?.says ?? '')?.[1] ?? ''
    expect(await service.configuration.removeDevice(id)).toBe(false)
    expect(service.cwa.control.sessions()).toEqual([])
  })

  it('finds that an unanswered sign of life brings no message, though empty bodies reach devices as messages', async () => {
    const { service, login, password } = await aService({ gateway: { emptyMessages: true } })

    const { code, findings, found } = await tried(service, login, password)

    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
    expect(code).toBe(0)
    expect(found('sign of life without an answer')?.says).toMatch(/^brings no message, for its route has no response; /)
  })

  it('says who was refused and why, and removes the device all the same', async () => {
    const { service, login } = await aService()
    const { code, found } = await tried(service, login, 'wrong horse')
    expect(code).toBe(1)
    expect(found('login')).toMatchObject({
      state: 'wrong',
      says: expect.stringMatching(/^refused \(bad-credentials\): /),
    })
    expect(found('device of the trial')?.state).toBe('ok')
  })

  it('wants to know the user', async () => {
    const { admin } = await administered()
    expect(await admin('doctor', '--deep')).toMatchObject({ code: 2, errors: expect.stringContaining('--user NAME') })
  })
})

/** Answers each upgrade with this status, as API Gateway does, and each without a token with 401. */
function refusing(status: number, error: string): Server {
  return createServer((_, response) => response.end()).on('upgrade', ({ url = '' }, socket) => {
    const [line, type] = url.includes('token=') ? [status, error] : [401, 'UnauthorizedException']
    socket.end(`HTTP/1.1 ${line} No\r\nx-amzn-ErrorType: ${type}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  })
}

describe('doctor --deep, where API Gateway refuses the connection', () => {
  it.each([
    { status: 500, error: 'InternalServerErrorException', todo: /the integration of \$connect has no response/ },
    { status: 403, error: 'ForbiddenException', todo: /denies the device/ },
    { status: 429, error: 'LimitExceededException', todo: /collaboration:throttle/ },
  ])('says what HTTP $status means', async ({ status, error, todo }) => {
    const server = refusing(status, error)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const { within } = await administered({ url: `ws://127.0.0.1:${port}/live` })

    const said = await within(
      { COLLABORATION_PASSWORD: 'x' },
      'doctor',
      '--json',
      '--skip-upstream',
      '--deep',
      '--user',
      'CONTOSO\\ann',
    )

    const { findings }: { findings: Finding[] } = JSON.parse(said.out)
    expect(findings.find(({ check }) => check === 'connect')).toMatchObject({
      state: 'wrong',
      says: `API Gateway answers HTTP ${status} (${error})`,
      todo: expect.stringMatching(todo),
    })
    expect(findings.at(-1)).toMatchObject({ check: 'device of the trial', state: 'ok' })
  })
})
