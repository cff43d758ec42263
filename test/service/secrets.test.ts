import { hkdfSync } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AccessLogEntry } from '../../infra/local/gateway/access-log.ts'
import type { LambdaLogLine } from '../../infra/local/lambda/log.ts'
import { admit, people } from '../../infra/local/people.ts'
import { localStack, type RunningStack } from '../../infra/local/stack.ts'
import { character, tell, type Character } from '../../infra/local/story.ts'
import { synthesize } from '../../infra/synthesis.ts'
import { ntHash } from '../../shared/cwa/ntlm-hash.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { parseKeyRing } from '../../shared/store/key-ring.ts'
import { findings, keyTraces, passwordTraces, type Place, type Trace } from '../kit/secrets.ts'

/** Long enough that nothing else looks like it, with what JSON, XML, URLs and UTF-16 each write in a way of their own. */
const PASSWORD = 'Zq7&<Ä>+"ß 9Kx/e%n🌍wört'
const WRONG = `${PASSWORD}-wrong`

const place = (where: string, what: unknown): Place => ({ where, bytes: Buffer.from(written(what)) })

/** All that a value would show, were it printed: an error's own words, stack and causes, too. */
function written(what: unknown): string {
  if (typeof what === 'string') return what
  if (!(what instanceof Error)) return JSON.stringify(what) ?? ''
  const own = JSON.stringify(what, Object.getOwnPropertyNames(what)) ?? ''
  return `${what.name} ${what.message} ${what.stack} ${own} ${what.cause === undefined ? '' : written(what.cause)}`
}

function files(folder: string, name: string): Place[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => statSync(file).isFile())
    .map((file) => ({ where: `${name}: ${relative(folder, file)}`, bytes: readFileSync(file) }))
}

async function items({ dynamo, description }: RunningStack): Promise<Record<string, unknown>[]> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint: dynamo.url, region: 'local', credentials })
  const pages = await Promise.all(
    description.tables.map(({ name }) => client.send(new ScanCommand({ TableName: name, ConsistentRead: true }))),
  )
  client.destroy()
  return pages.flatMap(({ Items = [] }) => Items.map((item) => unmarshall(item)))
}

/** What the story's people write. */
const WORDS = ['Hello Bob, lunch?']

/** The key that a device's tokens are signed with. */
function tokenKey(key: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(), 'device token', 32))
}

/** Every token of a device begins with the same header. */
function tokenTraces(device: string): Trace[] {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: device })).toString('base64url')
  return [{ form: 'a token', bytes: Buffer.from(header) }]
}

/** The ticket that a session's item holds sealed. */
async function ticketIn({ pk, sk, ticket }: Record<string, unknown>, { vault }: RunningStack): Promise<string> {
  return vault.open(ticket, { table: 'sessions', item: { pk: String(pk), sk: String(sk) }, attribute: 'ticket' })
}

function masterKeyIn(parameters: string): Uint8Array {
  const values: Record<string, string> = JSON.parse(parameters)
  return parseKeyRing(values['/collaboration/master-key'] ?? '')[0].key
}

/** The whole service with everything that it writes anywhere, where a test can look. */
async function observed(cwa: { iwa?: boolean; tls?: boolean }) {
  const keep = mkdtempSync(join(tmpdir(), 'collaboration-secrets-'))
  const lines: LambdaLogLine[] = []
  const access: AccessLogEntry[] = []
  let assembly = ''
  const { ann, bob, cat } = people()
  const everybody = [ann, bob, cat].map((person) => ({ ...person, password: PASSWORD }))
  const stack = localStack({
    users: everybody,
    cwa,
    keep,
    lambda: { log: (line) => lines.push(line) },
    gateway: { log: (entry) => access.push(entry) },
    app: (options) => (assembly = synthesize(options)),
  })
  const running = await stack.start()
  const stop = async () => {
    for (const { device } of characters) device.close()
    await stack.stop()
  }
  onTestFinished(async () => {
    await stop()
    rmSync(keep, { recursive: true, force: true })
    rmSync(`${keep}.keys`, { force: true })
  })
  const keys: Uint8Array[] = []
  const characters: Character[] = []
  for (const person of everybody) {
    const key = await admit(person, running)
    keys.push(key)
    characters.push(character(person, running.url, key))
  }
  const logs = (): Place[] => [
    ...lines.map((line, at) => place(`the log of ${line.functionName}, line ${at + 1}`, line)),
    ...access.map((entry, at) => place(`the access log, entry ${at + 1}`, entry)),
  ]
  return { running, stop, characters, keys, logs, keep, assembly: () => assembly }
}

describe('a secret', () => {
  it.each([
    { by: 'Integrated Windows Authentication', cwa: {} },
    { by: 'forms over HTTPS', cwa: { iwa: false, tls: true } },
  ])(
    'is found nowhere after a whole story with sign-ins by $by',
    async ({ cwa }) => {
      const { running, stop, characters, keys, logs, keep, assembly } = await observed(cwa)
      const [ann, bob, cat] = characters
      if (ann === undefined || bob === undefined || cat === undefined) throw new TypeError('there are three')
      const told: Place[] = []

      await running.configuration.set({ ...DEFAULT_SETTINGS, maximumSessions: 2, idleTimeoutMs: 600_000 })
      await tell({ ann, bob, cat, step: () => {}, saw: (words) => told.push(place('what the devices saw', words)) })
      const refused: unknown = await ann.device.login(ann.person.login, WRONG).catch((thrown: unknown) => thrown)
      told.push(place('the refusal of a wrong password', refused))
      running.cwa.control.failNext(({ path }) => path.startsWith('/iwa/') || path.startsWith('/forms/'), 500)
      const failed: unknown = await ann.device.login(ann.person.login, PASSWORD).catch((thrown: unknown) => thrown)
      told.push(place('the refusal of a sign-in that fails upstream', failed))
      const accepted = await ann.device.login(ann.person.login, PASSWORD)
      told.push(place('what a login is told', accepted))
      for (const { name, seen } of characters) told.push(place(`what the device of ${name} was told`, seen))
      running.cwa.control.rotateTicket('sip:ann@contoso.test')
      running.cwa.control.queueEvents('sip:ann@contoso.test', [{ event: 'requestSucceeded', rid: '1' }])
      await ann.saw('the event that brings the new ticket', 'done')

      const stored = await items(running)
      const tables = stored.map((item) => place(`the item ${String(item['pk'])} / ${String(item['sk'])}`, item))
      const upstream = running.cwa.control.requests().map((request) => place('the requests that CWA lists', request))
      const tickets = await Promise.all(
        stored.filter(({ ticket }) => ticket !== undefined).map((item) => ticketIn(item, running)),
      )
      const deployed = files(assembly(), 'the cloud assembly')
      await stop()
      const written = [...files(keep, 'the folder of the tables'), ...deployed]

      expect([refused, failed]).toMatchObject([{ code: 'bad-credentials' }, { code: 'upstream-refused' }])
      expect([logs().length > 20, stored.length > 8, written.length > 4, tickets.length]).toEqual([true, true, true, 1])
      const places = [...logs(), ...told, ...tables, ...upstream, ...written]
      expect(findings(places, passwordTraces(PASSWORD))).toEqual([])
      expect(findings(places, passwordTraces(WRONG))).toEqual([])
      for (const key of keys) expect(findings(places, keyTraces('a transport key', key))).toEqual([])
      for (const key of keys) expect(findings(places, keyTraces('a token key', tokenKey(key)))).toEqual([])
      for (const { person } of characters) expect(findings(places, tokenTraces(person.device))).toEqual([])
      // What people write is in the mailboxes and on the devices: no log has it.
      const wordTraces = WORDS.map((words) => ({ form: `the words ${words}`, bytes: Buffer.from(words) }))
      expect(findings(told, wordTraces).length).toBeGreaterThan(0)
      expect(findings([...logs(), ...upstream], wordTraces)).toEqual([])
      for (const ticket of tickets) expect(findings(places, keyTraces('a ticket', Buffer.from(ticket)))).toEqual([])
      // The master key is beside the tables, where the local stack has its Parameter Store, and nowhere else.
      const master = masterKeyIn(readFileSync(`${keep}.keys`, 'utf8'))
      expect(findings(places, keyTraces('the master key', master))).toEqual([])
    },
    90_000,
  )
})

describe('the search for it', () => {
  const utf16 = Buffer.from(PASSWORD, 'utf16le')
  const forms: readonly (readonly [string, (secret: string) => Buffer])[] = [
    ['as it is', (secret) => Buffer.from(secret)],
    ['in JSON', (secret) => Buffer.from(JSON.stringify({ secret }))],
    [
      'in XML',
      (secret) => Buffer.from(secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')),
    ],
    ['in a URL', (secret) => Buffer.from(`https://x.test/?p=${encodeURIComponent(secret)}&q=1`)],
    ['in UTF-16', () => utf16],
    ['in UTF-16, in hexadecimal', () => Buffer.from(utf16.toString('hex'))],
    ['in UTF-16, in capital hexadecimal', () => Buffer.from(utf16.toString('hex').toUpperCase())],
    ['by its NT hash', (secret) => Buffer.from(ntHash(secret).toString('hex'))],
    ...[0, 1, 2, 3, 4, 5].flatMap((before) => {
      const after = (bytes: Uint8Array) => Buffer.concat([Buffer.alloc(before, 'u:'), bytes, Buffer.from(' tail')])
      return [
        [
          `in base64 after ${before} bytes`,
          (secret: string) => Buffer.from(after(Buffer.from(secret)).toString('base64')),
        ],
        [
          `in base64url after ${before} bytes`,
          (secret: string) => Buffer.from(after(Buffer.from(secret)).toString('base64url')),
        ],
        [`in UTF-16 in base64 after ${before} bytes`, () => Buffer.from(after(utf16).toString('base64'))],
        [
          `by its NT hash in base64 after ${before} bytes`,
          (secret: string) => Buffer.from(after(ntHash(secret)).toString('base64')),
        ],
      ] as const
    }),
  ]

  it.each(forms)('finds it %s, and says where, without saying it', (_, hide) => {
    const hidden = Buffer.concat([Buffer.from('before '), hide(PASSWORD), Buffer.from(' behind')])
    const places = [place('somewhere else', 'nothing'), { where: 'the hiding place', bytes: hidden }]

    const found = findings(places, passwordTraces(PASSWORD))

    expect(found.length).toBeGreaterThan(0)
    for (const words of found) expect(words).toMatch(/: in the hiding place$/)
    expect(findings([place('its words', found)], passwordTraces(PASSWORD))).toEqual([])
  })

  it('finds it in the words, the cause and the members of an error', () => {
    const error = Object.assign(new Error('no', { cause: new Error(`because of ${PASSWORD}`) }), { at: 1 })

    expect(findings([place('an error', error)], passwordTraces(PASSWORD))).toContain('the password: in an error')
  })

  it('does not take another password for it', () => {
    const places = forms.map(([form, hide]) => ({ where: form, bytes: hide(PASSWORD) }))

    expect(findings(places, passwordTraces('Another-Pa55word'))).toEqual([])
  })
})
