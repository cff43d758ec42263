import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { BenchOptions } from './bench.ts'

const RUNS = 100_000

/** An hour for one property: what ends it is its number of cases. */
const PATIENCE_MS = '3600000'

/** The tests whose properties take their number of cases from FUZZ_RUNS. */
const FILES = ['test/wire/hostile-fuzz', 'test/cwa/codec', 'test/cwa/ntlm', 'test/cwa/hostile-fuzz']

/** The property tests of the device protocol's edge, of the CWA codecs and of NTLM, with many more cases than `npm test` has time for. */
export async function fuzz({ runs = RUNS, print }: BenchOptions): Promise<void> {
  print(`${runs} cases of each property`)
  const args = ['run', '--dir', 'test', '--testTimeout', PATIENCE_MS, ...FILES]
  const vitest = spawn('vitest', args, { stdio: 'inherit', env: { ...process.env, FUZZ_RUNS: String(runs) } })
  const [code] = await once(vitest, 'exit')
  if (code !== 0) throw new Error(`fuzz: a property does not hold (vitest ended with ${code})`)
  print(`fuzz: ${runs} cases of each property in ${FILES.join(', ')}: all hold`)
}
