import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchOptions } from './bench.ts'

const RUNS = 100_000

/** An hour for one property: what ends it is its number of cases, or its share of `--seconds`. */
const PATIENCE_MS = '3600000'

/** The tests whose properties take their number of cases from FUZZ_RUNS. */
const FILES = ['test/wire/hostile-fuzz', 'test/cwa/codec', 'test/cwa/ntlm', 'test/cwa/hostile-fuzz']

/**
 * What each property may take, in milliseconds, so that all of them together, one after the other, take `seconds`. Loading
 * the tests comes on top.
 */
export function shareMs(seconds: number): number {
  const texts = FILES.map((file) => readFileSync(join(import.meta.dirname, '../..', `${file}.test.ts`), 'utf8'))
  const properties = texts.reduce((sum, text) => sum + text.split('fc.assert(').length - 1, 0)
  return Math.max(1, Math.floor((seconds * 1_000) / properties))
}

/** The property tests of the device protocol's edge, of the CWA codecs and of NTLM, with many more cases than `npm test` has time for. */
export async function fuzz({ runs = RUNS, seconds, print }: BenchOptions): Promise<void> {
  const cases = `${runs} cases of each property${seconds === undefined ? '' : ` at most, all in ${seconds} s`}`
  print(cases)
  const limit = seconds === undefined ? {} : { FUZZ_MS: String(shareMs(seconds)) }
  const args = ['run', '--dir', 'test', '--testTimeout', PATIENCE_MS, ...FILES]
  const env = { ...process.env, FUZZ_RUNS: String(runs), ...limit }
  const vitest = spawn('vitest', args, { stdio: 'inherit', env })
  const [code] = await once(vitest, 'exit')
  if (code !== 0) throw new Error(`fuzz: a property does not hold (vitest ended with ${code})`)
  print(`fuzz: ${cases} in ${FILES.join(', ')}: all hold`)
}
