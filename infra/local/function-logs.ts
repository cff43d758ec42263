import { createWriteStream, mkdirSync, rmSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { rendered, type AccessLogEntry } from '../aws/gateway/access-log.ts'
import type { LambdaLogLine } from '../aws/lambda/log.ts'

export interface FunctionLogs {
  readonly folder: string
  readonly write: (line: LambdaLogLine) => void
  /** The gateway's access log, in the stage's format once that is known. */
  readonly access: (entry: AccessLogEntry) => void
  readonly format: (format: string | undefined) => void
  readonly close: () => void
}

/**
 * Keeps what each function writes in a file of its own, and the gateway's access log beside them; begun anew at each start.
 *
 * @param lost a file cannot be written: the disk is full, say
 */
export function functionLogs(folder: string, lost: (fault: Error) => void): FunctionLogs {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const files = new Map<string, WriteStream>()
  const fileOf = (functionName: string): WriteStream => {
    const known = files.get(functionName)
    if (known !== undefined) return known
    const file = createWriteStream(join(folder, `${functionName}.log`))
      .once('error', lost)
      .on('error', () => {})
    files.set(functionName, file)
    return file
  }
  let accessFormat: string | undefined
  return {
    folder,
    format: (format) => void (accessFormat = format),
    access: (entry) => {
      if (accessFormat !== undefined) fileOf('access').write(`${rendered(accessFormat, entry)}\n`)
    },
    write: ({ at, functionName, environment, text }) =>
      void fileOf(functionName).write(`${new Date(at).toISOString()} [${environment}] ${text}\n`),
    close: () => {
      for (const file of files.values()) file.end()
    },
  }
}
