import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BroadcastChannel } from 'node:worker_threads'
import { onTestFinished } from 'vitest'
import type { FunctionDescription } from '../../../infra/aws/assembly/description.ts'
import { type Lambda, type LambdaOptions, lambda } from '../../../infra/aws/lambda/lambda.ts'
import type { LambdaLogLine } from '../../../infra/aws/lambda/log.ts'
import { type TestClock, testClock } from '../../kit/clock.ts'

/** A function called Fn whose asset is one module with this text. */
export async function built(text: string, changes: Partial<FunctionDescription> = {}): Promise<FunctionDescription> {
  const directory = await mkdtemp(join(tmpdir(), 'lambda-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  await writeFile(join(directory, 'index.mjs'), text)
  return {
    name: 'Fn',
    directory,
    handler: 'index.handler',
    memoryMb: 128,
    timeoutMs: 3_000,
    environment: {},
    retryAttempts: 2,
    statements: [],
    ...changes,
  }
}

export interface Local {
  readonly local: Lambda
  readonly clock: TestClock
  /** Resolves with the first line, past or to come, that has this text in it. */
  readonly line: (text: string, count?: number) => Promise<LambdaLogLine>
}

/** A running Lambda, ended with the test. */
export async function started(
  functions: readonly FunctionDescription[],
  options: Partial<LambdaOptions> = {},
): Promise<Local> {
  const clock = testClock()
  const lines: LambdaLogLine[] = []
  const listeners = new Set<() => void>()
  const local = lambda({
    ...options,
    functions,
    clock,
    log: (line) => {
      lines.push(line)
      for (const listener of listeners) listener()
    },
  })
  await local.start()
  onTestFinished(local.stop)
  return { local, clock, line: (text, count = 1) => found(lines, listeners, text, count) }
}

function found(lines: readonly LambdaLogLine[], listeners: Set<() => void>, text: string, count: number) {
  const { promise, resolve } = Promise.withResolvers<LambdaLogLine>()
  const look = () => {
    const line = lines.filter((line) => line.text.includes(text))[count - 1]
    if (line !== undefined) resolve(line)
  }
  listeners.add(look)
  look()
  return promise.finally(() => listeners.delete(look))
}

/** A function that says "running n" and answers n once the gate of that number is opened. */
const HELD = `
  import { BroadcastChannel } from 'node:worker_threads'
  const gate = new BroadcastChannel(process.env.GATE)
  export const handler = async ({ n }) => {
    const opened = new Promise((resolve) => { gate.onmessage = ({ data }) => data === n && resolve() })
    console.log('running ' + n)
    await opened
    return n
  }`

/** A function of that kind, and the hand on its gate. No time passes in it, and nothing is polled. */
export async function held(changes: Partial<FunctionDescription> = {}) {
  const name = `gate ${randomUUID()}`
  const gate = new BroadcastChannel(name)
  onTestFinished(() => gate.close())
  const description = await built(HELD, { environment: { GATE: name }, ...changes })
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel between threads has no origin
  return { description, open: (n: number) => gate.postMessage(n) }
}
