import type { FunctionDescription } from '../description.ts'
import type { EnvironmentLine } from './environment.ts'

/** What Lambda's REPORT line says, as numbers. Milliseconds; loading a function is billed since August 2025. */
export interface Report {
  readonly durationMs: number
  readonly billedMs: number
  /** Only of an environment's first event. */
  readonly initMs?: number
}

export function reportLine(
  { memoryMb }: FunctionDescription,
  requestId: string,
  durationMs: number,
  initMs: number | undefined,
): EnvironmentLine {
  const billedMs = Math.ceil(durationMs + (initMs ?? 0))
  const words = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${billedMs} ms`,
    `Memory Size: ${memoryMb} MB`,
    ...(initMs === undefined ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
  ]
  const report = { durationMs, billedMs, ...(initMs === undefined ? {} : { initMs }) }
  return { requestId, stream: 'report', text: words.join(' '), report }
}
