/** What Lambda puts into the payload of a function that failed. */
export interface Failure {
  readonly errorType: string
  readonly errorMessage: string
  readonly trace?: readonly string[]
}

/**
 * A function that failed, as its caller sees it. `errorType` is the name of what the handler threw, or Lambda's own:
 * `Sandbox.Timedout`, `Runtime.ExitError`, `Runtime.ImportModuleError`, `Runtime.HandlerNotFound`,
 * `Runtime.CallbackHandlerDeprecated`, `Function.ResponseSizeTooLarge`.
 */
export class FunctionError extends Error implements Failure {
  override readonly name = 'FunctionError'
  readonly errorType: string
  readonly errorMessage: string
  readonly trace?: readonly string[]

  constructor({ errorType, errorMessage, trace }: Failure) {
    super(errorMessage)
    this.errorType = errorType
    this.errorMessage = errorMessage
    if (trace !== undefined) this.trace = trace
  }
}

/** The names of the exceptions of Lambda's Invoke API that occur here. */
export type InvokeException =
  | 'TooManyRequestsException'
  | 'ResourceNotFoundException'
  | 'RequestTooLargeException'
  | 'InvalidRequestContentException'
  | 'RecursiveInvocationException'

/** An invocation that Lambda refuses: no function ran. */
export function invokeException(name: InvokeException, message: string): Error {
  return Object.assign(new Error(message), { name })
}

/** What the Node.js runtime makes of something thrown. */
export function failureOf(thrown: unknown): Failure {
  if (!(thrown instanceof Error)) return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] }
  return { errorType: thrown.name, errorMessage: thrown.message, trace: (thrown.stack ?? '').split('\n') }
}
