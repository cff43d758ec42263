import { createWriteStream, mkdirSync, rmSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import type { LambdaLogLine } from './lambda/log.ts'

export interface FunctionLogs {
  readonly write: (line: LambdaLogLine) => void
  readonly close: () => void
}

/** Keeps what each function writes in a file of its own, begun anew at each start. */
export function functionLogs(folder: string): FunctionLogs {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const files = new Map<string, WriteStream>()
  const fileOf = (functionName: string): WriteStream => {
    const file = files.get(functionName) ?? createWriteStream(join(folder, `${functionName}.log`))
    files.set(functionName, file)
    return file
  }
  return {
    write: ({ at, functionName, environment, text }) =>
      void fileOf(functionName).write(`${new Date(at).toISOString()} [${environment}] ${text}\n`),
    close: () => {
      for (const file of files.values()) file.end()
    },
  }
}
