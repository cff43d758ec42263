/** The servers upstream that a simulation can be played before. */
export const SIMULATED_UPSTREAMS = ['cwa', 'matrix', 'memory'] as const
export type SimulatedUpstream = (typeof SIMULATED_UPSTREAMS)[number]

/** One benchmark: prints what it measures, ends with one line of figures, and throws when something that must hold does not. */
export interface Bench {
  readonly about: string
  readonly run: (options: BenchOptions) => Promise<void>
}

export interface BenchOptions {
  /** How often: the runs of a fuzz test, the starts of a bundle. */
  readonly runs: number | undefined
  /** How many schedules of a simulation, or rounds of logins at once. */
  readonly schedules?: number | undefined
  /** How long: of what runs for a while. Getting ready and settling down come on top. Of a simulation, or of admission: then it begins no other schedule or round. */
  readonly seconds?: number | undefined
  /** What decides the chances of a run: the same for the same seed. Of a simulation: the one schedule to be played again. */
  readonly seed?: number | undefined
  /** The server upstream of a simulation. Default: CWA. */
  readonly over?: SimulatedUpstream | undefined
  readonly print: (line: string) => void
}
