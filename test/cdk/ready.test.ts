import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'

const READY = join(import.meta.dirname, '../../infra/ready.mjs')
const INSTALL = 'Install it whole: npm ci --include=dev --ignore-scripts=false'

/** The machine's own Node, where that is an older one than npm brings along. */
const OLD = ['/usr/bin/node', '/usr/local/bin/node'].find((node) => {
  const version = Number.parseInt(spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout, 10)
  return version < 24
})

/** A project with these files, and what its check says. */
function checked(files: Readonly<Record<string, string>>, words: readonly string[] = [], node = process.execPath) {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'infra'))
  copyFileSync(READY, join(folder, 'infra/ready.mjs'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const { status, stdout, stderr } = spawnSync(node, ['infra/ready.mjs', ...words], { cwd: folder, encoding: 'utf8' })
  return { status, stdout, stderr }
}

const PACKAGE = { 'package.json': JSON.stringify({ devDependencies: { vitest: '1.0.0' } }) }
const VITEST = { 'node_modules/vitest/package.json': '{}' }
const MAIN = { 'infra/main.ts': 'process.stdout.write(process.argv.slice(2).join())\nprocess.exitCode = 3\n' }

describe('a script', () => {
  it('runs its program with its words, and ends as that does', () => {
    const all = { ...PACKAGE, ...VITEST, ...MAIN }
    expect(checked(all, ['infra/main.ts', '--as', 'ann'])).toEqual({ status: 3, stdout: '--as,ann', stderr: '' })
    expect(checked(all)).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('says what to do where nothing is installed', () => {
    expect(checked(PACKAGE)).toMatchObject({ status: 1, stderr: `nothing is installed yet\n${INSTALL}\n` })
  })

  it('says what to do where the tools were left out', () => {
    const { status, stderr } = checked({ ...PACKAGE, 'node_modules/other/package.json': '{}' })
    expect([status, stderr]).toEqual([1, expect.stringContaining(`the tool vitest is not installed: perhaps only`)])
    expect(stderr).toContain(INSTALL)
  })

  it('says what to do where a package of its program was left out', () => {
    const main = { 'infra/main.ts': "import { build } from 'esbuild'\nbuild()\n" }
    const { status, stderr } = checked({ ...PACKAGE, ...VITEST, ...main }, ['infra/main.ts'])
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^the package esbuild is not installed.*\n.*\n$/)])
  })

  it.skipIf(OLD === undefined)('says what to do under an older Node (skipped where the machine has none)', () => {
    const { status, stderr } = checked({ ...PACKAGE, ...VITEST, ...MAIN }, ['infra/main.ts'], OLD)
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^this needs Node 24, and runs under .*ignore-scripts/)])
    expect(stderr).toContain(INSTALL)
  })
})
