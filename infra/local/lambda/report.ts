import type { FunctionDescription } from '../description.ts'
import type { EnvironmentLine } from './log.ts'

/** Lambda's REPORT line of one invocation. */
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
