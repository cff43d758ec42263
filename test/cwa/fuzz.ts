/**
 * How many cases a property is tried with: few in each run of the tests, as many as FUZZ_RUNS says in a bench run.
 *
 *     FUZZ_RUNS=100000 npx vitest run --dir test --testTimeout 0 test/cwa/codec.test.ts test/cwa/ntlm.test.ts
 */
export function runs(few: number): { readonly numRuns: number } {
  const asked = process.env['FUZZ_RUNS']
  if (asked === undefined || asked === '') return { numRuns: few }
  if (!/^[1-9]\d{0,8}$/.test(asked)) throw new TypeError(`FUZZ_RUNS=${asked}: a whole number from 1 up is accepted`)
  return { numRuns: Number(asked) }
}
