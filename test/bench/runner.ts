import type { Clock } from '../../shared/clock.ts'
import type { Bench, BenchOptions } from './bench.ts'

/** How often it is said that a benchmark still runs, in milliseconds. */
const REPORTED_EVERY_MS = 10_000

export interface RunnerParts {
  readonly clock: Clock
  /** Where the benchmark's own lines go. */
  readonly out: (line: string) => void
  /** Where it is said how far it is. */
  readonly errors: (line: string) => void
}

/**
 * Runs one benchmark: now and then says how far it is, and sees that it ends with its one line of figures.
 *
 * @throws what the benchmark throws; Error where its last line is not that of its name
 */
export async function runBench(
  name: string,
  bench: Pick<Bench, 'run'>,
  options: Omit<BenchOptions, 'print'>,
  { clock, out, errors }: RunnerParts,
): Promise<void> {
  const began = clock.now()
  let last = ''
  const print = (line: string) => {
    last = line
    out(line)
  }
  let cancel = clock.after(REPORTED_EVERY_MS, tell)
  function tell() {
    const asked = options.seconds === undefined ? '' : ` of ${options.seconds} s asked for`
    errors(`${name}: running, ${Math.round((clock.now() - began) / 1_000)} s${asked}`)
    cancel = clock.after(REPORTED_EVERY_MS, tell)
  }
  try {
    await bench.run({ ...options, print })
  } finally {
    cancel()
  }
  if (!last.startsWith(`${name}: `)) throw new Error(`${name}: ended without its line of figures`)
}
