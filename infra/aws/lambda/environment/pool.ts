import type { Clock } from '../../../../shared/clock.ts'
import type { FunctionDescription } from '../../assembly/description.ts'
import type { Asset } from './asset.ts'
import { type Environment, environment } from './environment.ts'
import { warmEnvironments } from './warm.ts'
import { invokeException } from '../failure.ts'
import type { Log } from '../log.ts'
import { underWay } from '../../under-way.ts'
import type { Task } from './messages.ts'

export interface PoolOptions {
  readonly description: FunctionDescription
  readonly asset: Asset
  readonly code: URL
  readonly clock: Clock
  readonly log: Log
  readonly variables: () => Readonly<Record<string, string>>
  /** Most environments when no concurrency is reserved. */
  readonly environments: number
  /** After how long without an event an environment is ended, in milliseconds. */
  readonly idleMs?: number | undefined
}

/** The environments of one function. */
export interface Pool {
  /** Gives the JSON of the result. Throws a FunctionError, or TooManyRequestsException over the reserved concurrency. */
  readonly run: (task: Task) => Promise<string>
  readonly alive: () => number
  readonly leftRunning: () => number
  /** Milliseconds of the processor that the threads of the living environments have had. */
  readonly cpuMs: () => Promise<number>
  /** Ends all; resolves with how many there were. What they run fails. */
  readonly kill: () => Promise<number>
  /** As kill, for good: what waits fails too, and no new environment is made. */
  readonly stop: () => Promise<void>
}

type Waiting = { readonly resolve: (free: Environment) => void; readonly reject: (error: Error) => void }

/**
 * One event at a time in an environment. A free one is used again, the one used last first, which is how Lambda keeps
 * few of them warm; else a new one is made. One that was not used for a while is ended, as Lambda does after a time that
 * AWS does not document. Over the reserved concurrency a call is refused; where none is reserved there is, beside the
 * account's (account.ts), only the machine's limit, and calls wait in a queue.
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
 */
export function pool(options: PoolOptions): Pool {
  const { description, log } = options
  const alive = new Set<Environment>()
  const warm = warmEnvironments(options)
  const waiting = waitingCalls()
  const ending = underWay()
  let [made, leftRunning, stopped] = [0, 0, false]

  const most = description.reservedConcurrency ?? options.environments
  const take = () => warm.take() ?? (alive.size < most ? added() : undefined)
  const serveNext = () => (stopped ? undefined : waiting.serve(take))

  function added(): Environment {
    const number = ++made
    const own = environment({
      ...options,
      variables: options.variables(),
      line: (line) => log.add({ ...line, functionName: description.name, environment: number }),
      leftRunning: () => leftRunning++,
      ended: (gone) => forget(own, gone),
    })
    alive.add(own)
    return own
  }

  function forget(own: Environment, gone: Promise<unknown>): void {
    alive.delete(own)
    warm.forget(own)
    ending.add(gone)
    serveNext()
  }

  async function kill(): Promise<number> {
    const all = [...alive]
    await Promise.all([...all.map((own) => own.end()), ending.over()])
    return all.length
  }

  return {
    alive: () => alive.size,
    leftRunning: () => leftRunning,
    cpuMs: () => cpuOf(alive),
    kill,
    async run(task) {
      if (stopped) throw new Error(STOPPED)
      const own = take() ?? (await waiting.join(description))
      try {
        return await own.run(task)
      } finally {
        if (alive.has(own)) warm.keep(own)
        serveNext()
      }
    },
    async stop() {
      stopped = true
      waiting.refuse(new Error(STOPPED))
      await kill()
    },
  }
}

async function cpuOf(environments: Iterable<Environment>): Promise<number> {
  const each = await Promise.all([...environments].map((own) => own.cpuMs()))
  return each.reduce((sum, ms) => sum + ms, 0)
}

interface WaitingCalls {
  /** Resolves with an environment when it is this call's turn. Throws where concurrency is reserved: Lambda queues none then. */
  readonly join: (description: FunctionDescription) => Promise<Environment>
  /** Gives the first its environment, where one waits and one can be had. */
  readonly serve: (take: () => Environment | undefined) => void
  readonly refuse: (error: Error) => void
}

function waitingCalls(): WaitingCalls {
  const waiting: Waiting[] = []
  return {
    join({ name, reservedConcurrency }) {
      if (reservedConcurrency !== undefined)
        throw invokeException('TooManyRequestsException', `Rate Exceeded. (${name})`)
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    serve(take) {
      if (waiting.length === 0) return
      const own = take()
      if (own !== undefined) waiting.shift()?.resolve(own)
    },
    refuse(error) {
      for (const { reject } of waiting.splice(0)) reject(error)
    },
  }
}

const STOPPED = 'The local Lambda was stopped.'
