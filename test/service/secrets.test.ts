import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { admit, people } from '../../infra/local/people.ts'
import { localStack } from '../../infra/local/stack.ts'
import { character, tell, type Character } from '../../infra/local/story.ts'
import { synthesize } from '../../infra/cdk/synthesis.ts'
import { ntHash } from '../../shared/cwa/ntlm/ntlm-hash.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { parseKeyRing } from '../../shared/store/keys/key-ring.ts'
import { deviceTraces, itemPlaces, items, logs, ticketsIn } from '../kit/leaks.ts'
import { findings, keyTraces, passwordTraces, place, type Place } from '../kit/secrets.ts'

/** Long enough that nothing else looks like it, with what JSON, XML, URLs and UTF-16 each write in a way of their own. */
const PASSWORD = 'Zq7&<Ä>+"ß 9Kx/e%n🌍wört'
const WRONG = `${PASSWORD}-wrong`

function files(folder: string, name: string): Place[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => statSync(file).isFile())
    .map((file) => ({ where: `${name}: ${relative(folder, file)}`, bytes: readFileSync(file) }))
}

/** What the story's people write. */
const WORDS = ['Hello Bob, lunch?']

function masterKeyIn(parameters: string): Uint8Array {
  const values: Record<string, string> = JSON.parse(parameters)
  return parseKeyRing(values['/collaboration/master-key'] ?? '')[0].key
}

/** The whole service with everything that it writes anywhere, where a test can look. */
async function observed(cwa: { iwa?: boolean; tls?: boolean }) {
  const keep = mkdtempSync(join(tmpdir(), 'collaboration-secrets-'))
  const written = logs()
  let assembly = ''
  const { ann, bob, cat } = people()
  const everybody = [ann, bob, cat].map((person) => ({ ...person, password: PASSWORD }))
  const stack = localStack({
    users: everybody,
    cwa,
    keep,
    lambda: written.lambda,
    gateway: written.gateway,
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
  return { running, stop, characters, keys, logs: written.places, keep, assembly: () => assembly }
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
      const shown: Place[] = []

      await running.configuration.set({ ...DEFAULT_SETTINGS, maximumSessions: 2, idleTimeoutMs: 600_000 })
      await tell({ ann, bob, cat, step: () => {}, saw: (words) => shown.push(place('what the devices saw', words)) })
      const refused: unknown = await ann.device.login(ann.person.login, WRONG).catch((thrown: unknown) => thrown)
      shown.push(place('the refusal of a wrong password', refused))
      running.cwa.control.failNext(({ path }) => path.startsWith('/iwa/') || path.startsWith('/forms/'), 500)
      const failed: unknown = await ann.device.login(ann.person.login, PASSWORD).catch((thrown: unknown) => thrown)
      shown.push(place('the refusal of a sign-in that fails upstream', failed))
      const accepted = await ann.device.login(ann.person.login, PASSWORD)
      shown.push(place('the answer to a login', accepted))
      for (const { name, seen } of characters) shown.push(place(`what the device of ${name} got`, seen))
      running.cwa.control.rotateTicket('sip:ann@contoso.test')
      running.cwa.control.queueEvents('sip:ann@contoso.test', [{ event: 'requestSucceeded', rid: '1' }])
      await ann.saw('the event that brings the new ticket', 'done')

      const stored = await items(running)
      const tables = itemPlaces(stored)
      const upstream = running.cwa.control.requests().map((request) => place('the requests that CWA lists', request))
      const tickets = await ticketsIn(stored, running.vault)
      const deployed = files(assembly(), 'the cloud assembly')
      await stop()
      const written = [...files(keep, 'the folder of the tables'), ...deployed]

      expect([refused, failed]).toMatchObject([{ code: 'bad-credentials' }, { code: 'upstream-refused' }])
      expect([logs().length > 20, stored.length > 8, written.length > 4, tickets.length]).toEqual([true, true, true, 1])
      const places = [...logs(), ...shown, ...tables, ...upstream, ...written]
      expect(findings(places, passwordTraces(PASSWORD))).toEqual([])
      expect(findings(places, passwordTraces(WRONG))).toEqual([])
      for (const [at, { person }] of characters.entries()) {
        expect(findings(places, deviceTraces(person.device, keys[at] ?? Buffer.alloc(0)))).toEqual([])
      }
      // What people write is in the mailboxes and on the devices: no log has it.
      const wordTraces = WORDS.map((words) => ({ form: `the words ${words}`, bytes: Buffer.from(words) }))
      expect(findings(shown, wordTraces).length).toBeGreaterThan(0)
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
