import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { qrCode } from '../../infra/admin/commands/enrolling.ts'
import { deviceFile } from '../../infra/chat/device-file.ts'
import { offeredIn } from '../../infra/web/model/enrolment-link.ts'
import { codeKeys, parseEnrolmentCode } from '../../shared/wire/enrolment.ts'
import { printTransportKey } from '../../shared/wire/transport-key.ts'
import { administered } from './harness.ts'
import { aSigningIn } from '../rules/sample-seats.ts'

const USER = 'CONTOSO\\ann'

describe('devices add', () => {
  it('enrolls a device, whose key only the file has', async () => {
    const { admin, reader, folder, clock } = await administered()
    const file = join(folder, 'ann.json')

    const { code, out, errors } = await admin('devices', 'add', 'ann-phone', '--user', USER, '--out', file)

    expect(code).toBe(0)
    const { transportKey, ...rest } = await deviceFile(file)
    expect(rest).toEqual({ url: 'ws://127.0.0.1:1/live', device: 'ann-phone', user: USER })
    const key = printTransportKey(transportKey)
    expect(await reader().device('ann-phone', clock.now())).toMatchObject({
      state: 'active',
      transportKey: key,
      user: USER,
    })
    expect(out + errors).not.toContain(key)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('overwrites no file, and enrolls nothing then', async () => {
    const { admin, reader, folder, clock } = await administered()
    const file = join(folder, 'ann.json')
    writeFileSync(file, 'the key of another')

    const { code, errors } = await admin('devices', 'add', 'ann-phone', '--out', file)

    expect([code, errors]).toEqual([
      1,
      expect.stringContaining('is there already, and may hold a key: give another name'),
    ])
    expect(readFileSync(file, 'utf8')).toBe('the key of another')
    expect(await reader().device('ann-phone', clock.now())).toBeUndefined()
  })

  it('leaves a device that is there as it is, and no file', async () => {
    const { admin, reader, configuration, folder, clock } = await administered()
    await configuration.addDevice('ann-phone', { state: 'revoked', transportKey: 'former' })
    const file = join(folder, 'ann.json')

    const { code, errors } = await admin('devices', 'add', 'ann-phone', '--out', file)

    expect([code, errors]).toEqual([1, expect.stringContaining('device ann-phone is there already')])
    expect(existsSync(file)).toBe(false)
    expect(await reader().device('ann-phone', clock.now())).toMatchObject({ state: 'revoked', transportKey: 'former' })
  })

  it('takes its own success for one when the answer gets lost', async () => {
    let lost = false
    const lose = (operation: string, body: unknown) => {
      if (operation !== 'PutItem' || lost || !JSON.stringify(body).includes('DEVICE#')) return undefined
      lost = true
      return { type: 'InternalServerError', status: 500, when: 'after' } as const
    }
    const { admin, folder } = await administered({ dynamo: { fault: lose } })

    expect(await admin('devices', 'add', 'ann-phone', '--out', join(folder, 'ann.json'))).toMatchObject({ code: 0 })
    expect(lost).toBe(true)
  })

  it.each(['ann phone', 'ann/phone', 'ü', '', 'x'.repeat(65)])('takes no id such as %j', async (id) => {
    const { admin, folder } = await administered()
    expect(await admin('devices', 'add', '--out', join(folder, 'file'), '--', id)).toMatchObject({ code: 2 })
  })

  it('asks where the key goes', async () => {
    const { admin } = await administered()
    expect(await admin('devices', 'add', 'ann-phone')).toMatchObject({
      code: 2,
      errors: expect.stringContaining("required option '--out <FILE>' not specified"),
    })
  })
})

async function enrolled() {
  const all = await administered()
  await all.configuration.addDevice('bob-phone', { state: 'active', transportKey: 'key-of-bob' })
  await all.configuration.addDevice('ann-phone', { state: 'active', transportKey: 'key-of-ann', user: USER })
  const stateOf = async (id: string) => (await all.reader().device(id, all.clock.now()))?.state
  return { ...all, stateOf }
}

describe('devices', () => {
  it('that are removed leave nothing: neither a session nor the numbers of their frames', async () => {
    const { admin, place, sessions, seats } = await enrolled()
    const { session } = await place(aSigningIn({ device: 'ann-phone' }))
    await sessions.point('ann-phone', { session, heard: Number.MAX_SAFE_INTEGER })

    expect((await admin('devices', 'remove', 'ann-phone', '--yes')).code).toBe(0)

    expect(await sessions.ofDevice('ann-phone')).toBeUndefined()
    expect(await seats.read(0, { consistent: true })).toEqual([])
  })

  it('are removed once more where that was cut short: what is left of them is forgotten', async () => {
    const { admin, configuration, sessions } = await enrolled()
    await sessions.point('ann-phone', { session: '7-AnnAnnAnnAnnAnnA', heard: 1 })
    await configuration.removeDevice('ann-phone')

    expect((await admin('devices', 'remove', 'ann-phone', '--yes')).code).toBe(0)
    expect(await sessions.ofDevice('ann-phone')).toBeUndefined()
    expect((await admin('devices', 'remove', 'ann-phone', '--yes')).code).toBe(1)
  })

  it('are listed and shown without their keys', async () => {
    const { admin, sessions } = await enrolled()
    await sessions.point('ann-phone', { session: '7-AnnAnnAnnAnnAnnA', heard: 1 })

    const said = await Promise.all([
      admin('devices', 'list'),
      admin('devices', 'list', '--json'),
      admin('devices', 'show', 'ann-phone'),
      admin('devices', 'show', 'ann-phone', '--json'),
    ])

    const [table, list, , shown] = said.map(({ out }) => out)
    expect(table).toBe(
      'device     state   given to     code\nann-phone  active  CONTOSO\\ann  -\nbob-phone  active  -            -\n',
    )
    expect(JSON.parse(list ?? '')).toEqual({
      devices: [
        { device: 'ann-phone', state: 'active', user: USER },
        { device: 'bob-phone', state: 'active' },
      ],
    })
    expect(JSON.parse(shown ?? '')).toEqual({
      device: 'ann-phone',
      state: 'active',
      user: USER,
      session: '7-AnnAnnAnnAnnAnnA',
    })
    expect(JSON.stringify(said)).not.toContain('key-of')
  })

  it('are disabled and enabled', async () => {
    const { admin, stateOf } = await enrolled()

    const disabled = await admin('devices', 'disable', 'ann-phone')
    expect(disabled).toMatchObject({ code: 0, out: 'ann-phone: disabled\n', errors: '' })
    expect(await stateOf('ann-phone')).toBe('disabled')

    expect(await admin('devices', 'enable', 'ann-phone')).toMatchObject({ code: 0, errors: '' })
    expect(await stateOf('ann-phone')).toBe('active')
    expect(await stateOf('bob-phone')).toBe('active')
  })

  it('that are revoked stay so', async () => {
    const { admin, stateOf } = await enrolled()

    expect(await admin('devices', 'revoke', 'ann-phone')).toMatchObject({ code: 1 })
    expect(await stateOf('ann-phone')).toBe('active')
    expect(await admin('devices', 'revoke', 'ann-phone', '--yes')).toMatchObject({ code: 0 })
    expect(await admin('devices', 'revoke', 'ann-phone', '--yes')).toMatchObject({ code: 0 })
    for (const command of ['enable', 'disable']) {
      expect(await admin('devices', command, 'ann-phone')).toMatchObject({
        code: 1,
        errors: 'ann-phone is revoked, and stays so: add a device under another id\n',
      })
    }
    expect(await stateOf('ann-phone')).toBe('revoked')
  })

  it('are removed with their keys', async () => {
    const { admin, stateOf } = await enrolled()

    expect(await admin('devices', 'remove', 'ann-phone')).toMatchObject({ code: 1 })
    expect(await stateOf('ann-phone')).toBe('active')
    expect(await admin('devices', 'remove', 'ann-phone', '--yes')).toMatchObject({ code: 0 })
    expect(await stateOf('ann-phone')).toBeUndefined()
  })

  it.each(['show', 'disable', 'enable', 'revoke', 'remove'])(
    '%s knows no device that was not added',
    async (command) => {
      const { admin, stateOf } = await enrolled()

      expect(await admin('devices', command, 'cat-phone', '--yes')).toMatchObject({
        code: 1,
        errors: 'device cat-phone is not known: devices list shows which there are\n',
      })
      expect(await stateOf('cat-phone')).toBeUndefined()
    },
  )
})

/** The harness, a device that a code was given out for, and what was said then. */
async function given(...words: string[]) {
  const all = await administered()
  const { code, out, errors } = await all.admin('devices', 'enroll', USER, '--id', 'ann-phone', '--json', ...words)
  expect([code, errors]).toEqual([0, expect.stringContaining('good for one use, within')])
  const value: { code: string; validUntil: number; file?: string } = JSON.parse(out)
  return { ...all, ...value, said: out }
}

describe('devices enroll', () => {
  it('makes a device that waits, shows its code once, and keeps it nowhere', async () => {
    const { admin, reader, settled, clock, code, validUntil } = await given()

    expect(validUntil - clock.now()).toBe(15 * 60_000)
    const { id, key } = await codeKeys(parseEnrolmentCode(code))
    expect(await reader().device('ann-phone', clock.now())).toEqual({
      state: 'waiting',
      user: USER,
      code: { id, key: printTransportKey(key), until: validUntil },
    })
    const kept = JSON.stringify(await settled.get({ pk: 'DEVICE#ann-phone', sk: '-' }))
    const [, secret = ''] = code.split('/')
    const later = [await admin('devices', 'list'), await admin('devices', 'show', 'ann-phone')]
    expect(JSON.stringify([kept, later])).not.toContain(secret)
    expect(later.map(({ out }) => out)).toEqual([
      'device     state    given to     code\nann-phone  waiting  CONTOSO\\ann  open\n',
      expect.stringContaining('open for 15 min'),
    ])
  })

  it('writes the code to a file that its owner alone may read, and does not show it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'ann.code')
    const { said } = await given('--out', file)

    expect(statSync(file).mode & 0o777).toBe(0o600)
    const offered: { url: string; code: string } = JSON.parse(readFileSync(file, 'utf8'))
    expect(offered.url).toBe('ws://127.0.0.1:1/live')
    expect(parseEnrolmentCode(offered.code).device).toBe('ann-phone')
    expect(said).not.toContain(offered.code)
  })

  it('gives a link to the page, where it is served, that sets up the browser which opens it', async () => {
    const { admin } = await administered({ page: 'https://chat.contoso.test/' })
    const { out } = await admin('devices', 'enroll', USER, '--json')
    const { code, link }: { code: string; link: string } = JSON.parse(out)
    expect(link).toMatch(/^https:\/\/chat\.contoso\.test\/#/)
    expect(offeredIn(link)).toEqual({ code })
    expect((await admin('devices', 'enroll', USER)).out).toMatch(/or, in a browser: https:\/\/chat\.contoso\.test\/#/)
  })

  it('names the device itself where the administrator does not', async () => {
    const { admin } = await administered()
    const { out } = await admin('devices', 'enroll', USER, '--json')
    expect(JSON.parse(out)).toMatchObject({ device: expect.stringMatching(/^ann-[a-z0-9]{4}$/), user: USER })
  })

  it.each([['59s'], ['25h'], ['soon']])('takes no code that is valid for %s', async (valid) => {
    const { admin } = await administered()
    expect(await admin('devices', 'enroll', USER, '--valid', valid)).toMatchObject({
      code: 2,
      errors: expect.stringContaining('from 1m to 24h'),
    })
  })

  it('leaves a device that is there as it is, and says how it gets a new key', async () => {
    const { admin, said, reader, clock } = await given()
    const before = await reader().device('ann-phone', clock.now())
    expect(await admin('devices', 'enroll', USER, '--id', 'ann-phone')).toMatchObject({
      code: 1,
      errors: 'device ann-phone is there already: devices rotate gives it a new key, --id another name\n',
    })
    expect(await reader().device('ann-phone', clock.now())).toEqual(before)

    const { out } = await admin('devices', 'rotate', 'ann-phone', '--json')
    expect(out).not.toBe(said)
    expect((await reader().device('ann-phone', clock.now()))?.code?.id).not.toBe(before?.code?.id)
  })

  it('shows what became of a code', async () => {
    const { admin, clock } = await given()
    clock.advance(15 * 60_000)
    expect((await admin('devices', 'show', 'ann-phone')).out).toContain('expired, and not redeemed')
  })

  it('has a QR code with what the protocol says', () => {
    const lines = qrCode('ann-phone/000', 'wss://h/s')
    expect(lines.length).toBeGreaterThan(10)
    expect(new Set(lines.map((line) => line.length)).size).toBe(1)
  })
})

describe('devices rotate', () => {
  it('gives no code for a device that is revoked, or not there', async () => {
    const { admin } = await enrolled()
    await admin('devices', 'revoke', 'ann-phone', '--yes')
    expect(await admin('devices', 'rotate', 'ann-phone')).toMatchObject({ code: 1, out: '' })
    expect(await admin('devices', 'rotate', 'cat-phone')).toMatchObject({
      code: 1,
      errors: 'device cat-phone is not known: devices list shows which there are\n',
    })
  })
})
