import type { Clock } from '../../../shared/clock.ts'
import type { FunctionDescription } from '../assembly/description.ts'
import type { Loopback } from '../loopback.ts'
import { ANYBODY, verifier, type Signers } from '../signature.ts'
import { accountConcurrency, type AccountConcurrency } from './concurrency.ts'
import { deadLetters } from './dead-letters.ts'
import { endpoint } from './endpoint.ts'
import { assetOf } from './environment/asset.ts'
import { bounded } from './environment/bounded.ts'
import { accept, json } from './environment/payload.ts'
import { pool } from './environment/pool.ts'
import { threadCode } from './environment/thread-code.ts'
import { invokeException } from './failure.ts'
import { type Ending, type Invocations, invocations, type Served } from './invocations.ts'
import { type Later, later } from './later.ts'
import { ENVIRONMENTS, LAMBDA_LIMITS, QUICK_MS } from './limits.ts'
import { type LambdaLogLine, log, type Log } from './log.ts'
import type { InvocationRecord, KeptIn, Unprocessed } from './unprocessed.ts'

export interface LambdaOptions {
  readonly functions: readonly FunctionDescription[]
  readonly clock: Clock
  /** Of the HTTP endpoint, on 127.0.0.1; default: a free one. */
  readonly port?: number
  /** What the stack adds to a function's variables, endpoints for example. Asked for each new environment. */
  readonly variables?: (functionName: string) => Record<string, string>
  /** Most environments of a function without reserved concurrency: this machine's limit, which makes invocations wait. */
  readonly environments?: number
  /** The same of functions that answer within QUICK_MS. Default: `environments`. */
  readonly quickEnvironments?: number
  /** Most invocations at once of all functions, over which Lambda refuses: the account's, 1,000 unless set. */
  readonly concurrency?: number
  /** After how long without an event an environment is ended, in milliseconds. Absent: never. */
  readonly idleMs?: number
  /** After how many milliseconds an asynchronous event comes a second time; undefined where it comes once. */
  readonly twiceAfterMs?: () => number | undefined
  /** Timeouts, in milliseconds, in place of those that the description has: to see soon how a long run ends. By function. */
  readonly timeoutsMs?: Readonly<Record<string, number>>
  /** Runs a function in an environment of the caller's own: its result, as JSON. Undefined: it runs here, as any other. */
  readonly elsewhere?: (functionName: string, payload: string) => Promise<string> | undefined
  /** Whose signatures are taken over HTTP; absent: anybody's whose secret is `local`. */
  readonly signers?: Signers
  /** Whether a caller over HTTP may do `lambda:InvokeFunction` on a function's ARN. Absent: everyone may. */
  readonly allows?: (caller: string, action: string, resourceArn: string) => boolean
  readonly log?: (line: LambdaLogLine) => void
  /** Called when an invocation begins; what it gives back is called with how that ended. */
  readonly invoked?: (functionName: string) => (ending: Ending) => void
  /** Called when an asynchronous event is given up. */
  readonly dropped?: (functionName: string, kept?: KeptIn) => void
}

export interface Lambda {
  /** Throws when a function was not built. */
  readonly start: () => Promise<void>
  /** Ends every environment; what runs or waits fails. */
  readonly stop: () => Promise<void>
  /** After start: the value for AWS_ENDPOINT_URL_LAMBDA. */
  readonly url: string
  /**
   * Synchronous invocation. Throws a FunctionError when the function fails or times out, and an Error named
   * TooManyRequestsException, ResourceNotFoundException or RequestTooLargeException when it is not invoked.
   * `timeoutMs` bounds only the caller's waiting (an Error named InvocationTimeout): the function goes on.
   */
  readonly invoke: (functionName: string, event: unknown, timeoutMs?: number) => Promise<unknown>
  /**
   * Asynchronous invocation: queued, and repeated when it fails. Throws like `invoke` when the event is not accepted.
   * After a stop it does nothing.
   */
  readonly invokeLater: (functionName: string, event: unknown) => void
  /** Resolves when no invocation runs or waits for an environment. Repeats that wait for the clock do not count. */
  readonly idle: () => Promise<void>
  /** The last lines of a function, LOG_LINES_KEPT at most. */
  readonly logs: (functionName: string) => readonly LambdaLogLine[]
  /** How many invocations were refused because as many ran as may in the account. */
  readonly throttles: () => number
  /** How often one chain of requests invoked it, the longest there was. */
  readonly longestChain: (functionName: string) => number
  /** How many of its environments are alive. */
  readonly environments: (functionName: string) => number
  /** Milliseconds of this machine's processor that its living environments' threads have had, also while they run. */
  readonly cpuMs: (functionName: string) => Promise<number>
  /** After how many answers it left work running. */
  readonly leftRunning: (functionName: string) => number
  /** What the functions' on-failure destinations hold: asynchronous events that were given up. In order. */
  readonly unprocessed: () => readonly InvocationRecord[]
  /** As if the machines had died: what runs fails. Resolves with the number of environments that were. */
  readonly killEnvironments: (functionName: string) => Promise<number>
}

/** Lambda for the local stack: the functions' built assets, each environment in a worker thread of its own. */
export function lambda(options: LambdaOptions): Lambda {
  const { clock, timeoutsMs = {} } = options
  const functions = options.functions.map((each) => ({ ...each, timeoutMs: timeoutsMs[each.name] ?? each.timeoutMs }))
  const lines = log(clock, options.log)
  const shared = accountConcurrency(options.concurrency ?? LAMBDA_LIMITS.concurrency, functions)
  const dropped = deadLetters({ ...options, lines })
  const served = new Map<string, Served>()
  const calls = invocations({ ...options, account: shared, served: servedOf })
  let running: Running | undefined

  function servedOf(functionName: string): Served {
    const own = served.get(functionName)
    if (own !== undefined) return own
    throw running === undefined && functions.some(({ name }) => name === functionName)
      ? new Error('The local Lambda does not run: call start() first.')
      : invokeException('ResourceNotFoundException', `There is no function ${functionName}.`)
  }

  function push(functionName: string, payload: string, trace?: string): void {
    accept(payload, LAMBDA_LIMITS.asyncPayloadBytes)
    const { description } = servedOf(functionName)
    running?.later.push(description, payload, calls.chainOf(functionName, trace))
  }

  return {
    async start() {
      if (running !== undefined) throw new Error('The local Lambda runs already.')
      running = await started({ options, functions, served, calls, account: shared, lines, drop: dropped.drop, push })
    },
    async stop() {
      const own = running
      running = undefined
      await own?.stop()
    },
    get url() {
      if (running === undefined) throw new Error('The local Lambda does not run: call start() first.')
      return running.endpoint.url
    },
    async invoke(functionName, event, timeoutMs) {
      const result = calls.call(functionName, json(event))
      const payload = await (timeoutMs === undefined ? result : bounded(clock, result, functionName, timeoutMs))
      const value: unknown = JSON.parse(payload)
      return value
    },
    invokeLater: (functionName, event) => push(functionName, json(event)),
    idle: calls.idle,
    logs: lines.of,
    unprocessed: dropped.all,
    throttles: shared.throttles,
    longestChain: calls.longestChain,
    environments: (functionName) => served.get(functionName)?.pool.alive() ?? 0,
    cpuMs: async (functionName) => served.get(functionName)?.pool.cpuMs() ?? 0,
    leftRunning: (functionName) => served.get(functionName)?.pool.leftRunning() ?? 0,
    killEnvironments: (functionName) => servedOf(functionName).pool.kill(),
  }
}

interface Running {
  readonly endpoint: Loopback
  readonly later: Later
  readonly stop: () => Promise<void>
}

interface Parts {
  readonly options: LambdaOptions
  readonly functions: readonly FunctionDescription[]
  /** Filled here. */
  readonly served: Map<string, Served>
  readonly calls: Invocations
  readonly account: AccountConcurrency
  readonly lines: Log
  readonly drop: (event: Unprocessed) => void
  readonly push: (functionName: string, payload: string, trace?: string) => void
}

async function started({ options, functions, served, calls, account, lines, drop, push }: Parts): Promise<Running> {
  const { clock, port = 0, allows, signers = ANYBODY, idleMs, twiceAfterMs } = options
  const { environments: most = ENVIRONMENTS, quickEnvironments = most } = options
  // Each is looked at before any is served.
  const assets = functions.map((description) => ({ description, asset: assetOf(description) }))
  const code = await threadCode()
  for (const { description, asset } of assets) {
    const variables = () => options.variables?.(description.name) ?? {}
    const environments = description.timeoutMs <= QUICK_MS ? Math.min(most, quickEnvironments) : most
    const own = pool({ description, asset, code: code.url, clock, log: lines, variables, environments, idleMs })
    served.set(description.name, { description, pool: own })
  }
  const queue = later({ clock, call: calls.run, dropped: drop, twiceAfterMs })
  const http = await endpoint({
    port,
    verify: verifier('lambda', signers),
    allows,
    call: calls.call,
    later: push,
    account,
    knows: (name) => served.has(name),
  })
  return {
    endpoint: http,
    later: queue,
    async stop() {
      queue.stop()
      await Promise.all([...served.values()].map((each) => each.pool.stop()))
      await http.stop()
      await code.remove()
    },
  }
}
