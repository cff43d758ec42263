import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import type { FunctionDescription } from '../assembly/description.ts'
import type { Loopback } from '../loopback.ts'
import { account } from './account.ts'
import { type Asset, assetOf } from './environment/asset.ts'
import { bounded } from './environment/bounded.ts'
import { endpoint } from './endpoint.ts'
import { invokeException } from './failure.ts'
import { type AcceptedEvent, type Later, later } from './later.ts'
import { ANYBODY, verifier, type Signers } from '../signature.ts'
import { ENVIRONMENTS, LAMBDA_LIMITS } from './limits.ts'
import { isLoop, type Lineage, lineage } from './lineage.ts'
import { type LambdaLogLine, log } from './log.ts'
import { accept, acceptedResult, json } from './environment/payload.ts'
import { type Pool, pool } from './environment/pool.ts'
import { type ThreadCode, threadCode } from './environment/thread-code.ts'
import { type InvocationRecord, invocationRecord, type KeptIn, type Unprocessed } from './unprocessed.ts'

export interface LambdaOptions {
  readonly functions: readonly FunctionDescription[]
  readonly clock: Clock
  /** Of the HTTP endpoint, on 127.0.0.1; default: a free one. */
  readonly port?: number
  /** What the stack adds to a function's variables, endpoints for example. Asked for each new environment. */
  readonly variables?: (functionName: string) => Record<string, string>
  /** Most environments of a function without reserved concurrency: this machine's limit, which makes invocations wait. */
  readonly environments?: number
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
  /** Told when an invocation begins; what it gives back, how that ended. And when an asynchronous event is given up. */
  readonly invoked?: (functionName: string) => (ending: 'done' | 'failed' | 'throttled') => void
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
  const shared = account(options.concurrency ?? LAMBDA_LIMITS.concurrency, functions)
  const unprocessed: InvocationRecord[] = []
  const chains = new Map<string, number>()
  const pools = new Map<string, Pool>()
  const idlers: (() => void)[] = []
  let busy = 0
  let running: { readonly endpoint: Loopback; readonly later: Later; readonly code: ThreadCode } | undefined

  function poolOf(functionName: string): Pool {
    const own = pools.get(functionName)
    if (own !== undefined) return own
    throw running === undefined && functions.some(({ name }) => name === functionName)
      ? new Error('The local Lambda does not run: call start() first.')
      : invokeException('ResourceNotFoundException', `There is no function ${functionName}.`)
  }

  /** @param trace the header of its chain of requests; absent: it begins one */
  async function call(functionName: string, payload: string, trace?: string): Promise<string> {
    accept(payload, LAMBDA_LIMITS.syncPayloadBytes)
    const chain = chainOf(functionName, trace)
    if (isLoop(chain) && described(functionName)?.recursiveLoop !== 'Allow') throw loop(functionName)
    return run(functionName, { requestId: randomUUID(), payload, traceId: chain.traceId })
  }

  async function run(functionName: string, event: AcceptedEvent): Promise<string> {
    const own = poolOf(functionName)
    const description = described(functionName)
    if (description === undefined) throw new Error(`${functionName} is not described`)
    const ended = options.invoked?.(functionName)
    busy++
    try {
      const result = await shared.within(description, async () => {
        const elsewhere = options.elsewhere?.(functionName, event.payload)
        return acceptedResult(await (elsewhere ?? own.run({ ...event, timeoutMs: description.timeoutMs })))
      })
      ended?.('done')
      return result
    } catch (thrown) {
      ended?.(thrown instanceof Error && thrown.name === 'TooManyRequestsException' ? 'throttled' : 'failed')
      throw thrown
    } finally {
      busy--
      tellIdlers()
    }
  }

  /** A turn later: until then a failed asynchronous invocation has set its repeat, and an answer has led to what it leads to. */
  function tellIdlers(): void {
    setImmediate(() => {
      if (busy === 0) for (const resolve of idlers.splice(0)) resolve()
    })
  }

  function described(functionName: string): FunctionDescription | undefined {
    return functions.find(({ name }) => name === functionName)
  }

  function push(functionName: string, payload: string, trace?: string): void {
    accept(payload, LAMBDA_LIMITS.asyncPayloadBytes)
    poolOf(functionName)
    const description = described(functionName)
    if (description === undefined) return
    running?.later.push(description, payload, chainOf(functionName, trace))
  }

  function chainOf(functionName: string, trace: string | undefined): Lineage {
    const chain = lineage(functionName, trace, clock.now())
    chains.set(functionName, Math.max(chains.get(functionName) ?? 0, chain.before + 1))
    return chain
  }

  async function start(): Promise<void> {
    if (running !== undefined) throw new Error('The local Lambda runs already.')
    const assets = functions.map((description) => ({ description, asset: assetOf(description) }))
    const code = await threadCode()
    for (const each of assets) pools.set(each.description.name, poolFor(each.description, each.asset, code.url))
    const queue = later({ clock, call: run, dropped: drop, twiceAfterMs: options.twiceAfterMs })
    const { port = 0, allows, signers = ANYBODY } = options
    const served = await endpoint({
      port,
      verify: verifier('lambda', signers),
      allows,
      call,
      later: push,
      account: shared,
      knows: (name) => pools.has(name),
    })
    running = { endpoint: served, later: queue, code }
  }

  function poolFor(description: FunctionDescription, asset: Asset, code: URL): Pool {
    return pool({
      description,
      asset,
      code,
      clock,
      log: lines,
      variables: () => options.variables?.(description.name) ?? {},
      environments: options.environments ?? ENVIRONMENTS,
      idleMs: options.idleMs,
    })
  }

  /** To the destination, where there is one and the function's role may send there. */
  function drop(event: Unprocessed): void {
    const { name: functionName, onFailure } = event.description
    const sent = onFailure !== undefined && (options.allows?.(functionName, 'sqs:SendMessage', onFailure) ?? true)
    if (sent) unprocessed.push(invocationRecord(event, clock.now()))
    const kept = onFailure && { destination: onFailure, ...(sent && { waiting: unprocessed.length }) }
    options.dropped?.(functionName, kept || undefined)
    const text = `EVENT DROPPED: ${event.because}${sent ? `; it is kept in ${onFailure}` : ''}`
    lines.add({ functionName, environment: 0, requestId: event.requestId, stream: 'report', text })
  }

  async function stop(): Promise<void> {
    const own = running
    running = undefined
    own?.later.stop()
    await Promise.all([...pools.values()].map((each) => each.stop()))
    await own?.endpoint.stop()
    await own?.code.remove()
  }

  return {
    start,
    stop,
    get url() {
      if (running === undefined) throw new Error('The local Lambda does not run: call start() first.')
      return running.endpoint.url
    },
    async invoke(functionName, event, timeoutMs) {
      const result = call(functionName, json(event))
      const payload = await (timeoutMs === undefined ? result : bounded(clock, result, functionName, timeoutMs))
      const value: unknown = JSON.parse(payload)
      return value
    },
    invokeLater: (functionName, event) => push(functionName, json(event)),
    idle: () =>
      new Promise((resolve) => {
        idlers.push(resolve)
        tellIdlers()
      }),
    logs: lines.of,
    unprocessed: () => [...unprocessed],
    throttles: shared.throttles,
    longestChain: (functionName) => chains.get(functionName) ?? 0,
    environments: (functionName) => pools.get(functionName)?.alive() ?? 0,
    cpuMs: async (functionName) => pools.get(functionName)?.cpuMs() ?? 0,
    leftRunning: (functionName) => pools.get(functionName)?.leftRunning() ?? 0,
    killEnvironments: (functionName) => poolOf(functionName).kill(),
  }
}

function loop(functionName: string): Error {
  const words = `Lambda stopped the invocation of ${functionName}: its chain of requests is a recursive loop.`
  return invokeException('RecursiveInvocationException', words)
}
