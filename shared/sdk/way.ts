import type { Answer } from '../http/answer.ts'

/** How the operations of a service are written, and their answers of 200 read. */
export interface Way {
  /** As the credential scope has it. */
  readonly service: string
  /** Undefined: this operation goes the SDK's way. */
  readonly write: (operation: string, input: object) => Written | undefined
  /** @throws for what is no whole answer */
  readonly read: (body: Buffer) => object
  /** The SDK's error for a no that is nothing unusual. Undefined: for any other answer. */
  readonly refusal?: (answer: Answer, $metadata: Metadata) => Error | undefined
}

/** Of one attempt. */
export interface Metadata {
  readonly httpStatusCode: number
  readonly requestId?: string
  readonly attempts: number
  readonly totalRetryDelay: number
}

export interface Written {
  /** Behind the endpoint's; begins with `/`. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}
