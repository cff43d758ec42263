import { FunctionError, invokeException } from '../failure.ts'
import { LAMBDA_LIMITS } from '../limits.ts'

/** An event as JSON. */
export function json(event: unknown): string {
  // undefined has no JSON, whatever the type of stringify says.
  const text: string | undefined = JSON.stringify(event)
  return text ?? 'null'
}

/** Refuses an event that is too large. */
export function accept(payload: string, limitBytes: number): void {
  const bytes = Buffer.byteLength(payload)
  if (bytes <= limitBytes) return
  const words = `The payload of ${bytes} bytes is larger than ${limitBytes} bytes: send less, or a reference to it.`
  throw invokeException('RequestTooLargeException', words)
}

/** The result as it is, or the error of a function that answered too much. */
export function acceptedResult(payload: string): string {
  if (Buffer.byteLength(payload) <= LAMBDA_LIMITS.syncPayloadBytes) return payload
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${LAMBDA_LIMITS.syncPayloadBytes} bytes).`
  throw new FunctionError({ errorType: 'Function.ResponseSizeTooLarge', errorMessage })
}
