import { firstAttempt, type FirstAttempt, type Settings } from './first-attempt.ts'
import type { ExchangeLimits } from '../http/exchange.ts'
import type { Way } from './way.ts'

/*
 * A call takes the SDK 0.45 ms of the processor, and HTTP 0.14 of it. Nearly every call is answered by 200 at once: that one
 * goes directly. Whatever else became of the first attempt is kept, and the SDK goes its whole way with it:
 *
 *   send ─ initialize: written, signed, sent over a socket of its own ─ 200 ─ read ✔
 *                      ╰ an error, a socket that died, a time that ran out: kept
 *          serialize ─ retry ─ sign ─ deserialize ─ its first attempt: what was kept
 *                        ╰─────────────────────────  its second: sent by the SDK
 *
 * So errors and their classes (but for that of a connection that is gone), how often, how late and for what a call is
 * repeated, and the correction of a clock that is off are the SDK's own code. Ours is: writing a request, signing it, sending
 * it over a kept socket within the same time limits, and reading an answer of 200. test/sdk holds each of them to the SDK's.
 */

/** What a client of the SDK has, whichever it is: its settings, and a stack of middleware with places in it. */
interface Client {
  readonly config: object
  readonly middlewareStack: {
    add(middleware: Middleware, place: { step: 'initialize'; priority: 'high'; name: string }): void
    add(middleware: Middleware, place: { step: 'deserialize'; priority: 'low'; name: string }): void
  }
}

type Middleware = (next: Next, context: Context) => Next
// The SDK's types of its steps differ; what is passed between them is one.
// oxlint-disable-next-line typescript/no-explicit-any
type Next = (args: any) => Promise<any>

interface Context {
  readonly commandName?: string
  readonly __smithy_context?: { readonly abortSignal?: unknown; readonly commandInstance?: unknown }
}

/** The first attempt's place in what the SDK's steps hand on to each other. */
const FIRST = Symbol('first attempt')

/**
 * The same client: its calls go directly where they can.
 *
 * @param limits those of the client's own handler (shared/rules/aws/calls.ts)
 */
export function direct<C extends Client>(client: C, way: Way, limits: ExchangeLimits): C {
  // Each client of the SDK has them: its types name them apart, by what each service adds.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const attempt = firstAttempt(client.config as Settings, way, limits)

  const send: Middleware = (next, { commandName = '', __smithy_context: { abortSignal, commandInstance } = {} }) => {
    const operation = commandName.replace(/Command$/, '')
    return async (args) => {
      // The SDK has a kind of its own, too.
      if (abortSignal !== undefined && !(abortSignal instanceof AbortSignal)) return next(args)
      const command = Object(commandInstance).constructor
      const first = await attempt({ operation, input: args.input, command, abortSignal })
      if (first === undefined) return next(args)
      if ('refusal' in first) throw first.refusal
      return 'output' in first ? first : next({ ...args, [FIRST]: { first } })
    }
  }
  client.middlewareStack.add(send, { step: 'initialize', priority: 'high', name: 'direct' })
  client.middlewareStack.add(meet, { step: 'deserialize', priority: 'low', name: 'firstAttempt' })
  return client
}

/** The SDK's first attempt is the one that was made; its second is sent. */
const meet: Middleware = (next) => async (args) => {
  const kept: { first?: Exclude<FirstAttempt, { output: object } | { refusal: Error }> } = args[FIRST] ?? {}
  const { first } = kept
  delete kept.first
  if (first === undefined) return next(args)
  if ('thrown' in first) throw first.thrown
  return first
}
