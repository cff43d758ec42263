/** One benchmark: prints what it measures, ends with one line of figures, and throws when something that must hold does not. */
export interface Bench {
  readonly about: string
  readonly run: (options: BenchOptions) => Promise<void>
}

export interface BenchOptions {
  /** How often: the runs of a fuzz test, the starts of a bundle. */
  readonly runs: number | undefined
  readonly print: (line: string) => void
}
