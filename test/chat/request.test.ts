import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { deviceFile } from '../../infra/chat/device-file.ts'
import { requestOf } from '../../infra/chat/request.ts'

const local = join('/', 'project', '.local')
const annsFile = join(local, 'devices', 'ann.json')

describe('requestOf', () => {
  it.each([
    [['--as', 'ann'], { kind: 'chat', deviceFile: annsFile }],
    [['--as', 'ann', '--away-after', '15'], { kind: 'chat', deviceFile: annsFile, awayAfterMs: 900_000 }],
    [['--', '--as', 'ann'], { kind: 'chat', deviceFile: annsFile }],
    [['--device', 'my.json', '--url', 'wss://h/s'], { kind: 'chat', deviceFile: 'my.json', url: 'wss://h/s' }],
    [
      ['--enroll', 'ann/CODE', '--url', 'wss://h/s', '--device', 'my.json'],
      { kind: 'enroll', deviceFile: 'my.json', by: { code: 'ann/CODE', url: 'wss://h/s' } },
    ],
    [
      ['--enroll-file', 'ann.code', '--device', 'my.json'],
      { kind: 'enroll', deviceFile: 'my.json', by: { file: 'ann.code' } },
    ],
    [['--help'], { kind: 'help' }],
  ])('reads %j', (words, expected) => {
    expect(requestOf(words, local)).toEqual(expected)
  })

  it.each([
    [['--frobnicate'], "Unknown option '--frobnicate'"],
    [[], 'say who you are'],
    [['ann'], 'ann'],
    [['--enroll', 'CODE', '--url', 'wss://h/s'], 'say where the key goes'],
    [['--enroll', 'CODE', '--device', 'my.json'], '--enroll CODE goes with --url'],
    [['--as', '../ann'], '--as takes a name'],
    [['--as', 'ann', '--url', 'http://h/s'], 'expected ws://'],
    [['--as', 'ann', '--away-after', 'soon'], 'a whole number of minutes'],
    [['--as', 'ann', '--away-after', '0'], 'a whole number of minutes'],
  ])('says what is wrong with %j', (words, why) => {
    expect(requestOf(words, local)).toMatchObject({ kind: 'mistake', why: expect.stringContaining(why) })
  })
})

const file = async (text: string) => {
  const folder = await mkdtemp(join(tmpdir(), 'device-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'ann.json')
  await writeFile(path, text)
  return path
}

describe('deviceFile', () => {
  const good = { url: 'ws://127.0.0.1:1/s', device: 'phone-1', user: 'CONTOSO\\ann', transportKey: 'A'.repeat(43) }

  it('reads a device', async () => {
    const path = await file(JSON.stringify(good))

    expect(await deviceFile(path)).toEqual({ ...good, transportKey: new Uint8Array(32) })
  })

  it('says what to do when there is none', async () => {
    await expect(deviceFile(annsFile)).rejects.toThrow(
      `${annsFile}: there is no such file. Run "npm start" first, which writes one per device, or give --device FILE`,
    )
  })

  it.each([
    ['a key that is too short', JSON.stringify({ ...good, transportKey: 'SECRET' }), '"transportKey" is not 32 bytes'],
    ['a missing member', JSON.stringify({ ...good, user: undefined }), '"user" is missing'],
    ['no JSON', 'SECRET', 'the file is not JSON'],
  ])('names the fault and not the key: %s', async (_, text, words) => {
    const thrown = await deviceFile(await file(text)).catch((thrown: unknown) => String(thrown))

    expect(thrown).toContain(words)
    expect(thrown).not.toContain('SECRET')
  })
})
