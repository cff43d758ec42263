import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { printTransportKey } from '../../shared/wire/transport-key.ts'
import { CHAT } from '../admin/started.ts'
import { services, type Service } from '../kit/service.ts'

const service = services()
let running: Service

beforeAll(async () => {
  running = await service()
  await running.bob.device.login(running.bob.person.login, running.bob.person.password)
})

/** Ann's chat, without a terminal. */
function chat() {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const { url, ann, keys } = running
  const file = join(folder, 'ann.json')
  const known = { url, device: ann.person.device, user: ann.person.login, transportKey: printTransportKey(keys.ann) }
  writeFileSync(file, JSON.stringify(known))
  const env = { ...process.env, COLLABORATION_PASSWORD: ann.person.password }
  const child = spawn(process.execPath, [CHAT, '--device', file], { env })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** What `echo LINES | npm run chat` shows, and how it ends. */
async function said(lines: string) {
  const child = chat()
  child.stdin.end(lines)
  const [shown, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: Number(code), shown, errors }
}

const logouts = () => {
  const found = running.description.functions.find(({ name }) => name.endsWith('-logout'))
  return running.lambda.logs(found?.name ?? '').filter(({ text }) => text.includes('"logged out"')).length
}

describe('a script that says something and leaves', () => {
  it('exits with 0 when the server took it, and no event says otherwise', async () => {
    const { code, shown } = await said('/msg bob Hello\n')
    await running.bob.saw('the invitation', 'invitation', (event) => event.text === 'Hello')
    expect(shown).toContain('✓ "Hello"')
    expect(shown).toContain('- logged out')
    expect(code).toBe(0)
  })

  it('waits until it is known that it was refused after all, says so, and exits with 1', async () => {
    const { code, shown } = await said('/msg cat Hello\n')
    expect(shown).toMatch(/✗ failed to send "Hello": .*480/)
    expect(shown).toContain('- logged out')
    expect(code).toBe(1)
  })

  it.each([
    ['/mgs bob Hello', '! /mgs: there is no such command'],
    ['/msg zoe Hello', '! no one here is called "zoe"'],
    ['/leave', '! there is no such conversation'],
  ])('exits with 1 when %s is not understood', async (line, words) => {
    const { code, shown } = await said(`${line}\n`)
    expect(shown).toContain(words)
    expect(code).toBe(1)
  })
})

describe('a chat whose output lost its reader', () => {
  it('logs out without a word', async () => {
    const before = logouts()
    const child = chat()
    await once(child.stdout, 'data')
    child.stdout.destroy()
    // What somebody types would be printed, and is the first thing that cannot be.
    const typing = setImmediate(function type() {
      child.stdin.write('/who\n')
    })
    onTestFinished(() => clearImmediate(typing))
    child.stdin.on('error', () => {})
    const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])

    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    expect(logouts()).toBe(before + 1)
  })
})
