import { randomBytes } from 'node:crypto'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { FunctionDescription } from '../../assembly/description.ts'
import type { Asset } from './asset.ts'
import { YOUNG_GENERATION_MB } from '../limits.ts'
import type { Setup } from './messages.ts'
import { functionArn, lambdaVariables } from './variables.ts'

export interface ThreadOptions {
  readonly description: FunctionDescription
  readonly asset: Asset
  /** The module it runs: threadCode(). */
  readonly code: URL
  readonly variables: Readonly<Record<string, string>>
}

/** A worker thread that loads one function. It sees that function's variables and none of this process's. */
export function thread({ description, asset, code, variables }: ThreadOptions): Worker {
  const logStreamName = `[$LATEST]${randomBytes(16).toString('hex')}`
  const setup: Setup = {
    functionName: description.name,
    functionArn: functionArn(description.name),
    fileUrl: pathToFileURL(asset.file).href,
    fileName: asset.fileName,
    exportName: asset.exportName,
    memoryMb: description.memoryMb,
    logStreamName,
  }
  return new Worker(code, {
    name: description.name,
    workerData: setup,
    argv: [],
    env: lambdaVariables(description, logStreamName, variables),
    stdout: true,
    stderr: true,
    resourceLimits: {
      maxOldGenerationSizeMb: description.memoryMb,
      maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
    },
  })
}
