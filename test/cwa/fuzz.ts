/** How many cases a property is tried with, and for how long. fast-check takes it as it is. */
export interface Runs {
  readonly numRuns: number
  /** Milliseconds after which no other case is begun: what held until then holds. */
  readonly interruptAfterTimeLimit?: number
}

/**
 * How many cases a property is tried with: few in each run of the tests, as many as FUZZ_RUNS says in a shard run, and for
 * FUZZ_MS milliseconds at most, where that is set.
 *
 *     FUZZ_RUNS=100000 npx vitest run --dir test --testTimeout 0 test/cwa/codec.test.ts test/cwa/ntlm.test.ts
 */
export function runs(few: number): Runs {
  const [asked, ms] = [wholeIn('FUZZ_RUNS'), wholeIn('FUZZ_MS')]
  return { numRuns: asked ?? few, ...(ms !== undefined && { interruptAfterTimeLimit: ms }) }
}

function wholeIn(name: string): number | undefined {
  const asked = process.env[name]
  if (asked === undefined || asked === '') return undefined
  if (!/^[1-9]\d{0,8}$/.test(asked)) throw new TypeError(`${name}=${asked}: a whole number from 1 up is accepted`)
  return Number(asked)
}
