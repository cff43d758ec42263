import { BENCH_SEATS, benchOf, seatNumberOf } from './seat.ts'

/**
 * A watch is the benches that one environment of upkeep listens for, next to each other, under one lease. Whoever
 * computes with watches has the same `sessionsPerListener`: the stack's setting.
 */
export interface Watching {
  /** The watch that a bench belongs to. */
  readonly ofBench: (bench: number) => number
  /** The watch that a session's seat belongs to. */
  readonly ofSession: (session: string) => number
  /** The benches of a watch, lowest first. */
  readonly benches: (watch: number) => number[]
}

/** @param sessionsPerListener how many held GETs an environment has room for; a bench is never torn */
export function watching(sessionsPerListener: number): Watching {
  const size = Math.max(1, Math.floor(sessionsPerListener / BENCH_SEATS))
  const ofBench = (bench: number) => Math.floor(bench / size)
  return {
    ofBench,
    ofSession: (session) => ofBench(benchOf(seatNumberOf(session))),
    benches: (watch) => Array.from({ length: size }, (_, index) => watch * size + index),
  }
}
