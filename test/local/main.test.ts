import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { started } from '../admin/started.ts'

const MAIN = join(import.meta.dirname, '../../infra/local/main.ts')

describe('npm start', () => {
  it('tells how it is used on its output', async () => {
    const { code, stdout, stderr } = await started(['--help'], {}, undefined, MAIN)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('npm start [-- OPTIONS]')
  })

  it('says in one line that its folder cannot be written, and what to do', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const local = join(folder, 'local')
    writeFileSync(local, 'a file, where a folder would have to be')

    const { code, stderr } = await started(['--once'], { COLLABORATION_LOCAL: local }, undefined, MAIN)

    expect(code).toBe(1)
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(`${local} is another user's, or on a disk`)])
    expect(stderr).toContain('COLLABORATION_LOCAL=/tmp/collaboration')
  })
})
