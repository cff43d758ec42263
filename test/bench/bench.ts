/** One benchmark: prints what it measures, ends with one line of figures, and throws when something that must hold does not. */
export interface Bench {
  readonly about: string
  readonly run: (options: BenchOptions) => Promise<void>
}

export interface BenchOptions {
  /** How often: the runs of a fuzz test, the starts of a bundle. */
  readonly runs: number | undefined
  /** How many schedules of a simulation. */
  readonly schedules: number | undefined
  /** After how many seconds it begins nothing more. */
  readonly seconds: number | undefined
  /** The one schedule to be played again. */
  readonly seed: number | undefined
  readonly print: (line: string) => void
}
