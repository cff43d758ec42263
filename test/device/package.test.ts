import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { accepted, events } from './harness.ts'
import { DEVICE, scriptedService, TRANSPORT_KEY } from './scripted-service.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'collaboration-package-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The example that the README has. */
function example(): string {
  const [, code] = /```ts\n([^]*?)```/.exec(readFileSync('shared/device/README.md', 'utf8')) ?? []
  if (code === undefined) throw new Error('the README of shared/device has no example')
  return code
}

beforeAll(async () => {
  const built = join(folder, 'built')
  await run(process.execPath, ['shared/device/pack.mjs', built])
  await run('npm', ['pack', built], { cwd: folder })
  writeFileSync(join(folder, 'package.json'), '{ "name": "bot", "private": true, "type": "module" }')
  const quiet = ['--offline', '--no-audit', '--no-fund']
  await run('npm', ['install', ...quiet, './collaboration-device-0.1.0.tgz'], { cwd: folder })
  writeFileSync(join(folder, 'bot.ts'), example())
})

it('runs the example of its README, installed without a network', async () => {
  const service = await scriptedService({ now: Date.now })
  onTestFinished(() => service.stop())
  const environment = {
    URL_OF_SERVICE: service.url,
    DEVICE,
    KEY: Buffer.from(TRANSPORT_KEY).toString('base64url'),
    NAME: 'CONTOSO\\ann',
    PASSWORD: 'correct horse',
  }
  const bot = spawn(process.execPath, ['bot.ts'], { cwd: folder, env: { ...process.env, ...environment } })
  onTestFinished(() => void bot.kill())
  const said = text(bot.stdout)

  const talk = await service.connection()
  const login = await talk.hear('login')
  await login.answer(accepted())
  await talk.push(events(2))
  const send = await talk.hear('send')
  bot.kill()

  expect(login.frame).toMatchObject({ user: 'CONTOSO\\ann', password: 'correct horse' })
  expect(send.frame.command).toEqual({ kind: 'message', conversation: '1', text: 'You said: 2' })
  expect(await said).toContain('sip:bob@contoso.test: 2')
})

it('has types that stand by themselves, and an example of twenty lines that they accept', async () => {
  const compilerOptions = { target: 'es2024', module: 'nodenext', lib: ['es2024', 'dom'], strict: true, noEmit: true }
  const more = { types: ['node'], typeRoots: [join(process.cwd(), 'node_modules/@types')], skipLibCheck: false }
  const settings = { compilerOptions: { ...compilerOptions, ...more }, files: ['bot.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  const checked = run(process.execPath, [join(process.cwd(), 'node_modules/typescript/bin/tsc'), '-p', folder])

  await expect(checked).resolves.toMatchObject({ stdout: '' })
  expect(example().trim().split('\n').length).toBeLessThanOrEqual(21)
})

it('depends on no other package, and is no larger than it was', () => {
  const installed = join(folder, 'node_modules/collaboration-device')
  const { dependencies = {} } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  const code = readFileSync(join(installed, 'dist/device.js'), 'utf8')

  expect(dependencies).toEqual({})
  expect(code).not.toMatch(/^import |\bfrom ["'](?!\.)|["']node:/m)
  expect(code.length).toBeLessThan(140_000)
})
