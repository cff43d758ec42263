import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import type { FunctionDescription } from '../assembly/description.ts'
import type { AccountConcurrency } from './concurrency.ts'
import { accept, acceptedResult } from './environment/payload.ts'
import type { Pool } from './environment/pool.ts'
import { invokeException } from './failure.ts'
import type { AcceptedEvent } from './later.ts'
import { LAMBDA_LIMITS } from './limits.ts'
import { isLoop, lineage, type Lineage } from './lineage.ts'

/** How an invocation ended. */
export type Ending = 'done' | 'failed' | 'throttled'

/** A function that the stack has, and its environments. */
export interface Served {
  readonly description: FunctionDescription
  readonly pool: Pool
}

export interface InvocationOptions {
  readonly clock: Clock
  readonly account: AccountConcurrency
  /** Throws where there is no such function, or the stack does not run. */
  readonly served: (functionName: string) => Served
  /** Runs a function in an environment of the caller's own. Undefined: it runs here. */
  readonly elsewhere?: (functionName: string, payload: string) => Promise<string> | undefined
  readonly invoked?: (functionName: string) => (ending: Ending) => void
}

export interface Invocations {
  /** Synchronous. @param trace the header of its chain of requests; absent: it begins one */
  readonly call: (functionName: string, payload: string, trace?: string) => Promise<string>
  readonly run: (functionName: string, event: AcceptedEvent) => Promise<string>
  /** Where an invocation is in its chain of requests. */
  readonly chainOf: (functionName: string, trace: string | undefined) => Lineage
  /** How often one chain of requests invoked it, the longest there was. */
  readonly longestChain: (functionName: string) => number
  /** Resolves when none is under way. */
  readonly idle: () => Promise<void>
}

/** The invocations of all functions: within the account's concurrency, and along their chains of requests. */
export function invocations({ clock, account, served, elsewhere, invoked }: InvocationOptions): Invocations {
  const chains = new Map<string, number>()
  const idlers: (() => void)[] = []
  let busy = 0

  async function run(functionName: string, event: AcceptedEvent): Promise<string> {
    const { description, pool } = served(functionName)
    const ended = invoked?.(functionName)
    busy++
    try {
      const result = await account.within(description, async () => {
        const away = elsewhere?.(functionName, event.payload)
        return acceptedResult(await (away ?? pool.run({ ...event, timeoutMs: description.timeoutMs })))
      })
      ended?.('done')
      return result
    } catch (thrown) {
      ended?.(thrown instanceof Error && thrown.name === 'TooManyRequestsException' ? 'throttled' : 'failed')
      throw thrown
    } finally {
      busy--
      lookForIdle()
    }
  }

  /** A turn later: until then a failed asynchronous invocation has set its repeat, and an answer has led to what it leads to. */
  function lookForIdle(): void {
    setImmediate(() => {
      if (busy === 0) for (const resolve of idlers.splice(0)) resolve()
    })
  }

  function chainOf(functionName: string, trace: string | undefined): Lineage {
    const chain = lineage(functionName, trace, clock.now())
    chains.set(functionName, Math.max(chains.get(functionName) ?? 0, chain.before + 1))
    return chain
  }

  return {
    run,
    chainOf,
    async call(functionName, payload, trace) {
      accept(payload, LAMBDA_LIMITS.syncPayloadBytes)
      const chain = chainOf(functionName, trace)
      if (isLoop(chain) && served(functionName).description.recursiveLoop !== 'Allow') throw loop(functionName)
      return run(functionName, { requestId: randomUUID(), payload, traceId: chain.traceId })
    },
    longestChain: (functionName) => chains.get(functionName) ?? 0,
    idle: () =>
      new Promise((resolve) => {
        idlers.push(resolve)
        lookForIdle()
      }),
  }
}

function loop(functionName: string): Error {
  const words = `Lambda stopped the invocation of ${functionName}: its chain of requests is a recursive loop.`
  return invokeException('RecursiveInvocationException', words)
}
