import { execFile, spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { xmlCodec } from '../../../shared/cwa/xml/xml.ts'

const MAIN = join(import.meta.dirname, '../../../infra/cwa/main.ts')
const IWA = '/iwa/logon.html'
const LOGON = '<cwaRequests><logon></logon></cwaRequests>'
const hasCurl = spawnSync('curl', ['--version']).stdout?.includes('NTLM') ?? false

let folder: string
let users: string
let ca: string
const children: ChildProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cwa-command-'))
  users = join(folder, 'users.txt')
  ca = join(folder, 'ca.pem')
  writeFileSync(users, '# two people\nCONTOSO:ann:s3cret:Ann Archer\nCONTOSO:bob:hush\n')
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

function command(...args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  return child
}

/** Exit code and words of a command that ends by itself. */
async function ended(...args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
  const child = command(...args)
  const exit = once(child, 'exit')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: (await exit)[0], out, err }
}

/** Starts it and reads until it says how it ends. */
async function running(...args: readonly string[]) {
  const child = command('--port', '0', '--users', users, '--ca', ca, ...args)
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (line.startsWith('Ctrl-C')) break
  }
  const found = (word: string) => new RegExp(`^  ${word} +(\\S+)$`, 'm').exec(lines.join('\n'))?.[1] ?? ''
  return { child, lines, http: found('HTTP'), https: found('HTTPS') }
}

async function curl(url: string, password: string): Promise<string> {
  const args = ['-s', '--cacert', ca, '--ntlm', '-u', `CONTOSO\\ann:${password}`, '-d', LOGON, '-o', '/dev/null']
  return (await promisify(execFile)('curl', [...args, '-w', '%{http_code} %header{cwa-ticket}', url + IWA])).stdout
}

async function overHttps(url: string, path: string, body: string, ticket?: string): Promise<[number, string]> {
  const headers = ticket === undefined ? {} : { 'CWA-Ticket': ticket }
  const sent = request(url + path, { method: 'POST', ca: readFileSync(ca), headers, agent: false })
  sent.end(body)
  const [response] = await once(sent, 'response')
  return [response.statusCode, await text(response)]
}

describe('the command', () => {
  it('is one server behind two doors, and tells its URLs and users but no password', async () => {
    const { child, lines, http, https } = await running()
    const heard = lines.join('\n')
    expect(heard).toContain('CONTOSO\\ann   sip:ann@contoso.test   Ann Archer')
    expect(heard).toContain('CONTOSO\\bob   sip:bob@contoso.test')
    expect(heard).not.toMatch(/s3cret|hush/)

    const body = xmlCodec.printRequests({ methods: [{ method: 'logon', user: 'CONTOSO\\ann', password: 's3cret' }] })
    const signedIn = await fetch(`${http}/forms/logon.html`, { method: 'POST', body })
    const ticket = signedIn.headers.get('cwa-ticket') ?? ''
    expect(ticket).not.toBe('')
    const begin = xmlCodec.printRequests({ methods: [{ method: 'initiateSession', rid: '1' }] })
    const [status, answer] = await overHttps(https, '/cwa/MainCommandHandler.ashx', begin, ticket)
    expect(status).toBe(200)
    expect(xmlCodec.parseResponses(answer).answers).toMatchObject([{ uri: 'sip:ann@contoso.test' }])

    const exit = once(child, 'exit')
    child.kill('SIGINT')
    expect((await exit)[0]).toBe(0)
  })

  it.skipIf(!hasCurl)(
    'signs curl in by NTLM at both doors, and refuses its wrong password (skipped where curl has no NTLM)',
    async () => {
      const { http, https } = await running()

      expect(await curl(http, 's3cret')).toMatch(/^200 \S{20,}$/)
      expect(await curl(https, 's3cret')).toMatch(/^200 \S{20,}$/)
      expect(await curl(http, 'no')).toBe('401 ')
      expect(await curl(https, 'no')).toBe('401 ')
    },
  )

  it('writes its bodies in JSON when asked', async () => {
    const { http } = await running('--codec', 'json')
    const body = JSON.stringify({
      cwaRequests: { methods: [{ method: 'logon', user: 'ann@contoso', password: 'no' }] },
    })
    const refused = await fetch(`${http}/forms/logon.html`, { method: 'POST', body })

    expect([refused.status, await refused.json()]).toMatchObject([401, { cwaResponses: {} }])
  })

  it('says what to do about a port that is in use', async () => {
    const other = createServer()
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'string' ? '' : String(address?.port)
    const { code, err } = await ended('--port', port, '--users', users, '--ca', ca)
    other.close()

    expect(code).toBe(1)
    expect(err).toBe(`port ${port} is in use: choose others with --port (HTTPS is on the next one)\n`)
  })

  it.each([
    ['without users', [], 2, '--users FILE is missing'],
    ['with a port that is none', ['--users', 'x', '--port', 'http'], 2, '--port http: a number from 0 to 65534'],
    ['with the last port', ['--users', 'x', '--port', '65535'], 2, '--port 65535: a number from 0 to 65534'],
    ['with another codec', ['--users', 'x', '--codec', 'yaml'], 2, '--codec yaml: json or xml is accepted'],
    ['with an unknown option', ['--tls'], 2, "Unknown option '--tls'"],
    ['with a file that is not there', ['--users', 'not-there.txt'], 1, 'check the file given with --users'],
  ])('does not start %s', async (_, args, code, words) => {
    const { err, ...end } = await ended(...args)

    expect(end).toEqual({ code, out: '' })
    expect(err).toContain(words)
    expect(err).not.toContain('    at ')
  })

  it('names the line of the file that is wrong', async () => {
    writeFileSync(users, 'CONTOSO:ann:pw\nbob\n')

    expect((await ended('--users', users)).err).toContain(`${users}: line 2: a line is DOMAIN:USER:PASSWORD`)
  })

  it('explains itself', async () => {
    const { code, out } = await ended('--help')

    expect([code, out]).toEqual([0, expect.stringContaining('--users FILE')])
  })
})
