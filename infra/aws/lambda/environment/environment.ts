import type { Worker } from 'node:worker_threads'
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

/** One execution environment: a worker thread that has loaded the function, with that function's variables and no others. */
export function environment(options: EnvironmentOptions): Environment {
  const { description, line } = options
  let init: Spent | undefined
  const own = execution(options, {
    loaded: (spent) => void (init = spent),
    timedOut: ({ requestId, timeoutMs }) => line(reportLine(description, requestId, { ms: timeoutMs }, init)),
  })

  async function run(task: Task): Promise<string> {
    const { requestId } = task
    try {
      const { outcome, durationMs, cpuMs, left } = await own.answer(task)
      line(reportLine(description, requestId, { ms: durationMs, cpuMs }, init))
      init = undefined
      if (left.length > 0) {
        line({ requestId, stream: 'report', text: `WORK LEFT RUNNING: ${left.join(', ')}; AWS would freeze it` })
        options.leftRunning()
      }
      if ('failure' in outcome) throw new FunctionError(outcome.failure)
      return outcome.payload
    } catch (error) {
      if (own.hasEnded() && error instanceof FunctionError) line({ requestId, stream: 'report', text: error.message })
      throw error
    }
  }

  return { run, cpuMs: own.cpuMs, end: () => own.end(exited(ENDED)) }
}

/**
 * How far an execution is: it takes an event once it is loaded, one at a time, until it has ended.
 *
 *     loading ──ready──▶ idle ⇄ answering      each ──end──▶ ended
 */
type State =
  | { readonly is: 'loading' | 'idle' }
  | {
      readonly is: 'answering'
      readonly done: (answer: AnswerMessage) => void
      readonly fail: (failure: Failure) => void
    }
  | { readonly is: 'ended'; readonly gone: Promise<unknown> }

interface Execution extends Pick<Environment, 'cpuMs'> {
  readonly answer: (task: Task) => Promise<AnswerMessage>
  readonly end: (failure: Failure) => Promise<unknown>
  readonly hasEnded: () => boolean
}

interface ExecutionEvents {
  readonly loaded: (spent: Spent) => void
  readonly timedOut: (task: Task) => void
}

/** The thread, and the two clocks that it is under: of loading, and of the event that it answers. */
function execution(options: EnvironmentOptions, events: ExecutionEvents): Execution {
  const { clock, line } = options
  const worker = thread(options)
  const ready = quiet<void>()
  let state: State = { is: 'loading' }

  function end(failure: Failure): Promise<unknown> {
    if (state.is === 'ended') return state.gone
    if (state.is === 'answering') state.fail(failure)
    const gone = worker.terminate()
    state = { is: 'ended', gone }
    cancelInit()
    ready.reject(new FunctionError(failure))
    options.ended(gone)
    return gone
  }

  const { initMs } = LAMBDA_LIMITS
  const cancelInit = clock.after(initMs, () => void end(timedOut(initMs, 'Init timed out')))

  worker.on('message', (message: Message) => {
    if (message.kind === 'line') line(message)
    else if (message.kind === 'unusable') void end(message.failure)
    else if (message.kind === 'answer') {
      if (state.is === 'answering') state.done(message)
    } else if (state.is === 'loading') {
      cancelInit()
      state = { is: 'idle' }
      events.loaded({ ms: message.initMs, cpuMs: message.initCpuMs })
      ready.resolve()
    }
  })
  whenItDies(worker, line, end)

  /** Its timeout begins when the function is loaded, as Lambda's does. */
  async function answer(task: Task): Promise<AnswerMessage> {
    await ready.promise
    // It may have ended between being chosen and this moment; its thread would never answer.
    if (state.is === 'ended') throw new FunctionError(exited(ENDED))
    const { promise, resolve: done, reject } = Promise.withResolvers<AnswerMessage>()
    state = { is: 'answering', done, fail: (failure) => reject(new FunctionError(failure)) }
    const cancel = clock.after(task.timeoutMs, () => {
      events.timedOut(task)
      void end(timedOut(task.timeoutMs, 'Task timed out'))
    })
    worker.postMessage(task, [])
    return promise.finally(() => {
      cancel()
      if (state.is === 'answering') state = { is: 'idle' }
    })
  }

  return {
    answer,
    end,
    cpuMs: async () => (state.is === 'ended' ? 0 : cpuOf(worker)),
    hasEnded: () => state.is === 'ended',
  }
}

/** Its rejection is of no concern without an event that waits for it. */
function quiet<Value>(): PromiseWithResolvers<Value> {
  const made = Promise.withResolvers<Value>()
  made.promise.catch(() => undefined)
  return made
}

/** The thread dies by itself: of what its code threw, or of what Node.js ends it for. */
function whenItDies(worker: Worker, line: EnvironmentOptions['line'], end: Execution['end']): void {
  worker.on('error', (error) => {
    line({ stream: 'stderr', text: `Uncaught ${shown(error)}` })
    void end(exited(error instanceof Error ? `${error.name}: ${error.message}` : String(error)))
  })
  worker.on('exit', (code) => void end(exited(`exit status ${code}`)))
}

/** The handler's share of a run is in its REPORT; what listens for minutes is looked at while it runs. */
async function cpuOf(worker: Worker): Promise<number> {
  const { user, system } = await worker.cpuUsage()
  return (user + system) / 1_000
}

function shown(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function timedOut(afterMs: number, what: string): Failure {
  return { errorType: 'Sandbox.Timedout', errorMessage: `${what} after ${(afterMs / 1000).toFixed(2)} seconds` }
}

function exited(why: string): Failure {
  return { errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with error: ${why}` }
}

const ENDED = 'the environment was ended'
