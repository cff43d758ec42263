import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bundle } from '../../infra/cdk/bundle.ts'
import type { Variable } from '../../functions/wiring/environment.ts'
import type { BenchOptions } from './bench.ts'

const RUNS = 9

/** Anything: a bundle only has to load. */
const VARIABLES = {
  CONFIGURATION_TABLE: 'configuration',
  MASTER_KEY: 'ssm:/collaboration/master-key',
  URL_SUFFIX: 'amazonaws.com',
  SESSIONS_TABLE: 'sessions',
  CONNECTIONS_URL: 'http://127.0.0.1',
  WAKING_BUS: 'waking',
  SESSIONS_PER_LISTENER: '900',
  UPKEEP_FUNCTION: 'upkeep',
  UPSTREAM_URL: 'http://127.0.0.1',
  CWA_CODEC: 'json',
  UPSTREAM_CA: '',
  UPSTREAM_LEGACY_TLS: '',
  PUSH_CONTACT: 'mailto:ops@contoso.test',
  PUSH_SERVICES: 'push.contoso.test',
} satisfies Record<Variable, string>

const LOAD = `const { performance } = await import('node:perf_hooks')
const begun = performance.now()
await import(process.argv[1])
process.stdout.write(String(performance.now() - begun))`

/** The size of each function's bundle, and the median time, in milliseconds, in which a new Node loads it. */
export async function start({ runs = RUNS, seconds = Infinity, print }: BenchOptions): Promise<void> {
  const until = Date.now() + seconds * 1_000
  const folder = await mkdtemp(join(tmpdir(), 'collaboration-bench-'))
  try {
    const figures: string[] = []
    for (const [name, { directory, bytes }] of Object.entries(await bundle(folder))) {
      const times: number[] = []
      for (let run = 0; run === 0 || (run < runs && Date.now() < until); run += 1)
        times.push(await loadMs(join(directory, 'index.mjs')))
      const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0
      print(`${name.padEnd(12)}${String(Math.round(bytes / 1000)).padStart(5)} KB${median.toFixed(0).padStart(6)} ms`)
      figures.push(`${name} ${Math.round(bytes / 1000)} KB ${median.toFixed(0)} ms`)
    }
    print(`start: ${figures.join(', ')}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function loadMs(file: string): Promise<number> {
  const args = ['--input-type=module', '--eval', LOAD, file]
  const env = { ...process.env, AWS_REGION: 'local', ...VARIABLES }
  const { stdout } = await promisify(execFile)(process.execPath, args, { env })
  return Number(stdout)
}
