import type { Clock } from '../../../shared/clock.ts'
import { LOG_LINES_KEPT } from './limits.ts'

/** What Lambda's REPORT line says, as numbers, and what it does not say. Milliseconds; loading a function is billed since August 2025. */
export interface Report {
  readonly durationMs: number
  readonly billedMs: number
  /** Only of an environment's first event. */
  readonly initMs?: number
  /**
   * Of this machine's processor, by the function's thread: a function of 256 MB has a seventh of one on AWS. What Node does
   * in other threads (zlib, names) is not in it. Absent where the run was cut off at its timeout.
   */
  readonly cpuMs?: number
  /** The same of loading it; only of an environment's first event. */
  readonly initCpuMs?: number
}

/** How long something took, and how much of that the processor worked. Milliseconds. */
export interface Spent {
  readonly ms: number
  readonly cpuMs?: number
}

export interface LambdaLogLine {
  readonly at: number
  readonly functionName: string
  /** Which of the function's environments, counted from 1; 0 when none took part. */
  readonly environment: number
  /** Absent while the function is loaded. */
  readonly requestId?: string | undefined
  /** `stdout` and `stderr` are the function's own; `report` is what Lambda says of it. */
  readonly stream: 'stdout' | 'stderr' | 'report'
  readonly text: string
  /** On the line that ends an invocation. */
  readonly report?: Report
}

/** A line as its environment knows it. */
export type EnvironmentLine = Omit<LambdaLogLine, 'at' | 'functionName' | 'environment'>

export interface Log {
  readonly add: (line: Omit<LambdaLogLine, 'at'>) => void
  readonly of: (functionName: string) => readonly LambdaLogLine[]
}

/** Keeps the last lines of each function, and hands each line on as it comes. */
export function log(clock: Clock, handOn: (line: LambdaLogLine) => void = () => undefined): Log {
  const kept = new Map<string, LambdaLogLine[]>()
  return {
    add(line) {
      const { functionName, environment, requestId, stream, text, report } = line
      const known = { at: clock.now(), functionName, environment, stream, text }
      const own = {
        ...known,
        ...(requestId === undefined ? {} : { requestId }),
        ...(report === undefined ? {} : { report }),
      }
      const lines = kept.get(functionName) ?? []
      kept.set(functionName, lines)
      lines.push(own)
      if (lines.length > LOG_LINES_KEPT) lines.shift()
      handOn(own)
    },
    of: (functionName) => [...(kept.get(functionName) ?? [])],
  }
}
