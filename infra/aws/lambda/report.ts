import type { FunctionDescription } from '../assembly/description.ts'
import type { EnvironmentLine, Report, Spent } from './log.ts'

/** Lambda's REPORT line of one invocation. `init`: of an environment's first event, what loading it took. */
export function reportLine(
  { memoryMb }: FunctionDescription,
  requestId: string,
  run: Spent,
  init: Spent | undefined,
): EnvironmentLine {
  const billedMs = Math.ceil(run.ms + (init?.ms ?? 0))
  const words = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${run.ms.toFixed(2)} ms`,
    `Billed Duration: ${billedMs} ms`,
    `Memory Size: ${memoryMb} MB`,
    ...(init === undefined ? [] : [`Init Duration: ${init.ms.toFixed(2)} ms`]),
  ]
  const report: Report = {
    durationMs: run.ms,
    billedMs,
    ...(run.cpuMs !== undefined && { cpuMs: run.cpuMs }),
    ...(init !== undefined && { initMs: init.ms }),
    ...(init?.cpuMs !== undefined && { initCpuMs: init.cpuMs }),
  }
  return { requestId, stream: 'report', text: words.join(' '), report }
}
