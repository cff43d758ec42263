import type { FunctionDescription } from '../assembly/description.ts'
import { FunctionError } from './failure.ts'
import { functionArn } from './environment/variables.ts'

/**
 * What Lambda sends to an on-failure destination: an asynchronous event that it gave up, and why.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export interface InvocationRecord {
  readonly version: '1.0'
  /** ISO 8601. */
  readonly timestamp: string
  readonly requestContext: {
    readonly requestId: string
    readonly functionArn: string
    /** AWS documents no word of its own for an event of a loop that it stopped; here it is the first. */
    readonly condition: 'RetriesExhausted' | 'EventAgeExceeded'
    readonly approximateInvokeCount: number
  }
  readonly requestPayload: unknown
  readonly responseContext?: {
    readonly statusCode: 200
    readonly executedVersion: '$LATEST'
    readonly functionError: 'Unhandled'
  }
  readonly responsePayload?: { readonly errorType: string; readonly errorMessage: string }
}

/** Where an event went that was given up. */
export interface KeptIn {
  /** The ARN of the on-failure destination. */
  readonly destination: string
  /** How many wait there now. Absent: it could not be put there. */
  readonly waiting?: number
}

/** An event that was given up. */
export interface Unprocessed {
  readonly description: FunctionDescription
  readonly requestId: string
  readonly payload: string
  readonly attempts: number
  readonly condition: InvocationRecord['requestContext']['condition']
  /** In words, for the log. */
  readonly because: string
  /** What the last attempt ended with. */
  readonly error: unknown
}

export function invocationRecord(event: Unprocessed, now: number): InvocationRecord {
  const { description, requestId, payload, attempts, condition, error } = event
  const requestPayload: unknown = JSON.parse(payload)
  return {
    version: '1.0',
    timestamp: new Date(now).toISOString(),
    requestContext: {
      requestId,
      functionArn: `${functionArn(description.name)}:$LATEST`,
      condition,
      approximateInvokeCount: attempts,
    },
    requestPayload,
    ...(error instanceof FunctionError && {
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorType: error.errorType, errorMessage: error.errorMessage },
    }),
  }
}
