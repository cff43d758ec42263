import { parentPort, workerData } from 'node:worker_threads'
import { type Failure, failureOf } from '../failure.ts'
import type { Message, Setup, Task } from './messages.ts'
import { runningWork } from './running-work.ts'

/*
 * The inside of an environment: this module is what the worker thread runs, as the Node.js runtime does on AWS.
 * https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
 */

type Handler = (event: unknown, context: unknown) => unknown

const setup: Setup = workerData
let current: string | undefined

/** Milliseconds of the processor that this thread has had, user and system together. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

const post = (message: Message): void => parentPort?.postMessage(message, [])

/** Standard output goes the way of the answers, so that a line is never overtaken by the answer that followed it. */
function capture(stream: 'stdout' | 'stderr'): void {
  process[stream].write = (chunk: string | Uint8Array, ...rest: readonly unknown[]) => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    post({ kind: 'line', requestId: current, stream, text: text.replace(/\n$/, '') })
    const written = rest.at(-1)
    if (typeof written === 'function') process.nextTick(written)
    return true
  }
}

/** The handler, or why there is none. */
async function load(): Promise<Handler | Failure> {
  const { fileUrl, fileName, exportName } = setup
  try {
    const module: Record<string, unknown> = await import(fileUrl)
    const found = module[exportName]
    if (typeof found !== 'function')
      return { errorType: 'Runtime.HandlerNotFound', errorMessage: `${fileName} exports no function ${exportName}` }
    if (found.length > 2)
      return {
        errorType: 'Runtime.CallbackHandlerDeprecated',
        errorMessage: `${exportName} in ${fileName} takes a callback; since Node.js 24 a handler is an async function.`,
      }
    return (event, context) => found.call(module, event, context)
  } catch (thrown) {
    const { errorType, errorMessage, trace = [] } = failureOf(thrown)
    const words = `Cannot load ${fileName}: ${errorType}: ${errorMessage}`
    return { errorType: 'Runtime.ImportModuleError', errorMessage: words, trace }
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function contextOf({ requestId, timeoutMs }: Task, startedAt: number): unknown {
  return {
    functionName: setup.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: setup.functionArn,
    memoryLimitInMB: String(setup.memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${setup.functionName}`,
    logStreamName: setup.logStreamName,
    callbackWaitsForEmptyEventLoop: true,
    // The machine's time, also under a test's clock: the thread cannot ask that one.
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(timeoutMs - (performance.now() - startedAt))),
  }
}

async function outcomeOf(handler: Handler, task: Task, startedAt: number) {
  try {
    const result = await handler(JSON.parse(task.payload), contextOf(task, startedAt))
    return { payload: JSON.stringify(result) ?? 'null' }
  } catch (thrown) {
    const failure = failureOf(thrown)
    process.stderr.write(`Invoke Error ${JSON.stringify(failure)}\n`)
    return { failure }
  }
}

async function serve(handler: Handler, task: Task): Promise<void> {
  current = task.requestId
  // "Changes with each invocation": the SDK sends it with every call, which is how Lambda knows a chain of requests.
  // https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
  process.env['_X_AMZN_TRACE_ID'] = task.traceId
  work.begin()
  const [startedAt, cpuBefore] = [performance.now(), cpuMs()]
  const outcome = await outcomeOf(handler, task, startedAt)
  const durationMs = performance.now() - startedAt
  const used = cpuMs() - cpuBefore
  post({ kind: 'answer', durationMs, cpuMs: used, outcome, left: await work.left() })
}

capture('stdout')
capture('stderr')
const work = runningWork()
const [loadingAt, cpuAtLoading] = [performance.now(), cpuMs()]
const loaded = await load()

if (typeof loaded === 'function') {
  parentPort?.on('message', (task: Task) => void serve(loaded, task))
  post({ kind: 'ready', initMs: performance.now() - loadingAt, initCpuMs: cpuMs() - cpuAtLoading })
} else post({ kind: 'unusable', failure: loaded })
