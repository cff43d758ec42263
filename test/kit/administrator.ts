import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { onTestFinished } from 'vitest'
import { run } from '../../infra/admin/program.ts'
import { stackFile } from '../../infra/local/stack-file.ts'
import { wallClock } from '../../shared/clock.ts'
import type { Service } from './service.ts'

/** Types administrator's commands for a stack that runs, at a time that may be ahead of the wall's. */
export function administrator(running: Service) {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const localFile = join(folder, 'stack.json')
  stackFile(localFile, running)
  return async (words: string, aheadMs = 0) => {
    const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()]
    input.end()
    const clock = { ...wallClock, now: () => wallClock.now() + aheadMs }
    const code = await run(words.split(' '), { input, output, errors, environment: {}, clock, localFile })
    return { code, out: String(output.read()), errors: String(errors.read() ?? '') }
  }
}
