import type { Clock } from '../../../../shared/clock.ts'
import { type Failure, FunctionError } from '../failure.ts'
import { LAMBDA_LIMITS } from '../limits.ts'
import type { EnvironmentLine, Spent } from '../log.ts'
import type { AnswerMessage, Message, Task } from './messages.ts'
import { reportLine } from '../report.ts'
import { type ThreadOptions, thread } from './worker.ts'

export interface EnvironmentOptions extends ThreadOptions {
  readonly clock: Clock
  readonly line: (line: EnvironmentLine) => void
  /** Work was left running after an answer. */
  readonly leftRunning: () => void
  /** Called once, when it can take no more events; `gone` resolves when its thread has ended. */
  readonly ended: (gone: Promise<unknown>) => void
}

export interface Environment {
  /** Runs one event, and gives the JSON of its result or throws a FunctionError. One at a time. */
  readonly run: (task: Task) => Promise<string>
  /** Milliseconds of the processor that its thread has had so far, user and system; 0 when it has ended. */
  readonly cpuMs: () => Promise<number>
  /** Ends it; what it runs fails. */
  readonly end: () => Promise<unknown>
}

type Settle = { readonly done: (answer: AnswerMessage) => void; readonly fail: (failure: Failure) => void }

/** One execution environment: a worker thread that has loaded the function, with that function's variables and no others. */
export function environment(options: EnvironmentOptions): Environment {
  const { description, clock, line } = options
  const worker = thread(options)
  const ready = Promise.withResolvers<void>()
  // When nobody waits for it any more, its failure is nobody's.
  ready.promise.catch(() => undefined)
  let pending: Settle | undefined
  let gone: Promise<unknown> | undefined
  let init: Spent | undefined

  function end(failure: Failure): Promise<unknown> {
    if (gone !== undefined) return gone
    cancelInit()
    gone = worker.terminate()
    ready.reject(new FunctionError(failure))
    pending?.fail(failure)
    options.ended(gone)
    return gone
  }

  const cancelInit = clock.after(LAMBDA_LIMITS.initMs, () => {
    void end(timedOut(LAMBDA_LIMITS.initMs, 'Init timed out'))
  })

  worker.on('message', (message: Message) => {
    if (message.kind === 'line') line(message)
    else if (message.kind === 'answer') pending?.done(message)
    else if (message.kind === 'unusable') void end(message.failure)
    else {
      cancelInit()
      init = { ms: message.initMs, cpuMs: message.initCpuMs }
      ready.resolve()
    }
  })
  worker.on('error', (error) => {
    line({
      stream: 'stderr',
      text: `Uncaught ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    })
    void end(exited(error instanceof Error ? `${error.name}: ${error.message}` : String(error)))
  })
  worker.on('exit', (code) => void end(exited(`exit status ${code}`)))

  /** Its timeout begins when the function is loaded, as Lambda's does. */
  async function answered(task: Task): Promise<AnswerMessage> {
    await ready.promise
    // It may have ended between being chosen and this moment; its thread would never answer.
    if (gone !== undefined) throw new FunctionError(exited(ENDED))
    const { promise, resolve, reject } = Promise.withResolvers<AnswerMessage>()
    pending = { done: resolve, fail: (failure) => reject(new FunctionError(failure)) }
    const cancel = clock.after(task.timeoutMs, () => {
      line(reportLine(description, task.requestId, { ms: task.timeoutMs }, init))
      void end(timedOut(task.timeoutMs, 'Task timed out'))
    })
    worker.postMessage(task, [])
    return promise.finally(() => {
      cancel()
      pending = undefined
    })
  }

  async function run(task: Task): Promise<string> {
    const { requestId } = task
    try {
      const { outcome, durationMs, cpuMs, left } = await answered(task)
      line(reportLine(description, requestId, { ms: durationMs, cpuMs }, init))
      init = undefined
      if (left.length > 0) {
        line({ requestId, stream: 'report', text: `WORK LEFT RUNNING: ${left.join(', ')}; AWS would freeze it` })
        options.leftRunning()
      }
      if ('failure' in outcome) throw new FunctionError(outcome.failure)
      return outcome.payload
    } catch (error) {
      if (gone !== undefined && error instanceof FunctionError)
        line({ requestId, stream: 'report', text: error.message })
      throw error
    }
  }

  /** The handler's share of a run is in its REPORT; what listens for minutes is looked at while it runs. */
  async function cpuMs(): Promise<number> {
    if (gone !== undefined) return 0
    const { user, system } = await worker.cpuUsage()
    return (user + system) / 1_000
  }

  return { run, cpuMs, end: () => end(exited(ENDED)) }
}

function timedOut(afterMs: number, what: string): Failure {
  return { errorType: 'Sandbox.Timedout', errorMessage: `${what} after ${(afterMs / 1000).toFixed(2)} seconds` }
}

function exited(why: string): Failure {
  return { errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with error: ${why}` }
}

const ENDED = 'the environment was ended'
