import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import { expect, it, onTestFinished } from 'vitest'
import { traceCommand } from '../../infra/admin/commands/trace.ts'
import { bundle } from '../../infra/cdk/bundle.ts'

async function trace(...args: readonly [string, string]): Promise<string> {
  const output = new PassThrough()
  const program = new Command().exitOverride()
  traceCommand(program, { input: Readable.from([args[1]]), output })
  await program.parseAsync(['trace', args[0]], { from: 'user' })
  output.end()
  return text(output)
}

it('says where in the sources a function failed, of a trace that Node wrote without the map', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const { poll } = await bundle(folder)
  // Without its variables a function fails as it is loaded.
  const { stderr } = spawnSync(process.execPath, [join(poll?.directory ?? '', 'index.mjs')], {
    env: {},
    encoding: 'utf8',
  })
  expect(stderr).toMatch(/at \S+ \(file:\S+\/poll\/index\.mjs:\d+:\d+\)/)

  const found = await trace('poll', stderr)
  expect(found).toMatch(/ is not set: the stack gives it/)
  expect(found).toMatch(/at \S+ \(functions\/wiring\/environment\.ts:\d+:\d+\)/)
  expect(found).toMatch(/functions\/wiring\/(stores|tables|master-key)\.ts:\d+:\d+/)
})

it('leaves what is of no bundle as it is, and names the functions that there are', async () => {
  expect(await trace('poll', 'at node:internal/modules:12:3\n')).toBe('at node:internal/modules:12:3\n')
  await expect(trace('pol', '')).rejects.toThrow(/there is no function pol: authorize, .*poll/)
})
